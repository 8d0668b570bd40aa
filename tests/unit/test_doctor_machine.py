"""What the doctor says of light, power and service."""

from collections.abc import Iterator
from pathlib import Path

import gpiozero  # type: ignore[import-untyped]
import pytest

from edge.doctor.subjects import light, power, service
from edge.doctor.table import Table
from edge.indicator.lamps import Lamp
from edge.service.vitals import Vitals
from edge.settings import TableSettings
from edge.settings.devices import IndicatorSection
from edge.settings.machine import SpoolSection
from tests.support.gpio_pins import Pins, mock_pins
from tests.support.manual_clock import ManualClock

UP = {
    "LoadState": "loaded",
    "ActiveState": "active",
    "UnitFileState": "enabled",
    "NRestarts": "0",
}


@pytest.fixture
def pins() -> Iterator[Pins]:
    with mock_pins() as made:
        yield made


def table(folder: Path, *, kind: str = "led", daemon_runs: bool = False) -> Table:
    wired = IndicatorSection(kind=kind, pins={Lamp.LED: 5} if kind == "led" else {})
    settings = TableSettings(spool=SpoolSection(directory=folder), indicator=wired)
    return Table(settings, ManualClock(), None, credentials_problem="", daemon_runs=daemon_runs)


def test_a_light_that_can_be_had_is_given_back(tmp_path: Path, pins: Pins) -> None:
    [found] = light.check(table(tmp_path))
    assert found.ok
    assert "led (led 5) can be used" in found.text
    assert not pins.high()
    assert not pins.is_output(5)


def test_a_light_that_another_has(tmp_path: Path, pins: Pins) -> None:
    other = gpiozero.LED(5)
    [found] = light.check(table(tmp_path))
    assert (found.ok, "already in use" in found.text) == (False, True)
    other.close()


def test_the_daemon_s_light_is_left_alone(tmp_path: Path, pins: Pins) -> None:
    other = gpiozero.LED(5)
    [found] = light.check(table(tmp_path, daemon_runs=True))
    assert found.ok
    other.close()


@pytest.mark.parametrize("kind", ["terminal", "simulated"])
def test_a_light_without_lamps(tmp_path: Path, kind: str) -> None:
    [found] = light.check(table(tmp_path, kind=kind))
    assert (found.ok, kind in found.text) == (True, True)


@pytest.mark.parametrize(
    ("vitals", "ok", "said"),
    [
        (Vitals(None, None), True, "does not tell"),
        (Vitals(51.4, 0), True, "the supply is strong enough; 51 °C of 80"),
        (Vitals(51.4, 0x10000), False, "too weak since the last start"),
        (Vitals(51.4, 0x1), False, "is too weak"),
        (Vitals(83.0, 0), False, "83 °C of 80"),
    ],
)
def test_power_and_heat(vitals: Vitals, ok: bool, said: str) -> None:
    found = power.judged(vitals)
    assert (found.ok, bool(found.to_do)) == (ok, not ok)
    assert said in found.text


@pytest.mark.parametrize(
    ("changes", "ok", "said"),
    [
        ({}, True, "is up"),
        ({"LoadState": "not-found"}, True, "not installed"),
        ({"ActiveState": "failed"}, False, "does not stay up: camera thread hung"),
        ({"ActiveState": "activating"}, False, "does not stay up"),
        ({"ActiveState": "inactive"}, False, "is stopped"),
        ({"UnitFileState": "disabled"}, False, "does not start with the machine"),
        ({"NRestarts": "3"}, False, "after 3 restarts; before: camera thread hung"),
    ],
)
def test_the_unit(changes: dict[str, str], ok: bool, said: str) -> None:
    found = service.of_unit({**UP, **changes}, "inactive", "camera thread hung")
    assert (found.ok, bool(found.to_do)) == (ok, not ok)
    assert said in found.text


def test_a_unit_that_its_recovery_waits_for_does_not_stay_up() -> None:
    stopped = {**UP, "ActiveState": "inactive"}
    assert "does not stay up" in service.of_unit(stopped, "active", "").text


def test_a_machine_without_systemd_is_no_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "_asked", lambda _unit, _names: {})
    assert [one.ok for one in service.check(table(tmp_path))] == [True]


def test_all_of_the_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    facts = {**UP, "RuntimeWatchdogUSec": "14s"}
    monkeypatch.setattr(service, "_asked", lambda unit, _names: {} if "recovery" in unit else facts)
    found = list(service.check(table(tmp_path)))
    assert [one.subject for one in found] == ["service", "reboots", "hardware watchdog"]
    assert all(one.ok for one in found)


def test_reboots_that_happened() -> None:
    assert service.of_reboots(2, "").ok
    found = service.of_reboots(0, "camera thread hung")
    assert (found.ok, found.text) == (False, "2 within a day, of 2; last: camera thread hung")


@pytest.mark.parametrize(
    ("waits", "is_there", "ok"),
    [("14s", True, True), ("0", True, False), ("", True, False), ("0", False, True)],
)
def test_the_hardware_watchdog(waits: str, is_there: bool, ok: bool) -> None:
    facts = {"RuntimeWatchdogUSec": waits}
    assert service.of_hardware(facts, is_there=is_there).ok is ok
