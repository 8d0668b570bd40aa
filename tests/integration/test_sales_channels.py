"""Sales Channel: connect a shop, authorize it, switch its sending (S0-12 to S0-19, S0-24)."""

import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape

import httpx
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from cloud.conversations.models import Dispatch
from cloud.conversations.states import DispatchState, Reason
from cloud.database.base import utc_now
from cloud.shops.models import AppCredential, Authorization, Shop
from cloud.shops.service import AuthorizationState, NewShop, Purpose, add_shop
from cloud.sync.progress import note_long_reading, note_window
from tests.support.consent import consent
from tests.support.dashboard_rows import World
from tests.support.dashboard_server import RunningDashboard, text_of
from tests.support.shopee_sandbox import ShopeeSandbox, running_shopee_sandbox

PATH = "/sales-channels"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[ShopeeSandbox]:
    with running_shopee_sandbox() as running:
        yield running


@pytest.fixture
def browser(dashboard: RunningDashboard, world: World) -> Iterator[httpx.Client]:
    with dashboard.browser(world.email) as client:
        yield client


def at_the_sandbox(world: World, sandbox: ShopeeSandbox) -> None:
    def unit(session: Session) -> None:
        for row in session.scalars(select(AppCredential)):
            row.base_url = sandbox.base_url

    world.database.write(unit, world.scope)


def enter_keys(
    browser: httpx.Client, world: World, sandbox: ShopeeSandbox, purpose: str = "orders"
) -> str:
    """Enter the keys of a new app; the address of the page that follows."""
    app = sandbox.new_app()
    keys = {"app_id": app.app_id, "app_secret": app.app_secret}
    answer = browser.post(f"{PATH}/connect/shopee/SG/{purpose}", data=keys)
    assert answer.status_code == 303, answer.text
    at_the_sandbox(world, sandbox)
    return str(answer.headers["location"])


def link_on(page: httpx.Response) -> str:
    found = re.search(r'href="(http[^"]+auth_partner[^"]*)"', page.text)
    assert found is not None, page.text
    return unescape(found[1])


def go_through(browser: httpx.Client, address: str, external_id: str) -> str:
    """From the page with the link to the list; what the list says."""
    page = browser.get(address)
    assert page.status_code == 200, page.text
    back = consent(link_on(page), f"shop:{external_id}")
    answer = browser.get(str(back))
    assert answer.status_code == 303, answer.text
    return text_of(browser.get(answer.headers["location"]).text)


def add(world: World, channel: str, country: str, name: str) -> int:
    new = NewShop(channel, country, f"{name}-id", name, sends_per_second=1.0)
    return world.database.write(lambda session: add_shop(session, new, utc_now()).id, world.scope)


def change(world: World, shop_id: int, purpose: Purpose, **changes: object) -> None:
    def unit(session: Session) -> None:
        row = session.scalars(
            select(Authorization).where(
                Authorization.shop_id == shop_id, Authorization.purpose == purpose
            )
        ).one()
        for name, value in changes.items():
            setattr(row, name, value)

    world.database.write(unit, world.scope)


def test_only_what_was_asked_for_is_offered(browser: httpx.Client) -> None:
    """S0-15: Shopee, Lazada, TikTok Shop in Malaysia and Singapore."""
    page = browser.get(f"{PATH}/connect").text
    offered = set(re.findall(rf"{PATH}/connect/([a-z]+)/([A-Z]+)/orders", page))
    assert {country for channel, country in offered if channel == "tiktok"} == {"MY", "SG"}
    assert {channel for channel, _ in offered} == {"shopee", "lazada", "tiktok"}
    assert browser.get(f"{PATH}/connect/tiktok/TH/orders").status_code == 404
    assert browser.get(f"{PATH}/connect/amazon/US/orders").status_code == 404


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("shopee/MY/orders", ["Seller In-house System", "Partner ID", "Partner Key"]),
        ("lazada/MY/chat", ["In-house IM Chat", "App Key", "App Secret"]),
        ("tiktok/MY/orders", ["Customer Service", "App key", "Service ID"]),
        ("shopee/TW/orders", ["Shopee Taiwan allows no chat sending"]),
    ],
)
def test_what_is_needed_is_said_before_anything_is_asked_for(
    browser: httpx.Client, address: str, said: list[str]
) -> None:
    page = browser.get(f"{PATH}/connect/{address}")
    text = text_of(page.text)
    for words in said:
        assert words in text
    channel = address.partition("/")[0]
    assert f"/authorizations/{channel}/callback" in text


def test_a_seller_connects_a_shop_and_comes_back_to_it(
    browser: httpx.Client, world: World, sandbox: ShopeeSandbox
) -> None:
    """S0-17, S0-19: on return the row says authorized, without any editing."""
    external_id = sandbox.new_shop().shop_id
    said = go_through(browser, enter_keys(browser, world, sandbox), external_id)
    assert "Authorized. Orders and photos that waited for it go on." in said
    assert re.search(rf"Shop {external_id} .*Orders Authorized Authorized", said)


def test_chat_is_authorized_by_its_own_entry_of_the_menu(
    browser: httpx.Client, world: World, sandbox: ShopeeSandbox
) -> None:
    """S0-12, S0-14, S0-16, S0-18."""
    external_id = sandbox.new_shop().shop_id
    said = go_through(browser, enter_keys(browser, world, sandbox), external_id)
    assert "Chat Authorized Unauthorized" in said
    page = browser.get(PATH).text
    menu = re.search(r'href="([^"]+/SG/chat\?shop=\d+)"[^>]*>\s*Authorize/Update Chat Token', page)
    assert menu is not None
    address = unescape(menu[1])
    answer = browser.get(address)
    assert answer.headers["location"] == f"{PATH}/connect/shopee/SG/chat"  # its app comes first
    enter_keys(browser, world, sandbox, "chat")
    said = go_through(browser, address, external_id)
    assert re.search(r"Chat Authorized Authorized", said)


def test_tiktok_has_one_entry_for_both(browser: httpx.Client, world: World) -> None:
    """S0-13: chat follows the authorization of the sales channel."""
    shop_id = add(world, "tiktok", "MY", "Toko")
    page = browser.get(PATH).text
    assert f"/authorize/tiktok/MY/orders?shop={shop_id}" in page
    assert f"/authorize/tiktok/MY/chat?shop={shop_id}" not in page


def test_held_photos_go_on_once_the_chat_is_authorized(
    browser: httpx.Client, world: World, sandbox: ShopeeSandbox
) -> None:
    """S0-20: they were held, named their cause, and are looked at at once."""
    external_id = sandbox.new_shop().shop_id
    go_through(browser, enter_keys(browser, world, sandbox), external_id)
    with world.database.read(world.scope) as session:
        shop_id = session.scalars(select(Shop.id).where(Shop.external_id == external_id)).one()
    proof_id = world.add_proof("HELD1", DispatchState.HELD, reason=Reason.AUTHORIZATION)
    later = utc_now() + timedelta(hours=1)

    def hold(session: Session) -> None:
        held = session.scalars(select(Dispatch).where(Dispatch.proof_id == proof_id)).one()
        held.shop_id, held.next_check_at = shop_id, later

    world.database.write(hold, world.scope)
    enter_keys(browser, world, sandbox, "chat")
    go_through(browser, f"{PATH}/authorize/shopee/SG/chat?shop={shop_id}", external_id)
    with world.database.read(world.scope) as session:
        held = session.scalars(select(Dispatch).where(Dispatch.proof_id == proof_id)).one()
    assert held.next_check_at is not None
    assert held.next_check_at <= utc_now()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"state": AuthorizationState.EXPIRED}, "Expired"),
        ({"state": AuthorizationState.REVOKED}, "Revoked at the marketplace"),
        ({"state": AuthorizationState.NEVER}, "Unauthorized"),
        (
            {"state": AuthorizationState.AUTHORIZED, "ends_in": timedelta(days=15)},
            "Authorized",
        ),
        (
            {"state": AuthorizationState.AUTHORIZED, "ends_in": timedelta(days=13)},
            "Authorized, ends soon",
        ),
        ({"state": AuthorizationState.AUTHORIZED, "ends_in": timedelta(hours=-1)}, "Expired"),
    ],
)
def test_each_standing_has_its_words(
    browser: httpx.Client, world: World, changes: dict[str, object], words: str
) -> None:
    ends_in = changes.pop("ends_in", None)
    if isinstance(ends_in, timedelta):
        changes["ends_at"] = utc_now() + ends_in
    change(world, world.shop_id, Purpose.CHAT, **changes)
    changes["ends_in"] = ends_in
    text = text_of(browser.get(PATH).text)
    assert re.search(rf"Chat Authorized {words} (Ends|Status)", text)


@pytest.mark.parametrize("problem", ["state", "code", "nothing"])
def test_what_a_marketplace_did_not_give_changes_nothing_and_is_said(
    browser: httpx.Client, world: World, sandbox: ShopeeSandbox, problem: str
) -> None:
    page = browser.get(enter_keys(browser, world, sandbox))
    back = consent(link_on(page), f"shop:{sandbox.new_shop().shop_id}")
    changed = {
        "state": back.copy_set_param("state", "another"),
        "code": back.copy_set_param("code", "f" * 32),
        "nothing": back.copy_with(query=b""),
    }[problem]
    answer = browser.get(str(changed))
    text = text_of(browser.get(answer.headers["location"]).text)
    assert "Nothing was changed" in text
    with world.database.read(world.scope) as session:
        assert session.scalars(select(Shop.id)).all() == [world.shop_id]


def test_nobody_comes_back_without_having_signed_in(
    dashboard: RunningDashboard, world: World
) -> None:
    with dashboard.browser() as stranger:
        answer = stranger.get("/authorizations/shopee/callback?state=x&code=y&shop_id=1")
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in")


def test_the_secret_of_an_app_is_on_no_page(
    browser: httpx.Client, world: World, sandbox: ShopeeSandbox
) -> None:
    secret = sandbox.new_app().app_secret
    leave = enter_keys(browser, world, sandbox)
    for address in (PATH, leave, f"{PATH}/connect/shopee/SG/orders"):
        assert secret not in browser.get(address).text


def test_keys_that_are_kept_need_not_be_typed_again(
    browser: httpx.Client, world: World, sandbox: ShopeeSandbox
) -> None:
    app = sandbox.new_app()
    address = f"{PATH}/connect/shopee/SG/orders"
    browser.post(address, data={"app_id": app.app_id, "app_secret": app.app_secret})
    at_the_sandbox(world, sandbox)
    again = browser.post(address, data={"app_id": app.app_id, "app_secret": ""})
    assert again.status_code == 303
    said = go_through(browser, again.headers["location"], sandbox.new_shop().shop_id)
    assert "Authorized." in said
    another = browser.post(address, data={"app_id": "999", "app_secret": ""})
    assert another.status_code == 422
    assert "Fill in every key" in another.text


def test_the_address_for_pushes_is_shown_where_the_app_was_entered(
    browser: httpx.Client, world: World, sandbox: ShopeeSandbox
) -> None:
    text = browser.get(enter_keys(browser, world, sandbox)).text
    assert re.search(r"http://127\.0\.0\.1:\d+/hooks/shopee/[\w-]{20,}", text)


def test_a_first_reading_of_orders_shows_how_far_it_is(browser: httpx.Client, world: World) -> None:
    begins, ends = utc_now() - timedelta(days=30), utc_now()

    def begin(session: Session) -> None:
        note_long_reading(session, world.shop_id, begins, ends, is_first=True)
        session.flush()
        note_window(session, world.shop_id, begins + timedelta(days=3), 1234, utc_now())

    world.database.write(begin, world.scope)
    assert "Reading its orders: 1,234 so far, up to" in text_of(browser.get(PATH).text)
    world.database.write(
        lambda session: note_window(session, world.shop_id, ends, 1, utc_now()), world.scope
    )
    assert "Reading its orders" not in text_of(browser.get(PATH).text)


def preset_of(world: World) -> str:
    with world.database.read(world.scope) as session:
        return session.get_one(Shop, world.shop_id).preset_message


def test_the_preset_is_kept_on_save_and_shown_as_the_buyer_sees_it(
    browser: httpx.Client, world: World
) -> None:
    """S0-21, S0-22."""
    address = f"{PATH}/{world.shop_id}/preset"
    answer = browser.post(address, data={"text": "Order [order number]\r\nis packed. 謝謝"})
    assert "preset-saved" in answer.headers["location"]
    assert preset_of(world) == "Order [order number]\nis packed. 謝謝"
    assert "Order 261122ABCDEF12 is packed. 謝謝" in text_of(browser.get(address).text)
    browser.post(address, data={"text": " "})
    assert preset_of(world) == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Your parcel is packed.", "put [order number] into the text"),
        ("[order number] " + "x" * 595, "more than 600 characters"),
    ],
)
def test_a_preset_that_the_marketplace_would_refuse_is_not_kept(
    browser: httpx.Client, world: World, text: str, said: str
) -> None:
    before = preset_of(world)
    answer = browser.post(f"{PATH}/{world.shop_id}/preset", data={"text": text})
    assert answer.status_code == 422
    assert said in text_of(answer.text)
    assert text[:20] in answer.text  # what was typed is not lost
    assert preset_of(world) == before


def test_a_shop_is_authorized_in_its_own_country_alone(browser: httpx.Client, world: World) -> None:
    for country in ("SG", "XXX"):
        leave = f"{PATH}/authorize/shopee/{country}/orders?shop={world.shop_id}"
        assert browser.get(leave).status_code == 404


def test_shops_of_others_are_neither_seen_nor_switched(
    dashboard: RunningDashboard, world: World
) -> None:
    other = dashboard.world("other@demo.test", name="Other")
    with dashboard.browser(other.email) as client:
        switch = f"{PATH}/{world.shop_id}/sending"
        assert client.post(switch, data={"on": "false"}).status_code == 404
        batches = {"on": "true", "has_read_rule": "true"}
        address = f"{PATH}/{world.shop_id}/batches"
        assert client.post(address, data=batches).status_code == 404
        assert client.get(f"{PATH}/{world.shop_id}/preset").status_code == 404
        assert client.post(f"{PATH}/{world.shop_id}/preset", data={"text": ""}).status_code == 404
        leave = f"{PATH}/authorize/shopee/MY/orders?shop={world.shop_id}"
        assert client.get(leave).status_code == 404
        assert f"/{world.shop_id}/sending" not in client.get(PATH).text
