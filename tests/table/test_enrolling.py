"""Scenario 9: enrolled by its own scanner, disabled, and replaced by another machine."""

import json

import pytest

from edge.indicator.signs import Sign
from launcher.marketplace import PlantedOrder
from launcher.table import TABLE_NAME
from tests.support.virtual_table.product import CLOUD_DATA, CLOUD_URL
from tests.support.virtual_table.virtual_table import READY_S, VirtualTable
from wire.claim_sheet import ClaimSheet

pytestmark = [pytest.mark.table, pytest.mark.timeout(1800)]

CLOUD = f"""runuser -u packwitness-cloud -- \\
env PACKWITNESS_CLOUD_DATA_DIR={CLOUD_DATA} /opt/cloud/bin/packwitness-cloud"""


def _new_sheet(table: VirtualTable) -> ClaimSheet:
    said = table.machine.run(f"{CLOUD} table create '{TABLE_NAME}'")
    return ClaimSheet(CLOUD_URL, json.loads(said.splitlines()[-1])["claim_code"])


def _enrol_another_machine(table: VirtualTable, sheet: ClaimSheet) -> None:
    """By command, with settings of its own."""
    settings = "/root/other.toml"
    table.machine.write(
        settings,
        '[enrolment]\ncredentials_file = "/root/other.json"\n[spool]\ndirectory = "/root/other"\n',
    )
    enrol = f"packwitness-edge --config {settings} enroll --server {sheet.server_url}"
    table.machine.run(f"echo {sheet.claim_code} | {enrol}")


def _pack_for_later(table: VirtualTable, order: PlantedOrder) -> None:
    """Packing goes on, nothing is sent, and the light says why between orders."""
    saved = table.pack(order)
    table.see(Sign.NOT_ENROLLED, since=saved.place)
    assert table.messages([order]) == [0]


def test_a_new_table_packs_and_sends_once_it_has_scanned_its_sheet(table: VirtualTable) -> None:
    table.power_on()
    earlier, later = table.plant(2)
    place = table.light.place
    table.machine.run(
        """
systemctl stop packwitness-edge
rm -r /var/lib/packwitness/*
systemctl start packwitness-edge"""
    )
    table.see(Sign.NOT_ENROLLED, since=place, limit_s=READY_S)
    _pack_for_later(table, earlier)
    sheet = _new_sheet(table)
    table.scan_all_and_see((sheet.server_barcode, sheet.claim_barcode), Sign.SAVED)
    table.require_sent([earlier])
    table.pack(later)
    table.require_sent([later])


def test_a_disabled_table_sends_nothing_until_it_is_enabled(table: VirtualTable) -> None:
    table.power_on()
    (order,) = table.plant()
    place = table.light.place
    table.machine.run(f"{CLOUD} table disable '{TABLE_NAME}'")
    table.see(Sign.NOT_ENROLLED, since=place, limit_s=READY_S)
    _pack_for_later(table, order)
    place = table.light.place
    table.machine.run(f"{CLOUD} table enable '{TABLE_NAME}'")
    table.require_sent([order])
    table.see(Sign.READY, since=place)


def test_a_replaced_table_is_shut_out_and_takes_a_new_sheet(table: VirtualTable) -> None:
    """Another machine enrols at the same table; what this one packs meanwhile is not lost."""
    table.power_on()
    earlier, later = table.plant(2)
    table.pack(earlier, photos=1)
    table.require_sent([earlier])
    place = table.light.place
    _enrol_another_machine(table, _new_sheet(table))
    table.see(Sign.NOT_ENROLLED, since=place, limit_s=READY_S)
    assert table.said("revoked") >= 1
    _pack_for_later(table, later)
    table.scan_and_see(_new_sheet(table).whole, Sign.SAVED)
    table.require_sent([earlier, later])
