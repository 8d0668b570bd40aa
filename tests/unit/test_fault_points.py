"""Fault points: silent unless the process was told at its start, once, and at the very step."""

import errno
import os
import signal
from collections.abc import Iterator
from threading import Thread, current_thread

import pytest

from edge.errors import SettingsError
from edge.fault_points import VARIABLE, Step, arm, reached
from edge.settings import TableSettings
from edge.settings_loading import load


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    yield
    arm({})


@pytest.fixture
def signals(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Signals that the process would have sent to itself."""
    sent: list[int] = []

    def kill(pid: int, number: int) -> None:
        assert pid == os.getpid()
        sent.append(number)

    monkeypatch.setattr(os, "kill", kill)
    return sent


def test_nothing_happens_unless_it_was_armed(signals: list[int]) -> None:
    arm({})
    for step in Step:
        reached(step)
    assert signals == []


@pytest.mark.parametrize(("word", "number"), [("kill", signal.SIGKILL), ("stop", signal.SIGSTOP)])
def test_it_acts_once_at_the_passing_and_the_step_it_names(
    signals: list[int], word: str, number: int
) -> None:
    arm({VARIABLE: f"{word} 2 journal-written/noting a photo"})
    reached(Step.JOURNAL_WRITTEN, "noting a photo")
    reached(Step.JOURNAL_WRITTEN, "noting a photo's receipt")
    reached(Step.JOURNAL_COMMITTED, "noting a photo")
    assert signals == []
    reached(Step.JOURNAL_WRITTEN, "noting a photo")
    reached(Step.JOURNAL_WRITTEN, "noting a photo")
    assert signals == [number]


def test_only_the_thread_that_reaches_the_step_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[str] = []

    class Forever:
        def wait(self) -> None:
            waits.append(current_thread().name)

    monkeypatch.setattr("edge.fault_points.Event", Forever)
    arm({VARIABLE: "hang 1 frame-taken"})
    thread = Thread(target=reached, args=(Step.FRAME_TAKEN,), name="camera")
    thread.start()
    thread.join()
    reached(Step.FRAME_TAKEN)
    assert waits == ["camera"]


@pytest.mark.parametrize(("word", "number"), [("ENOSPC", errno.ENOSPC), ("EIO", errno.EIO)])
def test_an_error_of_the_disk_is_raised(word: str, number: int) -> None:
    arm({VARIABLE: f"{word} 1 file-synced"})
    with pytest.raises(OSError, match=os.strerror(number)) as raised:
        reached(Step.FILE_SYNCED, ".jpg")
    assert raised.value.errno == number


@pytest.mark.parametrize("text", ["kill", "kill 1 nowhere", "kill x pressed", "burn 1 pressed"])
def test_what_is_not_understood_says_how_to_say_it(text: str) -> None:
    with pytest.raises(SettingsError, match="kill 1 file-synced"):
        arm({VARIABLE: text})


def test_no_setting_reaches_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings may come from elsewhere; the environment of the process may not."""
    monkeypatch.setenv(VARIABLE, "kill 1 pressed")
    names = {
        f"{section}.{name}"
        for section, part in load(None, []).settings
        for name in type(part).model_fields
    }
    assert not [name for name in names if "fault" in name]
    assert not VARIABLE.startswith(str(TableSettings.model_config["env_prefix"]))
