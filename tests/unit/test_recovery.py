"""What is done when the daemon does not stay up: a counted reboot, or the light and another try."""

import os
import signal
import threading
from collections.abc import Mapping
from pathlib import Path

import pytest

from edge.indicator.errors import IndicatorFault
from edge.indicator.signs import Sign
from edge.indicator.simulated import SimulatedIndicator
from edge.service import recovery
from edge.service.last_words import LastWords
from edge.service.reboot_log import RebootLog
from edge.service.recovery_rule import NEEDS_REBOOT, reboot_reason
from edge.settings import TableSettings
from edge.settings.machine import SpoolSection
from tests.support.manual_clock import ManualClock

KILLED = {"MONITOR_EXIT_CODE": "killed", "MONITOR_EXIT_STATUS": "ABRT"}
ASKED = {"MONITOR_EXIT_CODE": "exited", "MONITOR_EXIT_STATUS": str(NEEDS_REBOOT)}
REFUSED = {"MONITOR_EXIT_CODE": "exited", "MONITOR_EXIT_STATUS": "1"}


@pytest.mark.parametrize(
    ("environment", "holder", "wanted"),
    [
        (ASKED, "", True),
        (KILLED, "", True),
        ({"MONITOR_EXIT_CODE": "dumped", "MONITOR_EXIT_STATUS": "ABRT"}, "", True),
        (REFUSED, "", False),
        (REFUSED, "S", False),
        (REFUSED, "D", True),
        (REFUSED, "Z", True),
        ({"MONITOR_EXIT_CODE": "exited", "MONITOR_EXIT_STATUS": "2"}, "", False),
        ({}, "", False),
    ],
)
def test_a_reboot_is_for_what_it_may_help(
    environment: Mapping[str, str], holder: str, wanted: bool
) -> None:
    assert bool(reboot_reason(environment, holder)) is wanted


class Rig:
    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.clock = ManualClock()
        self.light = SimulatedIndicator(self.clock.monotonic_ns)
        self.settings = TableSettings(spool=SpoolSection(directory=folder))
        monkeypatch.setattr(recovery, "build_indicator", lambda _settings, _clock: self.light)

    def recover(self, environment: Mapping[str, str], hold_s: float = 0.0) -> int:
        return recovery.recover(self.settings, self.clock, environment, hold_s)


@pytest.fixture
def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Rig:
    return Rig(tmp_path, monkeypatch)


def test_two_reboots_a_day_then_the_light(rig: Rig) -> None:
    LastWords(rig.folder, "boot").leave("camera thread hung")
    assert [rig.recover(ASKED) for _ in range(3)] == [NEEDS_REBOOT, NEEDS_REBOOT, 75]
    [shown] = rig.light.shown
    assert shown.sign is Sign.CALL_LEAD
    assert "camera thread hung" in shown.text
    assert rig.light.sign is None
    assert "camera thread hung" in (rig.folder / "reboots").read_text()


def test_a_fault_that_no_reboot_mends_is_shown_and_tried_again(rig: Rig) -> None:
    LastWords(rig.folder, "boot").leave("the light: pin 5 is in use")
    assert rig.recover(REFUSED) == recovery.TRY_AGAIN
    assert "pin 5" in rig.light.shown[0].text
    assert RebootLog(rig.folder, rig.clock).left() == 2


def test_a_light_that_is_broken_too_changes_nothing(rig: Rig) -> None:
    rig.light.fail()
    with pytest.raises(IndicatorFault):
        rig.light.start()
    assert rig.recover(REFUSED) == recovery.TRY_AGAIN


def test_a_technician_may_stop_it(rig: Rig) -> None:
    threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGTERM)).start()
    assert rig.recover(REFUSED, hold_s=60) == recovery.STOPPED


def test_the_process_that_has_the_photos_is_looked_at(rig: Rig) -> None:
    assert recovery._state_of_holder(rig.folder) == ""
    (rig.folder / "lock").write_text(f"{os.getpid()}\n")
    assert recovery._state_of_holder(rig.folder) in {"R", "S"}
