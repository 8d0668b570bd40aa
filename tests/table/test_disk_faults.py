"""Scenario 6: the disk is full or read-only, or the journal is damaged."""

import pytest

from edge.indicator.signs import Sign
from tests.support.virtual_table.product import SPOOL
from tests.support.virtual_table.virtual_table import READY_S, VirtualTable

pytestmark = [pytest.mark.table, pytest.mark.timeout(900)]


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


def test_a_damaged_journal_is_built_again_from_the_photos(table: VirtualTable) -> None:
    table.power_on()
    (order,) = table.plant()
    table.pack(order)
    table.require_sent([order])
    place = table.light.place
    table.machine.run(
        f"""
systemctl stop packwitness-edge
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
