"""What every reader of labels does: one class, run against each. (Invariant 11)"""

import sys
import threading
from collections.abc import Callable
from typing import Protocol

import pytest

from edge.labels import MOST_CODES, LabelReader
from edge.labels.simulated import SimulatedReader
from edge.labels.zxing import ZxingReader
from tests.support.labelled_pictures import labels, packed

ORDER, TRACKING = "220101AAAAAAAA", "SPXMY000000000201"


class Rig(Protocol):
    """A reader, and the hand that breaks it."""

    @property
    def reader(self) -> LabelReader: ...
    def expect(self, jpeg: bytes, *codes: str) -> None: ...
    def break_it(self, monkeypatch: pytest.MonkeyPatch, /) -> None: ...


class ZxingRig:
    def __init__(self) -> None:
        self.reader = ZxingReader()

    def expect(self, jpeg: bytes, *codes: str) -> None:
        """It sees for itself."""

    def break_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "zxingcpp", None)


class SimulatedRig:
    def __init__(self) -> None:
        self.reader = SimulatedReader()

    def expect(self, jpeg: bytes, *codes: str) -> None:
        self.reader.tell(jpeg, *codes)

    def break_it(self, _monkeypatch: pytest.MonkeyPatch, /) -> None:
        self.reader.fail()


@pytest.fixture(params=[ZxingRig, SimulatedRig])
def rig(request: pytest.FixtureRequest) -> Rig:
    make: Callable[[], Rig] = request.param
    return make()


@pytest.mark.parametrize("code", [ORDER, TRACKING, "JT0000000101", "576461413038785752"])
def test_reads_the_code_of_a_label(rig: Rig, code: str) -> None:
    picture = packed(code)
    rig.expect(picture, code)
    assert rig.reader.read(picture) == (code,)


def test_reads_all_codes_of_a_picture_each_once(rig: Rig) -> None:
    picture = labels(ORDER, TRACKING, ORDER)
    rig.expect(picture, ORDER, TRACKING, ORDER)
    found = rig.reader.read(picture)
    assert sorted(found) == [ORDER, TRACKING]


def test_gives_no_more_codes_than_agreed(rig: Rig) -> None:
    codes = [f"220101AAAAAA{number:02}" for number in range(MOST_CODES + 2)]
    picture = labels(*codes)
    rig.expect(picture, *codes)
    assert len(rig.reader.read(picture)) == MOST_CODES


def test_a_picture_without_codes_has_none(rig: Rig) -> None:
    assert rig.reader.read(packed("")) == ()


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5])
def test_a_damaged_picture_has_no_codes(rig: Rig, share: float) -> None:
    picture = packed(ORDER)
    assert rig.reader.read(picture[: int(len(picture) * share)]) == ()


def test_what_is_no_jpeg_has_no_codes(rig: Rig) -> None:
    assert rig.reader.read(b"GIF89a and so on") == ()


def test_may_be_called_from_any_thread(rig: Rig) -> None:
    picture = packed(ORDER)
    rig.expect(picture, ORDER)
    read: list[tuple[str, ...]] = []
    for _ in range(2):
        thread = threading.Thread(target=lambda: read.append(rig.reader.read(picture)))
        thread.start()
        thread.join()
    assert read == [(ORDER,), (ORDER,)]


def test_a_broken_reader_gives_no_codes_and_says_so(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    picture = packed(ORDER)
    rig.expect(picture, ORDER)
    rig.break_it(monkeypatch)
    assert rig.reader.read(picture) == ()
    assert [record.name.startswith("edge.labels") for record in caplog.records] == [True]
