"""How long the link stays away, beside how long tables do."""

from cloud.link import connection
from edge.uplink.settings import UplinkSettings


def test_the_link_is_back_at_a_broker_before_its_tables_are() -> None:
    """A table that is back first is told that nobody listens, and asks again much later."""
    link_s, tables_s = connection._RECONNECT_LONGEST_S, UplinkSettings().spread_s
    assert link_s < tables_s / 2
