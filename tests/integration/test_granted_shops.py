"""A member who sees some shops sees nothing of the others, whatever they ask for (issue 6: people).

The walk goes over every route there is: one that is added is asked by itself. Each is asked by a
member who sees the shop too, so that the walk cannot pass because a route shows nothing anyway.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest
from fastapi.routing import APIRoute
from sqlalchemy import select
from sqlalchemy.orm import Session

from cloud.accounts.roles import Role
from cloud.conversations.models import Dispatch
from cloud.conversations.states import DispatchState
from cloud.dashboard.app import routers
from cloud.database.errors import ScopeViolation
from cloud.database.scope import scoped
from cloud.database.sight import Sight
from cloud.orders.models import Order
from cloud.proofs.models import Proof, ProofPhoto
from cloud.shops.models import Shop
from tests.database_rows import only_sqlite
from tests.support.dashboard_rows import DAY, World
from tests.support.dashboard_server import RunningDashboard
from tests.support.event_streams import listening

EVERY, SOME = "every@demo.test", "some@demo.test"
FORM = {"after": "0", "reason": "a dispute", "note": "a dispute", "on": "true", "text": "changed"}


@dataclass
class Hidden:
    """What a member of the other shop must not find."""

    shop_id: int
    order_id: int
    proof_id: int
    message_id: int
    photo: str
    own_proof_id: int
    own_shop_id: int

    @property
    def marks(self) -> tuple[str, ...]:
        return ("HIDDEN", "Hidden Shop", self.photo, f'proof-{self.proof_id}"')

    def address(self, path: str) -> str:
        """With the hidden shop's ids in the place of each parameter."""
        values = {
            "proof_id": self.proof_id,
            "message_id": self.message_id,
            "shop_id": self.shop_id,
            "sha256": self.photo,
            "number": 1,
            "answer": "there",
            "channel": "shopee",
            "country": "MY",
            "purpose": "chat",
        }
        return re.sub(r"\{(\w+)[^}]*\}", lambda found: str(values.get(found[1], 999_999)), path)

    def is_named(self, path: str) -> bool:
        """Whether a path names something of the shop."""
        return bool(re.search(r"\{(proof_id|message_id|shop_id|sha256)", path))


@pytest.fixture
def hidden(world: World) -> Hidden:
    own_shop = world.shop_id
    own = world.add_proof("2611OWN", order_id=world.add_order("2611OWN", "TRACK-OWN"))
    shop = world.add_shop("Hidden Shop")
    order = world.add_order("HIDDEN-ORDER", "HIDDEN-TRACK")
    world.add_proof("HIDDEN-OTHER", DispatchState.FAILED, order_id=order)
    proof = world.add_proof("HIDDEN-ORDER", DispatchState.NOT_CONFIRMED, order_id=order)
    world.add_proof("HIDDEN-UNSENT", None, closing="unsent")
    world.tell_health(sign="open", open_code="HIDDEN-OPEN")

    def ids(session: Session) -> tuple[int, str]:
        photo = session.scalars(select(ProofPhoto.sha256).where(ProofPhoto.proof_id == proof))
        message = session.scalars(select(Dispatch.id).where(Dispatch.proof_id == proof))
        return message.one(), photo.first() or ""

    with world.database.read(world.scope) as session:
        message_id, sha256 = ids(session)
    return Hidden(shop, order, proof, message_id, sha256, own, own_shop)


def routes(dashboard: RunningDashboard) -> Iterator[tuple[str, str]]:
    for router in routers(dashboard.dashboard._site):
        for route in router.routes:
            if isinstance(route, APIRoute):
                for method in route.methods or ():
                    yield method, route.path


def leaked(answer: httpx.Response, hidden: Hidden) -> list[str]:
    # A page that says "not found" leads back to the address that was asked for.
    text = answer.text.replace(answer.request.url.path, "")
    return [mark for mark in hidden.marks if mark in text]


def test_no_page_photo_export_or_form_shows_another_shop(
    dashboard: RunningDashboard, world: World, hidden: Hidden
) -> None:
    """U-25."""
    for role in (Role.MANAGER, Role.AGENT, Role.PACKER):
        world.add_member(f"{role}-{EVERY}", role)
        world.add_member(f"{role}-{SOME}", role, [hidden.own_shop_id])
        with (
            dashboard.browser(f"{role}-{EVERY}") as every,
            dashboard.browser(f"{role}-{SOME}") as some,
        ):
            shown = walked(dashboard, hidden, every, some)
            if role is Role.PACKER:  # sees their own shift, and these are not of it
                continue
            assert "2611OWN" in some.get("/parcelguard/log").text
            assert some.get(f"/parcelguard/proofs/{hidden.own_proof_id}").status_code == 200
        assert {"/parcelguard/log", "/photos/{sha256}", "/parcelguard/proofs/{proof_id}"} <= shown
        assert len(shown) >= 8, shown


def walked(
    dashboard: RunningDashboard, hidden: Hidden, every: httpx.Client, some: httpx.Client
) -> set[str]:
    """Ask for everything as both; the paths that show the shop to who may see it."""
    shown: set[str] = set()
    for method, path in sorted(routes(dashboard)):
        address = hidden.address(path)
        if path in {"/events", "/sign-out"} or path.startswith("/static/"):
            continue
        if method == "GET":
            answer, seen = some.get(address), every.get(address)
            assert leaked(answer, hidden) == [], path
            assert not hidden.is_named(path) or answer.status_code in {403, 404}, path
            if leaked(seen, hidden) or (hidden.is_named(path) and seen.status_code == 200):
                shown.add(path)
        elif method == "POST" and hidden.is_named(path):
            assert some.post(address, data=FORM).status_code in {403, 404}, path
    return shown


def test_filters_counts_and_many_at_once_stay_within_the_shops(
    dashboard: RunningDashboard, world: World, hidden: Hidden
) -> None:
    world.add_member(SOME, Role.MANAGER, [hidden.own_shop_id])
    queries = (
        "?code=HIDDEN-ORDER",
        "?code=HIDDEN-TRACK",
        f"?shop={hidden.shop_id}",
        "?channel=shopee",
        f"?channel=shopee&shop={hidden.shop_id}",
        "?state=failed",
        "?state=unsent",
        f"?table={world.table_id}",
        f"?table={world.table_id}&state=not-confirmed",
        "?photos=2",
        f"?from={DAY:%Y-%m-%d}&to={DAY:%Y-%m-%d}",
        f"?after={hidden.proof_id - 2}",
    )
    with dashboard.browser(SOME) as some:
        for query in queries:
            for path in ("/parcelguard/log", "/parcelguard/log/rows", "/parcelguard/log/export"):
                answer = some.get(path + query)
                if answer.status_code != 404:
                    assert not {"HIDDEN-OTHER", "Hidden Shop"} & set(
                        re.findall(r"[\w-]+", answer.text)
                    ), query
                    assert f'id="proof-{hidden.proof_id}"' not in answer.text
        some.post("/parcelguard/log/bulk?state=failed", data={"upto": "9999", "note": "again"})
        newest = newest_dispatch(world, hidden.proof_id)
        choice = f"{hidden.proof_id}:{newest}"
        some.post("/parcelguard/needs-person", data={"chosen": choice, "answer": "send"})
        assert newest_dispatch(world, hidden.proof_id) == newest


def newest_dispatch(world: World, proof_id: int) -> int:
    with world.database.read(world.scope) as session:
        found = select(Dispatch.id).where(Dispatch.proof_id == proof_id).order_by(Dispatch.id)
        return session.scalars(found).all()[-1]


@only_sqlite
def test_the_stream_tells_of_the_members_own_shops_alone(
    dashboard: RunningDashboard, world: World, hidden: Hidden
) -> None:
    world.add_member(SOME, Role.AGENT, [hidden.own_shop_id])
    start = dashboard.feed.position()
    with dashboard.browser(SOME) as some, listening(some, start) as events:
        next(events)
        world.change_state(hidden.proof_id, DispatchState.SENT)
        world.change_state(hidden.own_proof_id, DispatchState.FAILED)
        topics = next(events)[2]
        while "log" not in topics:
            topics = next(events)[2]
    with world.database.read(world.scope) as session:
        keys = {
            proof_id: session.get_one(Proof, proof_id).proof_key
            for proof_id in (hidden.proof_id, hidden.own_proof_id)
        }
    assert f"proof-key:{keys[hidden.own_proof_id]}" in topics
    assert f"proof-key:{keys[hidden.proof_id]}" not in topics


@only_sqlite
def test_the_stream_tells_a_role_what_its_pages_show(
    dashboard: RunningDashboard, world: World
) -> None:
    world.add_member(SOME, Role.IT)
    start = dashboard.feed.position()
    with dashboard.browser(SOME) as some, listening(some, start) as events:
        next(events)
        world.add_proof("2611210MINE", DispatchState.QUEUED, photos=0)
        world.tell_health(sign="open")
        assert next(events)[2] == ["table-health", f"table:{world.table_id}"]


@only_sqlite
def test_shops_are_taken_away_from_the_next_page_on(
    dashboard: RunningDashboard, world: World, hidden: Hidden
) -> None:
    member = world.add_member(SOME, Role.AGENT)
    page = f"/parcelguard/proofs/{hidden.proof_id}"
    with dashboard.browser(world.email) as owner, dashboard.browser(SOME) as some:
        assert some.get(page).status_code == 200
        chosen = {"reach": "some", "shops": [str(hidden.own_shop_id)]}
        answer = owner.post(f"/members/{member}/shops", data=chosen)
        assert answer.headers["location"] == "/members?notice=shops-changed"
        assert some.get(page).status_code == 404
        owner.post(f"/members/{member}/shops", data={"reach": "all"})
        assert some.get(page).status_code == 200


@only_sqlite
def test_an_owner_sees_all_shops_whatever_was_granted_before(
    dashboard: RunningDashboard, world: World, hidden: Hidden
) -> None:
    member = world.add_member(SOME, Role.AGENT, [hidden.own_shop_id])
    with dashboard.browser(world.email) as owner, dashboard.browser(SOME) as some:
        assert some.get(f"/parcelguard/proofs/{hidden.proof_id}").status_code == 404
        owner.post(f"/members/{member}/role", data={"role": "owner"})
        assert some.get(f"/parcelguard/proofs/{hidden.proof_id}").status_code == 200


@only_sqlite
def test_a_shop_of_another_organisation_is_granted_to_nobody(
    dashboard: RunningDashboard, world: World, hidden: Hidden
) -> None:
    stranger = dashboard.world("stranger@other.test", name="Other")
    member = world.add_member(SOME, Role.AGENT, [hidden.own_shop_id])
    with dashboard.browser(world.email) as owner:
        chosen = {"reach": "some", "shops": [str(stranger.shop_id)]}
        answer = owner.post(f"/members/{member}/shops", data=chosen)
        assert answer.headers["location"] == "/members?notice=no-shop"
    with dashboard.browser(SOME) as some:
        assert some.get(f"/parcelguard/proofs/{hidden.own_proof_id}").status_code == 200


@only_sqlite
def test_what_a_member_sends_again_stays_in_sight(
    dashboard: RunningDashboard, world: World, hidden: Hidden
) -> None:
    world.add_member(SOME, Role.AGENT, [hidden.own_shop_id])
    page = f"/parcelguard/proofs/{hidden.own_proof_id}"
    with dashboard.browser(SOME) as some:
        again = {"after": "0", "everything": "true", "note": "the buyer lost it"}
        assert some.post(f"{page}/resend", data=again).status_code == 303
        assert "the buyer lost it" in some.get(page).text
        assert "2611OWN" in some.get(f"/parcelguard/log?shop={hidden.own_shop_id}").text


@only_sqlite
def test_a_packer_of_some_shops_follows_what_they_captured(
    dashboard: RunningDashboard, world: World, hidden: Hidden
) -> None:
    """Its shop is not known before its order is found."""
    member = world.add_member(SOME, Role.PACKER, [hidden.own_shop_id])
    world.device_id = f"webcam-{member}"
    mine = world.add_proof("2611NEW", DispatchState.WAITING_FOR_ORDER)
    with world.database.read(world.scope) as session:
        key = session.get_one(Proof, mine).proof_key
        other = session.get_one(Proof, hidden.proof_id).proof_key
    with dashboard.browser(SOME) as some:
        orders = some.get(f"/fulfillment/progress?order={key}&order={other}").json()["orders"]
        assert set(orders) == {key}
        said = [
            some.get(f"/fulfillment/advice?code={code}").json()["known"]
            for code in ("HIDDEN-ORDER", "NOBODYS-ORDER")
        ]
        assert said[0] == said[1]


def test_nothing_is_written_into_a_shop_that_is_not_seen(world: World, hidden: Hidden) -> None:
    scope = scoped(world.organisation_id, Sight(frozenset({hidden.own_shop_id})))

    def rename(session: Session) -> None:
        session.get_one(Shop, hidden.own_shop_id).name = "Mine"

    def order(session: Session) -> None:
        fields = {"status": "READY", "ordered_at": DAY, "changed_at": DAY, "read_at": DAY}
        session.add(Order(shop_id=hidden.shop_id, order_number="NEW", **fields))

    world.database.write(rename, scope)
    with pytest.raises(ScopeViolation, match="of a shop that the member may not see"):
        world.database.write(order, scope)
