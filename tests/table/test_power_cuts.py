"""Scenario 4: the power goes while orders are packed; nothing is lost, and nothing comes twice."""

import logging
import os
import random

import pytest

from tests.support.virtual_table.cuts import Cuts, Promise
from tests.support.virtual_table.virtual_table import SENT_S, VirtualTable

log = logging.getLogger(__name__)

CUTS = int(os.environ.get("VIRTUAL_TABLE_CUTS", "5"))
SEED = int(os.environ.get("VIRTUAL_TABLE_SEED", str(random.randrange(10**6))))
ONE_CUT_S = 180
ORDERS_PER_CUT = 3
ONE_ORDER_S = 20.0
"""Patience for each that waited for the cloud."""

pytestmark = [pytest.mark.table, pytest.mark.timeout(600 + CUTS * ONE_CUT_S)]


def test_every_closed_proof_is_in_the_chat_once_and_every_open_one_is_kept_unsent(
    table: VirtualTable,
) -> None:
    """S0-31: VIRTUAL_TABLE_CUTS says how often, VIRTUAL_TABLE_SEED repeats the moments."""
    log.info("%d cuts, VIRTUAL_TABLE_SEED=%d", CUTS, SEED)
    table.power_on()
    orders = table.plant(CUTS * ORDERS_PER_CUT)
    table.power_cut()
    cuts = Cuts(table, random.Random(SEED))
    for number in range(1, CUTS + 1):
        cuts.pack_until_cut(orders)
        log.info("cut %d of %d: %d orders begun", number, CUTS, len(cuts.promises))
    phases = list(table.light.phases())
    table.power_on()
    saved = [one for one in cuts.promises if one.was_saved(phases)]
    unsaved = [one for one in cuts.promises if not one.was_saved(phases)]
    log.info("%d were said to be saved, %d were not", len(saved), len(unsaved))
    fates = table.fates()
    sent_after_all = [one for one in unsaved if _is_sent(one, fates)]
    orders = [one.order for one in [*saved, *sent_after_all]]
    table.require_sent(orders, limit_s=SENT_S + ONE_ORDER_S * len(orders))
    kept = [one for one in unsaved if one not in sent_after_all]
    for promise in kept:
        _require_kept(promise, fates.get(promise.order.number, ""))
    assert not any(table.messages([one.order for one in kept]))


def _is_sent(promise: Promise, fates: dict[str, str]) -> bool:
    """F4 was pressed, and the power went before anybody could see "saved": sent whole, or not."""
    return promise.asked_to_send and "unsent" not in fates.get(promise.order.number, "unsent")


def _require_kept(promise: Promise, fate: str) -> None:
    """Unsent, with the photos that the light showed."""
    assert fate or not promise.photos, f"{promise.order.number}: no trace of it"
    if fate:
        # An order without a photo is nothing that anybody could send.
        assert "unsent" in fate or ("cancelled" in fate and ".jpg" not in fate), fate
        assert fate.count(".jpg") >= promise.photos, f"{promise.photos} photos were shown: {fate}"
