"""Scenario 3: the camera stalls or is gone; packing says so, and goes on when it is back."""

import pytest

from edge.indicator.signs import Sign
from tests.support.virtual_table.product import VIVID
from tests.support.virtual_table.virtual_table import READY_S, VirtualTable

pytestmark = [pytest.mark.table, pytest.mark.timeout(1800)]

DRIVER = "/sys/bus/platform/drivers/vivid"
BOOT = "cat /proc/sys/kernel/random/boot_id"


def test_a_camera_that_is_pulled_out_comes_back(table: VirtualTable) -> None:
    table.power_on()
    lost_order, order = table.plant(2)
    place = table.light.place
    table.machine.run(f"echo vivid.0 > {DRIVER}/unbind")
    table.see(Sign.CALL_LEAD, since=place, limit_s=READY_S)
    table.scan_and_see(lost_order.number, Sign.WITHOUT_PHOTO)
    place = table.light.place
    table.machine.run(f"echo vivid.0 > {DRIVER}/bind")
    table.see(Sign.READY, since=place, limit_s=READY_S)
    table.pack(order)
    table.require_sent([order])
    assert table.messages([lost_order]) == [0]


def test_a_camera_that_gives_no_pictures_is_reported_and_starts_no_reboots(
    table: VirtualTable,
) -> None:
    table.power_on()
    boot, place = table.machine.run(BOOT), table.light.place
    table.machine.run(f"v4l2-ctl -d {VIVID} -c percentage_of_dropped_buffers=100")
    table.see(Sign.CALL_LEAD, since=place, limit_s=READY_S)
    place = table.light.place
    table.machine.run(f"v4l2-ctl -d {VIVID} -c percentage_of_dropped_buffers=0")
    table.see(Sign.READY, since=place, limit_s=READY_S)
    (order,) = table.plant()
    table.pack(order)
    table.require_sent([order])
    assert table.machine.run(BOOT) == boot


def test_a_camera_that_lets_go_for_a_moment_is_taken_again(table: VirtualTable) -> None:
    """A loose plug: the driver ends what is open, and has the camera back at once."""
    table.power_on()
    table.machine.run(f"v4l2-ctl -d {VIVID} -c disconnect=1")
    table.hear("webcam back")
    (order,) = table.plant()
    table.pack(order)
    table.require_sent([order])
