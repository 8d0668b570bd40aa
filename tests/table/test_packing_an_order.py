"""Scenario 1: from power on to the buyer's chat, without a hand at the machine."""

import pytest

from edge.indicator.signs import Sign
from tests.support.virtual_table.product import PI_CAMERA, SETTINGS_FILE, table_settings
from tests.support.virtual_table.virtual_table import SENT_S, VirtualTable

pytestmark = [pytest.mark.table, pytest.mark.timeout(1800)]


def test_an_order_is_packed_and_reaches_its_buyer(table: VirtualTable) -> None:
    table.power_on()
    (order,) = table.plant()
    table.scan_and_see(order.number, Sign.OPEN)
    for sign in (Sign.PHOTOS_1, Sign.PHOTOS_2, Sign.PHOTOS_3):
        table.press_and_see("F1", sign)
    refused = table.press_and_see("F1", Sign.REFUSED)
    table.see(Sign.PHOTOS_3, since=refused.place)
    saved = table.press_and_see("F4", Sign.SAVED)
    table.see(Sign.EARLIER_SENT, since=saved.place, limit_s=SENT_S)
    assert table.verdicts([order]) == ["right"]
    assert "3 photos" in table.fate(order.number)


def test_the_same_with_the_camera_of_a_raspberry_pi(table: VirtualTable) -> None:
    """A sensor behind libcamera and picamera2, instead of a webcam."""
    table.power_on()
    (order,) = table.plant()
    table.machine.write(SETTINGS_FILE, table_settings(PI_CAMERA))
    table.restart()
    table.pack(order)
    table.require_sent([order])
    assert table.said("Raspberry Pi camera") == 1
