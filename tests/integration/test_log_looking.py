"""The log finds what fits, whatever is combined, and walks along one index for it.

Pages are followed to the end and compared with every proof judged by itself.
"""

import itertools
import random
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from cloud.conversations.states import DispatchState
from cloud.proofs import log_sources, log_wanted
from cloud.proofs.entries import LogEntry, entries_of
from cloud.proofs.log_filter import LogFilter, Window
from cloud.proofs.log_queries import count_above, log_entries
from cloud.proofs.models import Proof
from cloud.proofs.states import ProofState
from tests.support.dashboard_rows import DAY, World
from tests.support.dashboard_server import RunningDashboard, text_of

PROOFS = 90
STATES = (
    *(DispatchState.SENT, DispatchState.SENT, DispatchState.FAILED, DispatchState.HELD),
    *(DispatchState.SAVED_NOT_SENT, None, None),
)


@pytest.fixture
def busy(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """A log with everything in it; three rows are looked at at once."""
    monkeypatch.setattr(log_sources, "LOOKED_AT", 3)
    draw = random.Random(7)
    tables = [world.table_id, world.add_table("Table 2"), world.add_table("Table 3")]
    shops = [world.shop_id, world.add_shop("Second Shop"), world.add_shop("Third", "lazada")]
    for number in range(PROOFS):
        world.table_id, world.shop_id = draw.choice(tables), draw.choice(shops)
        state = draw.choice(STATES)
        order = world.add_order(f"ORDER-{number}", f"TRACK-{number}") if state else None
        late = timedelta(days=draw.choice((0, 0, 0, 0, 3)))
        proof = world.add_proof(
            f"CODE-{number % 20}",
            state,
            order_id=order,
            photos=draw.choice((0, 0, 1)),
            packer=draw.choice(("Mei", "Ali", None)),
            closing="send" if state else draw.choice(("unsent", "withdrawn")),
            closed_at=DAY + timedelta(hours=5 * number) - late,
            came_at=DAY + timedelta(hours=5 * number, seconds=2),
            clock_synced=draw.random() < 0.9,
        )
        if state is DispatchState.FAILED and draw.random() < 0.5:
            world.add_dispatch(proof, draw.choice(list(DispatchState)), order_id=order)
    return world


def fits(wanted: LogFilter, entry: LogEntry) -> bool:
    """What the filters of the log mean, said for one proof."""
    proof, states = entry.proof, {entry.state}
    sent = [one for one in entry.dispatches if one.state is DispatchState.SENT]
    shops = {entry.newest.shop_id if entry.newest else None}
    if sent:
        states.add(ProofState.SENT)
    packed = proof.closed_at if proof.clock_synced else proof.received_at
    numbers = {proof.code}
    if entry.order:
        numbers.add(entry.order.order_number)
    if entry.parcel and entry.parcel.tracking_number:
        numbers.add(entry.parcel.tracking_number)
    return (
        (not wanted.states or bool(states & set(wanted.states)))
        and (wanted.shop_id is None or wanted.shop_id in shops)
        and (
            not wanted.channel or (entry.shop is not None and entry.shop.channel == wanted.channel)
        )
        and (wanted.table_id is None or wanted.table_id == proof.table_id)
        and (not wanted.packer or wanted.packer == proof.packer)
        and (wanted.photo_count is None or wanted.photo_count == proof.photo_count)
        and (wanted.packed_from is None or packed >= wanted.packed_from)
        and (wanted.packed_before is None or packed < wanted.packed_before)
        and (not wanted.code or wanted.code in numbers)
    )


def _every(session: Session) -> list[LogEntry]:
    return entries_of(session, list(session.scalars(select(Proof.id))))


def expected(world: World, wanted: LogFilter) -> list[int]:
    with world.database.read(world.scope) as session:
        return [entry.proof.id for entry in _every(session) if fits(wanted, entry)]


def followed(world: World, wanted: LogFilter, *, upwards: bool) -> list[int]:
    """All pages of four, from one end to the other; newest first."""
    found: list[int] = []
    at = 0 if upwards else 2**62
    with world.database.read(world.scope) as session:
        for _ in range(PROOFS * 20):
            window = Window(4, after=at) if upwards else Window(4, before=at)
            part = log_entries(session, wanted, window)
            ids = [entry.proof.id for entry in part.entries]
            found = ids + found if upwards else found + ids
            if part.stopped_at is not None:
                at = part.stopped_at
            elif len(ids) == 4:
                at = ids[0] if upwards else ids[-1]
            else:
                return found
    raise AssertionError(f"no end is reached: {found}")


def filters(world: World) -> list[LogFilter]:
    """Every combination of a few values of each field."""
    days = [
        (None, None),
        (DAY + timedelta(days=4), DAY + timedelta(days=6)),
        (None, DAY + timedelta(days=3)),
        (DAY + timedelta(days=15), None),
        (DAY - timedelta(days=90), DAY - timedelta(days=80)),
    ]
    states: list[tuple[ProofState, ...]] = [
        (),
        (ProofState.SENT,),
        (ProofState.UNSENT, ProofState.CANCELLED, ProofState.FAILED),
    ]
    values = itertools.product(
        states, (None, world.shop_id), (None, world.table_id), days, ("", "CODE-7", "ORDER-5")
    )
    more: list[dict[str, Any]] = [
        {"channel": "shopee"},
        {"channel": "lazada", "packer": "Mei"},
        {"packer": "Ali"},
        {"photo_count": 1},
        {"packer": "Mei", "photo_count": 0},
        {"channel": "tiktok"},
    ]
    found = [
        LogFilter(
            states=state,
            shop_id=shop,
            table_id=table,
            packed_from=start,
            packed_before=end,
            code=code,
        )
        for state, shop, table, (start, end), code in values
    ]
    # What each new filter adds to all others, without each with each.
    return found + [
        replace(one, **more[place % len(more)]) for place, one in enumerate(found) if not one.code
    ]


def test_every_combination_of_filters_finds_what_fits_and_nothing_else(
    busy: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Downwards and upwards, with few late proofs and with many, with few shops and with many."""
    wanted = filters(busy)
    fitting = {one: expected(busy, one) for one in wanted}
    assert sum(map(len, fitting.values())) > 300
    for most_off_step, most_walks in ((1000, 48), (2, 0)):
        monkeypatch.setattr(log_wanted, "MOST_OFF_STEP", most_off_step)
        monkeypatch.setattr(log_wanted, "MOST_WALKS", most_walks)
        for upwards in (False, True):
            assert {one: followed(busy, one, upwards=upwards) for one in wanted} == fitting


def test_new_entries_of_a_filter_are_counted(busy: World) -> None:
    wanted = LogFilter(table_id=busy.table_id)
    ids = expected(busy, wanted)
    with busy.database.read(busy.scope) as session:
        assert count_above(session, wanted, ids[5], 100) == 5
        assert count_above(session, wanted, ids[5], 2) == 2


def test_a_page_says_when_only_a_part_of_the_log_was_looked_through(
    dashboard: RunningDashboard, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_sources, "LOOKED_AT", 1)
    shop, table = world.shop_id, world.table_id
    world.add_proof("WANTED", order_id=world.add_order("ORDER-W"), photos=0)
    world.add_table("Table 2")
    for number in range(12):
        world.add_proof(f"CODE-{number}", order_id=world.add_order(f"ORDER-{number}"), photos=0)
    world.table_id = table
    world.add_shop("Other Shop")
    world.add_proof("OTHER", order_id=world.add_order("ORDER-X"), photos=0)
    address = f"/parcelguard/log?shop={shop}&table={table}"
    with dashboard.browser(world.email) as browser:
        pages = 0
        while "ORDER-W" not in (page := browser.get(address)).text:
            pages += 1
            assert "only a part of the log was looked through" in text_of(page.text)
            assert "Nothing matches" not in page.text
            _before, _sign, after = page.text.partition(
                'class="btn btn-primary" href="/parcelguard/log?'
            )
            address = "/parcelguard/log?" + after.partition('"')[0].replace("&amp;", "&")
    assert pages > 1
    assert "Look through older parcels" not in page.text
