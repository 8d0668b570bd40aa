"""One buyer's data: found, taken away whole, deleted for good, refused while it is held (issue 6).

U-25 of another organisation; S2-15, S2-16 and Q19: a buyer is deleted after being asked, and an
order that is read again does not bring them back.
"""

import io
import json
import zipfile
from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from cloud.accounts.audit import Event, Wanted, entries
from cloud.accounts.models import Member
from cloud.accounts.roles import Deed
from cloud.conversations.models import Attempt, Conversation, Dispatch, Message
from cloud.conversations.states import DispatchState
from cloud.marketplaces.orders import Order as Told
from cloud.marketplaces.orders import OrderItem as ToldItem
from cloud.orders.models import Order, OrderItem
from cloud.orders.service import put_order
from cloud.photos.errors import StoreUnavailable
from cloud.privacy import erasing
from cloud.privacy.buyer_data import buyer_data
from cloud.privacy.buyers import buyer_of, find_buyers
from cloud.privacy.runs import newest_runs
from cloud.proofs.holds import place_hold, release_hold
from cloud.proofs.models import Photo, Proof, ProofPhoto
from tests.database_rows import only_sqlite
from tests.support.dashboard_rows import DAY, World
from tests.support.dashboard_server import RunningDashboard, text_of

NAME, BUYER_ID = "chen_yiling", "915550001"
PAGE = "/privacy/buyers"


def buyers_order(world: World, number: str, tracking: str = "") -> int:
    """An order of the buyer of these tests, with a line."""
    order_id = world.add_order(number, tracking)

    def unit(session: Session) -> None:
        order = session.get_one(Order, order_id)
        order.buyer_id, order.buyer_name, order.recipient_name = BUYER_ID, NAME, "Chen Y***"
        session.add(
            OrderItem(
                order_id=order_id,
                position=0,
                item_id="77",
                name="Rice cooker",
                variant="red",
                sku="RC-1",
                quantity=1,
                image_url="",
            )
        )

    world.database.write(unit, world.scope)
    return order_id


def photos_of(world: World, proof_id: int) -> list[ProofPhoto]:
    with world.database.read(world.scope) as session:
        rows = session.scalars(select(ProofPhoto).where(ProofPhoto.proof_id == proof_id))
        return list(rows)


def erase(number: str) -> dict[str, str]:
    return {"number": number, "sure": "true"}


def everything_said(world: World) -> str:
    """All texts of the rows that may say who a buyer is."""
    with world.database.read(world.scope) as session:
        rows = [
            *session.scalars(select(Order)),
            *session.scalars(select(OrderItem)),
            *session.scalars(select(Conversation)),
            *session.scalars(select(Dispatch)),
            *session.scalars(select(Message)),
            *session.scalars(select(Attempt)),
        ]
        said = [str(value) for row in rows for value in vars(row).values()]
        said += [one.what for one in entries(session, Wanted())]
    return " ".join(said)


@dataclass(frozen=True)
class Bought:
    """Two orders of the buyer with three parcels packed, and another buyer's."""

    order: int
    again: int
    packed: tuple[int, ...]
    other: int


def bought(world: World) -> Bought:
    order = buyers_order(world, "2611210AAA", "TRACK-AAA")
    again = buyers_order(world, "2611210BBB")
    others = world.add_order("2611210CCC", "TRACK-CCC")
    sent = world.add_proof("2611210AAA", DispatchState.SENT, order_id=order)
    failed = world.add_proof("2611210BBB", DispatchState.FAILED, order_id=again, photos=1)
    left = world.add_proof("TRACK-AAA", None, closing="unsent", photos=1)
    other = world.add_proof("2611210CCC", DispatchState.SENT, order_id=others)
    return Bought(order, again, (sent, failed, left), other)


def test_a_buyer_is_found_and_all_that_is_known_is_taken_away(
    dashboard: RunningDashboard, world: World
) -> None:
    made = bought(world)
    with dashboard.browser(world.email) as browser:
        for wanted in ("2611210BBB", "TRACK-AAA", BUYER_ID, f" {NAME} "):
            found = browser.post(PAGE, data={"wanted": wanted}).text
            assert text_of(found).count(NAME) == 1, wanted
            assert "tan_weiming" not in found
        assert "Nobody is found" in browser.post(PAGE, data={"wanted": "chen_yilin"}).text
        page = text_of(browser.get(f"{PAGE}/{made.order}").text)
        packed = browser.get(f"{PAGE}/{made.order}/export.zip")
    assert "Orders 2 2611210AAA 2611210BBB" in page
    assert "Packed parcels 3" in page
    assert "Photos 4, " in page
    assert packed.headers["cache-control"] == "no-store"
    with zipfile.ZipFile(io.BytesIO(packed.content)) as file:
        about = json.loads(file.read("buyer.json"))
        names = set(file.namelist())
        assert file.testzip() is None
    assert len(names) == 1 + sum(len(photos_of(world, proof)) for proof in made.packed)
    assert {one["file"] for proof in about["packed"] for one in proof["photos"]} < names
    assert about["buyer"] == {"id": BUYER_ID, "name": NAME}
    assert [one["number"] for one in about["orders"]] == ["2611210AAA", "2611210BBB"]
    assert about["orders"][0]["items"][0]["name"] == "Rice cooker"
    assert about["orders"][0]["tracking_numbers"] == ["TRACK-AAA"]
    assert "Your order 2611210AAA is packed." in about["messages"][0]["text"]
    assert world.email not in json.dumps(about)
    assert "2611210CCC" not in json.dumps(about)
    with world.database.read(world.scope) as session:
        exports = [one.what for one in entries(session, Wanted(event=Event.EXPORT))]
    assert exports == [f"{PAGE}/{made.order}/export.zip"]


def test_a_buyers_data_is_deleted_for_good_and_bare_facts_stay(
    dashboard: RunningDashboard, world: World
) -> None:
    made = bought(world)
    place = f"{PAGE}/{made.order}"
    kept = [one for proof in made.packed for one in photos_of(world, proof)]
    with dashboard.browser(world.email) as browser:
        # Both the number and the tick, of the one order that the page names.
        for answer in ({"number": "2611210AAA"}, erase("2611210BBB"), {"sure": "true"}):
            refused = browser.post(f"{place}/erase", data=answer)
            assert refused.headers["location"] == f"{place}?notice=not-confirmed"
        assert NAME in everything_said(world)
        done = browser.post(f"{place}/erase", data=erase("2611210AAA"))
        assert done.headers["location"] == f"{place}?notice=erased"
        assert (
            "All that was known of this buyer is deleted."
            in browser.get(f"{place}?notice=erased").text
        )
        shown = text_of(browser.get(f"/parcelguard/proofs/{made.packed[0]}").text)
        twice = browser.post(f"{place}/erase", data=erase("2611210AAA"))
        assert twice.headers["location"] == f"{place}?notice=nothing-known"
        assert "Nobody is found" in browser.post(PAGE, data={"wanted": NAME}).text
    assert shown.count("with all that was known of the buyer") == 2
    assert "Image Sent to Customer's Chat" in shown
    said = everything_said(world)
    for word in (NAME, BUYER_ID, "Chen Y", "Rice cooker", "Your order 2611210AAA", "error_con"):
        assert word not in said, word
    assert "2611210AAA" in said
    stored = [world.store.exists_verified(world.organisation_id, one.sha256) for one in kept]
    assert stored == [False] * 4
    for photo in photos_of(world, made.other):
        assert photo.deleted_at is None
        assert world.store.exists_verified(world.organisation_id, photo.sha256)
    with world.database.read(world.scope) as session:
        (run,) = newest_runs(session)
        deeds = [one.what for one in entries(session, Wanted(event=Deed.ERASE_BUYER))]
    assert (run.deleted_count, run.freed_bytes > 0) == (4, True)
    assert f"orders {made.order} {made.again}; photos: 4" in deeds


def test_a_hold_and_what_is_still_to_be_sent_keep_a_buyers_data(
    dashboard: RunningDashboard, world: World
) -> None:
    order = buyers_order(world, "2611210AAA")
    proof = world.add_proof("2611210AAA", DispatchState.SENT, order_id=order)
    write = world.database.write
    write(lambda session: place_hold(session, proof, world.member_id, "Case 7", DAY), world.scope)
    with dashboard.browser(world.email) as browser:
        assert "kept from deletion. End the hold first" in browser.get(f"{PAGE}/{order}").text
        held = browser.post(f"{PAGE}/{order}/erase", data=erase("2611210AAA"))
        assert held.headers["location"].endswith("notice=buyer-held")
        write(lambda session: release_hold(session, proof, world.member_id, DAY), world.scope)
        world.change_state(proof, DispatchState.NOT_CONFIRMED)
        waiting = browser.post(f"{PAGE}/{order}/erase", data=erase("2611210AAA"))
        assert waiting.headers["location"].endswith("notice=still-sending")
        assert NAME in everything_said(world)
        assert not any(photo.deleted_at for photo in photos_of(world, proof))
        world.change_state(proof, DispatchState.SENT)
        done = browser.post(f"{PAGE}/{order}/erase", data=erase("2611210AAA"))
        assert done.headers["location"].endswith("notice=erased")


@only_sqlite
def test_many_orders_go_in_parts_and_an_interruption_is_asked_for_again(
    dashboard: RunningDashboard, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasing, "ORDERS_AT_ONCE", 2)
    orders = [buyers_order(world, f"26112100{place}") for place in range(4)]
    proof = world.add_proof("261121000", DispatchState.SENT, order_id=orders[0])
    dashboard.store.fail_next(StoreUnavailable("its disk fails"))
    with dashboard.browser(world.email) as browser:
        done = browser.post(f"{PAGE}/{orders[3]}/erase", data=erase("261121003"))
        assert done.headers["location"].endswith("notice=erased")
    assert NAME not in everything_said(world)
    assert BUYER_ID not in everything_said(world)
    assert all(photo.deleted_at for photo in photos_of(world, proof))


@only_sqlite
def test_a_photo_that_another_buyers_order_shows_stays_there(
    dashboard: RunningDashboard, world: World
) -> None:
    order = buyers_order(world, "2611210AAA")
    others = world.add_order("2611210CCC")
    mine = world.add_proof("2611210AAA", DispatchState.SENT, order_id=order, photos=1)
    other = world.add_proof("2611210CCC", DispatchState.SENT, order_id=others, photos=0)
    (photo,) = photos_of(world, mine)

    def share(session: Session) -> None:
        facts = {"position": 0, "sha256": photo.sha256, "size_bytes": 1, "source": "simulated"}
        taken = {"taken_at": photo.taken_at, "clock_synced": True}
        session.add(ProofPhoto(proof_id=other, **facts, **taken))

    world.database.write(share, world.scope)
    with dashboard.browser(world.email) as browser:
        browser.post(f"{PAGE}/{order}/erase", data=erase("2611210AAA"))
        assert browser.get(f"/photos/{photo.sha256}").status_code == 200
    assert photos_of(world, mine)[0].deleted_at is not None
    assert photos_of(world, other)[0].deleted_at is None


@only_sqlite
def test_an_order_that_is_read_again_does_not_bring_its_buyer_back(
    dashboard: RunningDashboard, world: World
) -> None:
    order_id = buyers_order(world, "2611210AAA")
    with dashboard.browser(world.email) as browser:
        browser.post(f"{PAGE}/{order_id}/erase", data=erase("2611210AAA"))
    later = DAY + timedelta(days=1)
    told = Told(
        number="2611210AAA",
        status="COMPLETED",
        is_packed=True,
        is_cancelled=False,
        is_cancel_requested=False,
        recipient=None,
        is_refunded=False,
        buyer_id=BUYER_ID,
        buyer_name=NAME,
        created_at=DAY,
        updated_at=later,
        parcels=(),
        items=(ToldItem("77", "Rice cooker", "red", "RC-1", 1, ""),),
    )
    world.database.write(
        lambda session: put_order(session, world.shop_id, told, later).id, world.scope
    )
    said = everything_said(world)
    assert "COMPLETED" in said
    assert NAME not in said
    assert "Rice cooker" not in said


@only_sqlite
def test_a_tracking_number_of_another_year_is_another_buyers(world: World) -> None:
    """Carriers use them again."""
    order_id = buyers_order(world, "2611210AAA", "TRACK-AAA")
    world.add_proof("TRACK-AAA", None, closing="unsent")
    old = world.add_proof("TRACK-AAA", None, closing="unsent")

    def year_ago(session: Session) -> None:
        then = DAY - timedelta(days=365)
        session.execute(update(Proof).where(Proof.id == old).values(packed_at=then))

    world.database.write(year_ago, world.scope)
    with world.database.read(world.scope) as session:
        data = buyer_data(session, buyer_of(session.get_one(Order, order_id)))
    assert data is not None
    assert old not in {one.id for one in data.proofs}
    assert len(data.proofs) == 1


def test_another_organisation_and_other_roles_find_take_and_delete_nothing(
    dashboard: RunningDashboard, world: World
) -> None:
    """U-25."""
    order = buyers_order(world, "2611210AAA", "TRACK-AAA")
    world.add_proof("2611210AAA", DispatchState.SENT, order_id=order)
    stranger = dashboard.world("stranger@other.test", name="Other")
    with dashboard.browser(stranger.email) as browser:
        for wanted in ("2611210AAA", "TRACK-AAA", BUYER_ID, NAME):
            assert "Nobody is found" in browser.post(PAGE, data={"wanted": wanted}).text
        assert browser.get(f"{PAGE}/{order}").status_code == 404
        assert browser.get(f"{PAGE}/{order}/export.zip").status_code == 404
        answer = browser.post(f"{PAGE}/{order}/erase", data=erase("2611210AAA"))
        assert answer.status_code == 404
    with world.database.read(stranger.scope) as session:
        assert find_buyers(session, NAME) == []

    def manager(session: Session) -> None:
        session.query(Member).where(Member.email == world.email).one().role = "manager"

    world.database.write(manager, world.scope)
    with dashboard.browser(world.email) as browser:
        page = browser.get(f"{PAGE}/{order}").text
        assert f"{PAGE}/{order}/erase" not in page
        answer = browser.post(f"{PAGE}/{order}/erase", data=erase("2611210AAA"))
        assert answer.status_code == 403
    assert NAME in everything_said(world)
    with world.database.read(world.scope) as session:
        assert len(session.scalars(select(Photo)).all()) == 2
