"""Scenario 8: another version of the package is installed while proofs wait."""

import pytest

from edge.indicator.signs import Sign
from tests.support.virtual_table.virtual_table import READY_S, VirtualTable

pytestmark = [pytest.mark.table, pytest.mark.timeout(1800)]

PACKAGE = "/opt/packwitness-edge_*_amd64.deb"
INSTALL = "apt-get install -y -q --no-install-recommends --allow-downgrades"


def test_proofs_that_wait_survive_upgrade_and_downgrade(table: VirtualTable) -> None:
    table.power_on()
    orders = table.plant(3)
    table.cut_network()
    table.pack(orders[0])
    table.machine.run(
        f"""
mkdir /root/newer
dpkg-deb -R {PACKAGE} /root/newer/tree
sed -i 's/^Version: .*/&+newer/' /root/newer/tree/DEBIAN/control
dpkg-deb -Znone -b /root/newer/tree /root/newer/packwitness-edge.deb""",
        limit_s=300.0,
    )
    for package, order in (("/root/newer/packwitness-edge.deb", 1), (PACKAGE, 2)):
        table.machine.run(f"{INSTALL} {package}", limit_s=300.0)
        table.see(Sign.READY, since=table.light.place, limit_s=READY_S)
        table.pack(orders[order])
    assert table.messages(orders) == [0, 0, 0]
    table.mend_network()
    table.require_sent(orders)
