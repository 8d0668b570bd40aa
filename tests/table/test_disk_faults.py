"""Scenario 6: the disk is full or read-only, or the journal is damaged."""

import pytest

from edge.indicator.signs import Sign
from tests.support.virtual_table.product import SPOOL
from tests.support.virtual_table.virtual_table import READY_S, VirtualTable

pytestmark = [pytest.mark.table, pytest.mark.timeout(1800)]


def test_a_full_disk_takes_no_new_order_and_loses_none(table: VirtualTable) -> None:
    table.power_on()
    first, second = table.plant(2)
    table.scan_and_see(first.number)
    table.press_and_see("F1", Sign.PHOTOS_1)
    free = int(table.machine.run(f"df --output=avail -B1 {SPOOL} | tail -n 1"))
    table.machine.run(f"fallocate -l {free - 200 * 1024**2} /root/filler")
    table.press_and_see("F1", Sign.PHOTOS_2)
    table.press_and_see("F4", Sign.SAVED)
    place = table.light.place
    table.hands.scan(second.number)
    table.see(Sign.CALL_LEAD, since=place, limit_s=60.0)
    place = table.light.place
    table.machine.run("rm /root/filler")
    table.see(Sign.READY, since=place, limit_s=READY_S)
    table.pack(second)
    table.require_sent([first, second])


def test_a_disk_that_turned_read_only_is_never_called_saved(table: VirtualTable) -> None:
    """What the kernel does about a worn card: nobody may write any more."""
    table.power_on()
    first, second = table.plant(2)
    table.scan_and_see(first.number)
    table.press_and_see("F1", Sign.PHOTOS_1)
    place = table.light.place
    table.machine.run(
        """
echo u > /proc/sysrq-trigger
timeout 60 sh -c 'while touch /root/written; do sleep 0.2; done'"""
    )
    table.press_and_see("F1", Sign.CALL_LEAD)
    table.press_and_see("F4", Sign.CALL_LEAD)
    table.scan_and_see(second.number, Sign.CALL_LEAD)
    assert Sign.SAVED not in {one.sign for one in table.light.signs(place)}
    table.power_cut()
    table.power_on()
    assert table.fate(first.number).count(".jpg") == 1
    assert table.messages([first, second]) == [0, 0]
    table.pack(first, there=1)
    table.pack(second)
    table.require_sent([first, second])


def test_a_damaged_journal_is_built_again_from_the_photos(table: VirtualTable) -> None:
    table.power_on()
    (order,) = table.plant()
    table.pack(order)
    table.require_sent([order])
    table.machine.run("systemctl stop packwitness-edge")
    place = table.light.place
    table.machine.run(
        f"""
journal=$(ls {SPOOL}/*.sqlite3 {SPOOL}/*.db 2>/dev/null | head -n 1)
dd if=/dev/urandom of="$journal" bs=4096 count=4 conv=notrunc status=none
rm -f "$journal"-wal "$journal"-shm
systemctl start packwitness-edge"""
    )
    table.see(Sign.READY, since=place, limit_s=READY_S)
    assert table.said("journal damaged") == 1
    assert table.fate(order.number).count(".jpg") == 3
    (another,) = table.plant()
    table.pack(another)
    table.require_sent([order, another])
