"""The daemon in a real process with a camera that breaks or hangs: it ends so that its supervisor
helps, the order on the table is safe, and no fault makes a loop.
"""

from pathlib import Path

import pytest

from tests.support.table_process import TableProcess, proofs, write_table
from wire.messages import Closing

CODE = "220101AAAAAAAA"
MODULE = "tests.support.failing_camera_table"
QUICK = ("--set", "camera.stall_ms=300")


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    return write_table(tmp_path)


def table_with(settings: Path, **files: Path) -> TableProcess:
    environment = {name: str(path) for name, path in files.items()}
    return TableProcess(settings, *QUICK, environment=environment, module=MODULE)


def test_a_camera_that_stays_broken_ends_the_table_and_the_order_is_safe(
    tmp_path: Path, settings: Path
) -> None:
    """U-12."""
    broken = tmp_path / "broken"
    with table_with(settings, CAMERA_BREAKS=broken) as table:
        table.see("Ready")
        table.enter_and_see(CODE, "Order open")
        table.enter_and_see("p", "1 photo ")
        broken.touch()
        table.see("no picture for")
        table.see_in_log("open it anew 1 of 2")
        table.see_in_log("open it anew 2 of 2")
        table.see_in_log("start the program again 1 of 2")
        assert table.end() == 1
        assert any("the test has broken the camera" in line for line in table.log)
    assert [(one.closing, len(one.photos)) for one in proofs(tmp_path)] == [(Closing.UNSENT, 1)]


def test_the_ladder_goes_on_over_restarts_and_ends_with_a_table_that_stays_up(
    tmp_path: Path, settings: Path
) -> None:
    """Exit twice, ask for a reboot, and where none is left say so and go on trying."""
    broken = tmp_path / "broken"
    broken.touch()
    codes = []
    for _ in range(3):
        with table_with(settings, CAMERA_BREAKS=broken) as table:
            codes.append(table.end())
    assert codes == [1, 1, 100]
    (tmp_path / "spool" / "reboots").write_text("no list of reboots", encoding="utf-8")
    with table_with(settings, CAMERA_BREAKS=broken) as table:
        table.see("stay up and call for help")
        table.enter_and_see(CODE, "Packed without photo")
        seen = len(table.light)
        broken.unlink()
        table.see("Ready", after=seen)
        assert table.stop() == 0


def test_a_driver_that_does_not_let_go_keeps_nobody_from_ending(
    tmp_path: Path, settings: Path
) -> None:
    hanging, broken = tmp_path / "hanging", tmp_path / "broken"
    with table_with(settings, CAMERA_HANGS=hanging, CAMERA_BREAKS=broken) as table:
        table.see("Ready")
        table.enter_and_see(CODE, "Order open")
        table.enter_and_see("p", "1 photo ")
        hanging.touch()
        broken.touch()
        assert table.end() == 1
        assert any("table ends although its camera hangs" in line for line in table.log)
    assert [(one.closing, len(one.photos)) for one in proofs(tmp_path)] == [(Closing.UNSENT, 1)]


def test_also_when_it_was_asked_to_end(tmp_path: Path, settings: Path) -> None:
    hanging = tmp_path / "hanging"
    with table_with(settings, CAMERA_HANGS=hanging) as table:
        table.see("Ready")
        hanging.touch()
        assert table.stop() == 1
