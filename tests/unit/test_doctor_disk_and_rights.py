"""What the doctor says of disk, versions and rights, and what the daemon says of itself."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.doctor.examination import SUBJECTS
from edge.doctor.finding import Finding
from edge.doctor.subjects import daemon, disk, rights, versions
from edge.doctor.table import Table, look_at
from edge.indicator.lamps import Lamp
from edge.service.status_file import Status
from edge.service.user import become_owner, owner_of
from edge.settings import TableSettings
from edge.settings.devices import CameraSection, IndicatorSection
from edge.settings.inputs import InputSection
from edge.settings.machine import SpoolSection
from edge.system_clock import SystemClock
from wire.messages import Health


def _table(folder: Path, *, reserve_bytes: int = 1024**2, daemon_runs: bool = False) -> Table:
    spool = SpoolSection(directory=folder / "not-there-yet", reserve_bytes=reserve_bytes)
    table = look_at(TableSettings(spool=spool), SystemClock(always_synced=True))
    return Table(table.settings, table.clock, None, "", daemon_runs=daemon_runs)


def _texts(findings: Iterator[Finding]) -> list[tuple[str, bool]]:
    return [(one.subject, one.ok) for one in findings]


def test_a_disk_that_is_quick_and_has_room_is_fine(tmp_path: Path) -> None:
    room, speed = disk.check(_table(tmp_path))
    assert (room.subject, room.ok) == ("disk", True)
    assert speed.subject == "disk speed"
    assert "limit 500 ms" in speed.text
    assert not list(tmp_path.iterdir())


def test_a_slow_disk_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "SLOWEST_MS", 0.0)
    assert _texts(disk.check(_table(tmp_path))) == [("disk", True), ("disk speed", False)]


def test_a_disk_at_its_reserve_is_wrong_and_not_filled_further(tmp_path: Path) -> None:
    table = _table(tmp_path, reserve_bytes=2**60)
    assert _texts(disk.check(table)) == [("disk", False)]


def test_versions_are_named(tmp_path: Path) -> None:
    said = " ".join(one.text for one in versions.check(_table(tmp_path)))
    assert "packwitness" in said
    assert "kernel" in said
    assert "picamera2" in said


def test_a_driver_library_that_is_too_old_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    future = ("evdev", "evdev", ("evdev", "evdev-binary"), (99, 0))
    absent = ("picamera2", "no_such_module", ("picamera2",), (0, 3, 12))
    monkeypatch.setattr(versions, "LIBRARIES", (future, absent))
    wrong = [one for one in versions.check(_table(tmp_path)) if not one.ok]
    assert ["older than 99.0" in one.text for one in wrong] == [True]


def test_groups_are_those_of_the_devices_that_are_set() -> None:
    assert rights.needed(TableSettings(camera=CameraSection(kind="simulated"))) == ()
    pi = TableSettings(
        camera=CameraSection(kind="picamera2"),
        input=InputSection(kinds=("evdev",)),
        indicator=IndicatorSection(kind="led", pins={Lamp.LED: 17}),
    )
    assert rights.needed(pi) == ("video", "input", "gpio")


def _health(*faults: str) -> Health:
    return Health(sign="ready", waiting_proofs=3, faults=list(faults))


def test_the_daemons_own_faults_are_findings() -> None:
    good = Status(_health(), 2.0)
    bad = Status(_health("camera lost", "disk slow"), 2.0)
    assert _texts(daemon.told(good)) == [("daemon", True)]
    assert "3 proofs wait" in next(daemon.told(good)).text
    assert _texts(daemon.told(bad)) == [("daemon", False)] * 2


def test_a_daemon_that_has_fallen_silent_is_wrong() -> None:
    assert ("daemon", False) in _texts(daemon.told(Status(_health(), 60.0)))


def test_the_owner_of_what_does_not_exist_yet_is_that_of_its_parent(tmp_path: Path) -> None:
    owner = owner_of(tmp_path / "not" / "there")
    assert owner is not None
    assert owner.pw_uid == os.geteuid()


def test_the_owner_stays_who_they_are(tmp_path: Path) -> None:
    before = os.geteuid(), os.getegid(), os.getgroups()
    become_owner(tmp_path)
    assert (os.geteuid(), os.getegid(), os.getgroups()) == before


def test_each_subject_stands_once() -> None:
    names = [one.name for one in SUBJECTS]
    assert len(set(names)) == len(names)
