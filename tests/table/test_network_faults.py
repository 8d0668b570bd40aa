"""Scenario 7: the network is away for long; packing goes on, and all of it is sent afterwards."""

import pytest

from edge.indicator.signs import Sign
from tests.support.virtual_table.virtual_table import VirtualTable

pytestmark = [pytest.mark.table, pytest.mark.timeout(1800)]


def test_what_was_packed_without_a_network_is_sent_when_it_is_back(table: VirtualTable) -> None:
    """The table waits two minutes before it says that it is offline, then its clock leaps."""
    table.power_on()
    orders = table.plant(3)
    place = table.light.place
    table.cut_network()
    table.pack(orders[0], photos=1)
    table.see(Sign.OFFLINE, since=place, limit_s=240.0)
    table.machine.run("date -s '+1 hour'")
    table.pack(orders[1], photos=2)
    table.pack(orders[2])
    assert table.messages(orders) == [0, 0, 0]
    place = table.light.place
    table.mend_network()
    table.require_sent(orders)
    table.see(Sign.READY, since=place, limit_s=60.0)
