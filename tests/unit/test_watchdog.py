"""The watchdog is fed while all threads turn, starves otherwise, and the reason is kept."""

from pathlib import Path

import pytest

from edge.errors import TableFault
from edge.service.endings import Ending, Run, ending_of, run_from_text
from edge.service.last_words import FILE_NAME, LastWords
from edge.service.remembering import remembered
from edge.service.supervisor import Supervisor
from edge.service.watchdog import Watchdog, feeding_interval_s
from tests.support.manual_clock import ManualClock


class Heard(Supervisor):
    """A supervisor that remembers."""

    def __init__(self) -> None:
        super().__init__({})
        self.messages: list[str] = []

    def _tell(self, message: str) -> None:
        self.messages.append(message)


class Rig:
    def __init__(self, folder: Path) -> None:
        self.turns = {"loop": True, "camera": True, "store": True}
        self.heard = Heard()
        self.words = LastWords(folder, "this-boot")
        self.words.begin()
        self.watchdog = Watchdog(
            {name: lambda name=name: self.turns[name] for name in self.turns},  # type: ignore[misc]
            self.heard,
            self.words,
        )

    def look(self) -> list[str]:
        """What the supervisor hears of one look."""
        self.heard.messages.clear()
        self.watchdog.look()
        return list(self.heard.messages)


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


def next_run(folder: Path) -> Ending:
    return LastWords(folder, "this-boot").begin()


def test_is_fed_while_all_turn(rig: Rig) -> None:
    assert [rig.look(), rig.look()] == [["WATCHDOG=1"]] * 2


@pytest.mark.parametrize("name", ["loop", "camera", "store"])
def test_one_hung_thread_starves_it_and_the_next_run_knows(
    rig: Rig, tmp_path: Path, name: str
) -> None:
    rig.turns[name] = False
    assert rig.look() == [f"STATUS={name} thread hung"]
    assert rig.look() == []
    assert next_run(tmp_path) == Ending(f"{name} thread hung", is_fault=True)


def test_several_are_named(rig: Rig, tmp_path: Path) -> None:
    rig.turns.update(camera=False, loop=False)
    rig.look()
    assert next_run(tmp_path).text == "loop and camera thread hung"


def test_a_thread_that_turns_again_saves_it(
    rig: Rig, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rig.turns["store"] = False
    rig.look()
    rig.turns["store"] = True
    assert rig.look() == ["WATCHDOG=1", "STATUS="]
    assert "all threads turn again" in caplog.text
    rig.words.end()
    assert next_run(tmp_path) == Ending("", is_fault=False)


def test_is_fed_often_enough() -> None:
    assert feeding_interval_s(20) == 5
    assert feeding_interval_s(6) == 2
    assert feeding_interval_s(None) == 5


@pytest.mark.parametrize(
    ("before", "text", "is_fault"),
    [
        (None, "", False),
        (Run("a", ended=True), "", False),
        (Run("a", "camera thread hung"), "camera thread hung", True),
        (Run("a", "the queue overflowed", ended=True), "the queue overflowed", True),
        (Run("a"), "killed without a word", True),
        (Run("b"), "the power was cut, or the machine did not stop it in time", False),
    ],
)
def test_how_the_run_before_ended(before: Run | None, text: str, is_fault: bool) -> None:
    assert ending_of(before, "a") == Ending(text, is_fault=is_fault)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"boot_id": "a"}', "null"])
def test_a_damaged_note_tells_nothing(text: str) -> None:
    assert run_from_text(text) is None


def test_a_fault_is_told_to_the_next_run_and_to_people_for_half_an_hour(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = ManualClock()
    with pytest.raises(TableFault), remembered(tmp_path, clock):
        raise TableFault("camera thread hung")
    with remembered(tmp_path, clock) as run:
        assert run.faults(clock.monotonic_ns()) == ["restarted: camera thread hung"]
        clock.advance(31 * 60)
        assert run.faults(clock.monotonic_ns()) == []
    [record] = [one for one in caplog.records if one.message == "restarted"]
    assert vars(record)["reason"] == "camera thread hung"
    with remembered(tmp_path, clock) as run:
        assert run.faults(clock.monotonic_ns()) == []


def test_a_disk_that_refuses_stops_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    words = LastWords(tmp_path / "missing", "a")
    assert words.begin() == Ending("", is_fault=False)
    words.leave("camera thread hung")
    words.end()
    assert "last words cannot be written" in caplog.text


def test_the_same_reason_is_written_once(tmp_path: Path) -> None:
    words = LastWords(tmp_path, "a")
    words.leave("camera thread hung")
    (tmp_path / FILE_NAME).unlink()
    words.leave("camera thread hung")
    assert not (tmp_path / FILE_NAME).exists()
