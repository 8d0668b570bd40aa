"""Temperature and power of the machine, where it tells them."""

from pathlib import Path

import pytest

from edge.service.vitals import Vitals, VitalsWatch, read_vitals

THROTTLED = [
    "devices/platform/soc/soc:firmware",
    "devices/platform/soc@107c000000/soc@107c000000:firmware",
]


@pytest.mark.parametrize("where", THROTTLED)
def test_a_raspberry_pi_tells_both(tmp_path: Path, where: str) -> None:
    for folder, name, text in (
        (where, "get_throttled", "50005\n"),
        ("class/thermal/thermal_zone0", "temp", "61234\n"),
    ):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / name).write_text(text)
    vitals = read_vitals(tmp_path)
    assert vitals == Vitals(61.234, 0x50005)
    assert vitals.faults == [
        "the power supply is too weak (undervoltage)",
        "the processor is slowed down much",
    ]


def test_another_machine_tells_nothing(tmp_path: Path) -> None:
    vitals = read_vitals(tmp_path)
    assert vitals == Vitals(None, None)
    assert vitals.faults == []


@pytest.mark.parametrize(
    ("bits", "count"), [(0, 0), (0x1, 1), (0xF, 4), (0x10000, 1), (0x10001, 1), (0xE0000, 0)]
)
def test_undervoltage_is_told_also_when_it_is_over(bits: int, count: int) -> None:
    faults = Vitals(None, bits).faults
    assert len(faults) == count
    assert ("undervoltage" in " ".join(faults)) is bool(bits & 0x10001)
    assert all(len(fault) <= 100 for fault in faults)  # of the wire


def test_the_log_says_when_a_fault_comes_and_goes(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bits = tmp_path / THROTTLED[0] / "get_throttled"
    bits.parent.mkdir(parents=True)
    watch = VitalsWatch(tmp_path)
    for text in ("0", "1", "1", "8", "0"):
        bits.write_text(text)
        watch.look()
    assert [vars(record)["state"] for record in caplog.records] == [
        "the power supply is too weak (undervoltage)",
        "the processor is hot",
        "all is well again",
    ]
