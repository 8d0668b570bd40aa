"""Scenario 2: scanners and pedals come and go; what is no part of the table does nothing."""

import pytest

from edge.indicator.signs import Sign
from tests.support.virtual_table.virtual_table import VirtualTable

pytestmark = [pytest.mark.table, pytest.mark.timeout(1800)]

FOUND = "input device chosen"


def test_a_code_that_was_cut_off_opens_nothing_and_the_scanner_comes_back(
    table: VirtualTable,
) -> None:
    table.power_on()
    (order,) = table.plant()
    place, found = table.light.place, table.said(FOUND)
    table.hands.scan(order.number[:6], end="")
    table.hands.plug("scanner", plugged=False)
    table.hear("input device gone")
    table.hands.plug("scanner", plugged=True)
    table.hear(FOUND, found)
    assert Sign.OPEN not in {one.sign for one in table.light.signs(place)}
    table.pack(order)
    table.require_sent([order])


def test_a_pedal_comes_back_in_the_middle_of_an_order(table: VirtualTable) -> None:
    table.power_on()
    (order,) = table.plant()
    found = table.said(FOUND)
    table.scan_and_see(order.number)
    table.press_and_see("F1", Sign.PHOTOS_1)
    table.hands.plug_pedal(plugged=False)
    table.hear("input device gone")
    table.hands.plug_pedal(plugged=True)
    table.hear(FOUND, found)
    table.press_and_see("F1", Sign.PHOTOS_2)
    table.press_and_see("F4", Sign.SAVED)
    table.require_sent([order])


def test_neither_a_second_keyboard_nor_the_scanner_takes_photos(table: VirtualTable) -> None:
    table.power_on()
    (order,) = table.plant()
    table.hands.plug("other", plugged=True)
    table.machine.run("timeout 30 sh -c 'until ls /dev/input/by-id/*SCANNER2*; do sleep 0.2; done'")
    opened = table.scan_and_see(order.number)
    table.hands.key_of("scanner", "F1")
    table.hands.key_of("other", "F1")
    table.hands.key_of("scanner", "F4")
    table.press_and_see("F1", Sign.PHOTOS_1)
    signs = [one.sign for one in table.light.signs(opened.place)]
    assert not {Sign.PHOTOS_2, Sign.SAVED} & set(signs), signs
    table.press_and_see("F4", Sign.SAVED)
    table.require_sent([order])
    assert "1 photo\n" in table.fate(order.number)
