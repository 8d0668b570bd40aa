"""Disputes: returns are read as marketplaces list them and stand beside their proofs (issue 6)."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from cloud.accounts.models import Member
from cloud.database.base import utc_now
from cloud.database.scope import scoped
from cloud.marketplaces.returns import Return
from cloud.orders.models import BuyerReturn
from cloud.orders.returns import put_return
from cloud.shops.gateway import ShopKey
from cloud.shops.models import Shop
from cloud.sync.pace import PacedReads
from cloud.sync.returns import ReturnReader, returns_are_due
from sandbox.shopee import demo_seed
from tests.database_rows import only_sqlite
from tests.support.dashboard_rows import World
from tests.support.dashboard_server import RunningDashboard, text_of
from tests.support.dispatch_bench import Bench

ORDER = demo_seed.NORMAL_ORDER_SN


def told(return_id: str, order: str, *, due: timedelta | None, is_open: bool = True) -> Return:
    now = utc_now()
    return Return(
        return_id=return_id,
        order_number=order,
        status="REQUESTED",
        is_open=is_open,
        reason="ITEM_DAMAGED",
        text="In <b>pieces</b>",
        respond_by=now + due if due is not None else None,
        created_at=now - timedelta(hours=1),
        updated_at=now,
    )


def put(world: World, *returns: Return) -> None:
    def unit(session: Session) -> None:
        for one in returns:
            put_return(session, world.shop_id, one, utc_now())

    world.database.write(unit, world.scope)


def known(bench: Bench) -> list[BuyerReturn]:
    with bench.database.read(scoped(bench.organisation_id)) as session:
        return list(session.scalars(select(BuyerReturn).order_by(BuyerReturn.id)))


def test_open_ones_stand_with_their_deadline_and_proof(
    dashboard: RunningDashboard, world: World
) -> None:
    other = dashboard.world("stranger@other.test", name="Other")
    proven = world.add_order("2611210PROVEN")
    proof = world.add_proof("2611210PROVEN", order_id=proven)
    world.add_order("2611210BARE")
    put(
        world,
        told("R1", "2611210BARE", due=timedelta(days=5)),
        told("R2", "2611210PROVEN", due=timedelta(hours=3)),
        told("R3", "2611210OLD", due=None),
        told("R4", "2611210LATE", due=-timedelta(days=2)),
        told("R5", "2611210DONE", due=None, is_open=False),
    )

    def listed(query: str = "", who: World = world) -> list[str]:
        with dashboard.browser(who.email) as browser:
            page = text_of(browser.get(f"/disputes{query}").text)
        places = {one: page.find(f"Return {one} ") for one in ("R1", "R2", "R3", "R4", "R5")}
        return sorted((one for one, at in places.items() if at >= 0), key=lambda one: places[one])

    assert listed() == ["R4", "R2", "R1", "R3"]
    assert listed("?state=settled") == ["R5"]
    assert listed("?proof=with") == ["R2"]
    assert listed(f"?proof=without&shop={world.shop_id}") == ["R4", "R1", "R3"]
    assert listed(who=other) == []
    with dashboard.browser(world.email) as browser:
        page = browser.get("/disputes").text
        assert f'href="/parcelguard/proofs/{proof}/evidence.zip"' in page
        assert browser.get(f"/parcelguard/proofs/{proof}/evidence.zip").status_code == 200
        shown = text_of(page)
        assert "2 days overdue" in shown
        assert "3 hours left" in shown
        assert "No time is told" in shown
        assert "It came damaged REQUESTED" in shown
        assert "pieces" not in shown  # what buyers write is not kept
        assert "No photos of this order" in shown
    with dashboard.browser(other.email) as browser:
        assert "No disputes" in text_of(browser.get("/disputes").text)


@only_sqlite
@pytest.mark.parametrize(("role", "status"), [("agent", 200), ("packer", 403), ("it", 403)])
def test_who_answers_buyers_sees_them(
    dashboard: RunningDashboard, world: World, role: str, status: int
) -> None:
    world.database.write(
        lambda session: session.execute(
            update(Member).where(Member.email == world.email).values(role=role)
        ),
        world.scope,
    )
    with dashboard.browser(world.email) as browser:
        assert browser.get("/disputes").status_code == status


@only_sqlite
def test_what_is_older_than_what_is_known_changes_nothing(world: World) -> None:
    first = told("R1", "2611210MINE", due=timedelta(days=1))
    put(world, first, told("R1", "2611210MINE", due=None, is_open=False))
    put(world, first)
    with world.database.read(world.scope) as session:
        assert [one.is_open for one in session.scalars(select(BuyerReturn))] == [False]


def test_returns_are_read_every_few_minutes_and_at_once_where_a_push_told_of_one(
    bench: Bench,
) -> None:
    made = ReturnReader(bench.database, PacedReads(bench.database, bench.gateway))
    shop = ShopKey(bench.organisation_id, bench.shop_id)

    def ask(return_id: str) -> None:
        body = {
            "return_id": return_id,
            "shop_id": bench.sandbox.shop_id,
            "order_number": ORDER,
            "status": "REQUESTED",
            "reason": "ITEM_MISSING",
            "respond_in_s": 3600,
        }
        bench.sandbox.control.call("POST", "/returns", body)

    ask("R1")
    assert made.read(shop) == 1
    ask("R2")
    assert made.read(shop) == 0
    bench.database.write(lambda session: returns_are_due(session, bench.shop_id), shop.scope)
    assert made.read(shop) == 2
    assert made.read(shop) == 0
    (one, two) = known(bench)
    assert (one.return_id, two.return_id) == ("R1", "R2")
    assert (one.order_number, one.reason, one.is_open) == (ORDER, "ITEM_MISSING", True)
    assert one.respond_by is not None
    assert mark(bench) is not None


def mark(bench: Bench) -> datetime | None:
    with bench.database.read(scoped(bench.organisation_id)) as session:
        return session.get_one(Shop, bench.shop_id).returns_synced_until


def test_an_app_that_may_not_read_returns_keeps_no_order_from_being_read(bench: Bench) -> None:
    bench.sandbox.control.fault("error_body", "get_return_list", error="error_permission")
    made = ReturnReader(bench.database, PacedReads(bench.database, bench.gateway))
    assert made.read(ShopKey(bench.organisation_id, bench.shop_id)) == 0
    assert mark(bench) is None
