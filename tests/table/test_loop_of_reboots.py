"""A daemon that does not stay up: two counted reboots, then the light, and no loop of reboots."""

import pytest

from edge.indicator.signs import Sign
from tests.support.virtual_table.uml_machine import MachineError
from tests.support.virtual_table.virtual_table import READY_S, VirtualTable
from tests.support.waiting import eventually

pytestmark = [pytest.mark.table, pytest.mark.timeout(3600)]

BOOT = "cat /proc/sys/kernel/random/boot_id"
KILL_ON = """
systemctl reset-failed packwitness-edge
systemd-run -q --collect sh -c 'until systemctl is-active -q packwitness-edge-recovery; do
systemctl kill -s KILL packwitness-edge; sleep 0.5; done'"""


def _wait_for_another_boot(table: VirtualTable, boot: str) -> None:
    def is_another() -> bool:
        try:
            return table.machine.run(BOOT, limit_s=15.0) != boot
        except MachineError:  # asked in the moment in which it went down
            return False

    eventually(is_another, READY_S)


def test_a_daemon_that_is_killed_on_and_on_is_no_loop_of_reboots(table: VirtualTable) -> None:
    table.power_on()
    for _ in range(2):
        boot = table.machine.run(BOOT)
        table.machine.run(KILL_ON)
        _wait_for_another_boot(table, boot)
        table.see(Sign.READY, since=table.light.place, limit_s=READY_S)
    boot, place = table.machine.run(BOOT), table.light.place
    table.machine.run(KILL_ON)
    table.see(Sign.CALL_LEAD, since=place, limit_s=READY_S)
    assert table.machine.run(BOOT) == boot
    place = table.light.place
    table.machine.run("systemctl start packwitness-edge")
    table.see(Sign.READY, since=place, limit_s=READY_S)
    (order,) = table.plant()
    table.pack(order)
    table.require_sent([order])
