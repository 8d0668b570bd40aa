"""Scenario 5: a thread hangs; the daemon is started again and says why."""

import pytest

from edge.indicator.signs import Sign
from tests.support.virtual_table.virtual_table import READY_S, VirtualTable

pytestmark = [pytest.mark.table, pytest.mark.timeout(1800)]


@pytest.mark.parametrize("step", ["pressed", "frame-taken"])
def test_a_hung_thread_costs_a_restart_and_no_photo(table: VirtualTable, step: str) -> None:
    """The loop hangs at "pressed", the camera's thread at "frame-taken"."""
    table.power_on()
    (order,) = table.plant()
    table.restart(f"PACKWITNESS_FAULT_POINT=hang 2 {step}")
    table.scan_and_see(order.number)
    table.press_and_see("F1", Sign.PHOTOS_1)
    place, restarted = table.light.place, table.said("restarted")
    table.hands.press("F1")
    table.hear("restarted", restarted, limit_s=READY_S)
    table.see(Sign.READY, since=place, limit_s=READY_S)
    assert table.machine.run("systemctl show -p NRestarts --value packwitness-edge").strip() == "1"
    assert table.fate(order.number).count(".jpg") == 1
    table.pack(order, there=1)
    table.require_sent([order])


def test_a_stopped_daemon_is_ended_by_the_watchdog(table: VirtualTable) -> None:
    table.power_on()
    place = table.light.place
    table.machine.run("kill -STOP $(systemctl show -p MainPID --value packwitness-edge)")
    table.see(Sign.READY, since=place + 2, limit_s=READY_S)
    table.hear("restarted")
    assert "watchdog" in table.log()
