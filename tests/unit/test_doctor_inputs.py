"""The doctor about scanners and pedals: plugged in, known, and with the rights to read them."""

import sys
from pathlib import Path

import pytest

from edge.doctor.subjects import inputs
from edge.doctor.table import Table
from edge.scanner.binding import Node, Plugged
from edge.settings import TableSettings
from edge.settings.inputs import InputSection
from tests.support.fake_evdev import a_pedal, a_scanner
from tests.support.manual_clock import ManualClock


def a_table(section: InputSection) -> Table:
    settings = TableSettings(input=section)
    return Table(settings, ManualClock(), None, credentials_problem="", daemon_runs=False)


EVDEV = InputSection(kinds=("evdev",))


def at(path: Path, device: Plugged) -> Plugged:
    """The device, with its node at a path that exists."""
    path.touch()
    node = Node(str(path), device.keys)
    return Plugged(device.name, device.vendor, device.product, device.port, "", (node,))


def test_a_table_without_devices_of_its_own_is_in_order() -> None:
    (found,) = inputs.check(a_table(InputSection()))
    assert found.ok
    assert "terminal" in found.text


def test_all_there(tmp_path: Path) -> None:
    plugged = [at(tmp_path / "event0", a_scanner()), at(tmp_path / "event1", a_pedal())]
    found = list(inputs.check(a_table(EVDEV), lambda: plugged))
    assert [one.ok for one in found] == [True, True]
    assert found[0].text.startswith("scanner: Honeywell Scanner")
    assert found[1].text.startswith("pedal: PCsensor FootSwitch")


def test_one_is_missing(tmp_path: Path) -> None:
    plugged = [at(tmp_path / "event0", a_scanner())]
    _, pedal = inputs.check(a_table(EVDEV), lambda: plugged)
    assert not pedal.ok
    assert "scan-test" in pedal.to_do


def test_one_may_not_be_read(tmp_path: Path) -> None:
    scanner = at(tmp_path / "event0", a_scanner())
    (tmp_path / "event0").unlink()
    found, _ = inputs.check(a_table(EVDEV), lambda: [scanner])
    assert not found.ok
    assert "event0" in found.text
    assert "group input" in found.to_do


def test_nothing_is_set() -> None:
    section = InputSection(kinds=("evdev",), scanners={}, pedals={})
    (found,) = inputs.check(a_table(section), list)
    assert not found.ok


def test_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "evdev", None)
    (found,) = inputs.check(a_table(EVDEV), list)
    assert not found.ok
    assert "python3-evdev" in found.to_do
