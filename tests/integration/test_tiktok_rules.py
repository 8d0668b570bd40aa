"""TikTok Shop's own rules, as its sandbox judges them, and what our adapter makes of each."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cloud.marketplaces.access import ShopAccess
from cloud.marketplaces.chats import (
    MessagePart,
    NotInChat,
    OrderCardPart,
    OutgoingMessage,
    SentMessage,
    TextPart,
)
from cloud.marketplaces.errors import (
    AuthorizationEnded,
    FailureClass,
    MarketplaceError,
    NotFound,
    PermanentError,
    RateLimited,
)
from cloud.marketplaces.http_clients import HttpClients
from cloud.marketplaces.interface import Marketplace
from cloud.marketplaces.registry import marketplace_for
from tests.support.market_sandbox import SeededOrder, running
from tests.support.tiktok_sandbox import TikTokSandbox, seller_of

HOUR_S = 3600
DAY_S = 24 * HOUR_S
MESSAGES = "/messages"


@pytest.fixture(scope="module")
def running_sandbox() -> Iterator[TikTokSandbox]:
    with running(TikTokSandbox) as started:
        yield started


@pytest.fixture
def sandbox(running_sandbox: TikTokSandbox) -> Iterator[TikTokSandbox]:
    yield running_sandbox
    running_sandbox.tell_true_time()
    running_sandbox.judge_by()


@pytest.fixture(scope="module")
def clients() -> Iterator[HttpClients]:
    made = HttpClients()
    yield made
    made.close()


@pytest.fixture
def tiktok(sandbox: TikTokSandbox, clients: HttpClients) -> Marketplace:
    return marketplace_for("tiktok", http=clients.get(), base_url=sandbox.base_url)


def opened(tiktok: Marketplace, access: ShopAccess, order: SeededOrder) -> str:
    return tiktok.open_conversation(access, order_number=order.number, buyer_id=order.buyer_id)


def send(
    tiktok: Marketplace,
    access: ShopAccess,
    order: SeededOrder,
    part: MessagePart,
    conversation_id: str = "",
) -> SentMessage:
    """Into this conversation, else into the one that is opened for it."""
    into = conversation_id or opened(tiktok, access, order)
    message = OutgoingMessage(order.buyer_id, order.number, part, into)
    return tiktok.send(access, message, deadline_s=30)


PACKED = TextPart("Your order is packed.")


def requests_of(sandbox: TikTokSandbox, access: ShopAccess, path_end: str) -> list[dict[str, Any]]:
    logged: list[dict[str, Any]] = sandbox.control.get("/control/requests").json()
    return [
        one for one in logged if one["shop_id"] == access.shop_id and one["path"].endswith(path_end)
    ]


def second_shop(sandbox: TikTokSandbox, access: ShopAccess) -> ShopAccess:
    """Another shop of the same seller: the same token, a cipher of its own."""
    shop_id = f"{access.shop_id}2"
    body = {
        "shop_id": shop_id,
        "shop_name": "Second shop",
        "region": "MY",
        "seller_id": seller_of(access.shop_id),
        "cipher": f"GCP_{shop_id}",
    }
    assert sandbox.control.post("/control/shops", json=body).is_success
    return replace(access, shop_id=shop_id, country="MY", cipher=body["cipher"])


def test_a_conversation_closes_by_itself_and_opening_brings_the_same_back(
    sandbox: TikTokSandbox, tiktok: Marketplace
) -> None:
    """Six hours after the last word. A conversation is opened for every dispatch for this."""
    access = sandbox.new_shop()
    order = sandbox.new_order(access)
    first = send(tiktok, access, order, PACKED)
    sandbox.advance(7 * HOUR_S)
    with pytest.raises(PermanentError) as caught:
        send(tiktok, access, order, PACKED, first.conversation_id)
    assert caught.value.failure is FailureClass.WINDOW_CLOSED
    second = send(tiktok, access, order, PACKED)
    assert second.conversation_id == first.conversation_id
    assert len(sandbox.chat(access, order)) == 2


def test_an_order_that_is_too_old_is_a_closed_window(
    sandbox: TikTokSandbox, tiktok: Marketplace
) -> None:
    access = sandbox.new_shop()
    order = sandbox.new_order(access, age_hours=61 * 24)
    with pytest.raises(PermanentError) as caught:
        opened(tiktok, access, order)
    assert caught.value.failure is FailureClass.WINDOW_CLOSED


def test_one_token_serves_two_shops_and_the_cipher_picks(
    sandbox: TikTokSandbox, tiktok: Marketplace
) -> None:
    first = sandbox.new_shop()
    second = second_shop(sandbox, first)
    ours, theirs = sandbox.new_order(first), sandbox.new_order(second)
    assert tiktok.order(first, ours.number).buyer_id == ours.buyer_id
    assert tiktok.order(second, theirs.number).buyer_id == theirs.buyer_id
    with pytest.raises(NotFound):
        tiktok.order(first, theirs.number)
    assert tiktok.shop_facts(second).name == "Second shop"
    send(tiktok, second, theirs, PACKED)
    assert tiktok.conversations(first).conversations == ()


@pytest.mark.parametrize("cipher", ["", "GCP_of_nobody"])
def test_without_the_right_cipher_a_person_has_to_authorize(
    sandbox: TikTokSandbox, tiktok: Marketplace, cipher: str
) -> None:
    access = sandbox.new_shop()
    order = sandbox.new_order(access)
    with pytest.raises(AuthorizationEnded):
        tiktok.order(replace(access, cipher=cipher), order.number)


def test_a_cipher_of_another_seller_is_no_good(sandbox: TikTokSandbox, tiktok: Marketplace) -> None:
    access, other = sandbox.new_shop(), sandbox.new_shop()
    order = sandbox.new_order(other)
    with pytest.raises(AuthorizationEnded):
        tiktok.order(replace(access, cipher=other.cipher), order.number)


def test_a_seller_with_several_shops_consents_once_for_all(
    sandbox: TikTokSandbox, tiktok: Marketplace
) -> None:
    first = sandbox.new_shop()
    second = second_shop(sandbox, first)
    link = tiktok.authorize_link(first.app, redirect_url="https://unused.test/", state="nonce-1")
    back = sandbox.consent(link, first)
    assert back["state"] == "nonce-1"
    tokens = tiktok.exchange_code(first.app, back)
    assert {shop.shop_id: shop.cipher for shop in tokens.shops} == {
        first.shop_id: first.cipher,
        second.shop_id: second.cipher,
    }
    for shop in tokens.shops:
        access = ShopAccess(first.app, shop.shop_id, shop.country, tokens.access_token, shop.cipher)
        assert tiktok.shop_facts(access).country == shop.country
    days = (tokens.access_expires_at - datetime.now(UTC)) / timedelta(days=1)
    assert days == pytest.approx(7, abs=0.1)
    assert tokens.refresh_expires_at > tokens.access_expires_at

    renewed = tiktok.refresh(first.app, shop_id=first.shop_id, refresh_token=tokens.refresh_token)
    assert renewed.cipher_of(first.shop_id) == ""
    held = replace(first, access_token=renewed.access_token)
    assert tiktok.shop_facts(held).name


def test_a_seller_who_refuses_comes_back_with_that(
    sandbox: TikTokSandbox, tiktok: Marketplace
) -> None:
    access = sandbox.new_shop()
    link = tiktok.authorize_link(access.app, redirect_url="https://unused.test/", state="n")
    page = sandbox.control.get(link).text
    ticket = page.partition('name="ticket" value="')[2].partition('"')[0]
    answered = sandbox.control.post("/consent", data={"ticket": ticket, "account": "refuse"})
    back = dict(answered.next_request.url.params) if answered.next_request else {}
    assert (back["code"], back["error"]) == ("null", "auth_denied")
    with pytest.raises(AuthorizationEnded, match="auth_denied"):
        tiktok.exchange_code(access.app, back)


@pytest.mark.parametrize(
    ("scopes", "may_chat", "may_read_orders"),
    [
        (["seller.order.info"], False, True),
        (["seller.customer_service"], True, False),
    ],
)
def test_a_scope_that_is_missing_needs_a_person(
    sandbox: TikTokSandbox,
    tiktok: Marketplace,
    scopes: list[str],
    may_chat: bool,
    may_read_orders: bool,
) -> None:
    """The scope for chats is off until TikTok has reviewed the app."""
    access = sandbox.new_shop(sandbox.new_app(scopes=scopes))
    order = sandbox.new_order(access)
    for allowed, ask in (
        (may_chat, lambda: send(tiktok, access, order, PACKED)),
        (may_read_orders, lambda: tiktok.order(access, order.number)),
    ):
        if allowed:
            assert ask() is not None
        else:
            with pytest.raises(AuthorizationEnded):
                ask()


def test_a_used_up_day_is_asked_again_in_an_hour(
    sandbox: TikTokSandbox, tiktok: Marketplace
) -> None:
    sandbox.judge_by(chat_calls_per_day=1)
    access = sandbox.new_shop()
    order = sandbox.new_order(access)
    send(tiktok, access, order, PACKED)
    with pytest.raises(RateLimited) as caught:
        send(tiktok, access, order, TextPart("one more"))
    assert caught.value.retry_after_s == HOUR_S
    assert len(sandbox.chat(access, order)) == 1


def test_reading_back_costs_two_requests_at_most(
    sandbox: TikTokSandbox, tiktok: Marketplace
) -> None:
    """A day has 10,000 of them (marketplace-apis 3.4 and 3.8)."""
    access = sandbox.new_shop()
    order = sandbox.new_order(access)
    for number in range(35):
        sandbox.write(access, order, f"question {number}")
    message = OutgoingMessage(order.buyer_id, order.number, PACKED, opened(tiktok, access, order))
    outcome = tiktok.read_back(access, message, since=datetime.now(UTC))
    assert outcome == NotInChat(is_complete=False)
    assert len(requests_of(sandbox, access, MESSAGES)) == 2


@pytest.mark.parametrize("text", ["see https://elsewhere.test", "x" * 2001, "call me on whatsapp"])
def test_a_text_that_is_not_taken_is_not_in_the_chat(
    sandbox: TikTokSandbox, tiktok: Marketplace, text: str
) -> None:
    """Too long is a bad parameter, whose code on a send may also be an internal error."""
    access = sandbox.new_shop()
    order = sandbox.new_order(access)
    with pytest.raises(MarketplaceError):
        send(tiktok, access, order, TextPart(text))
    assert sandbox.chat(access, order) == []
    message = OutgoingMessage(
        order.buyer_id, order.number, TextPart(text), opened(tiktok, access, order)
    )
    began_at = datetime.now(UTC)
    assert tiktok.read_back(access, message, since=began_at) == NotInChat(is_complete=True)


def test_the_card_of_another_buyers_order_is_refused_content(
    sandbox: TikTokSandbox, tiktok: Marketplace
) -> None:
    access = sandbox.new_shop()
    order, other = sandbox.new_order(access), sandbox.new_order(access)
    with pytest.raises(PermanentError) as caught:
        send(tiktok, access, order, OrderCardPart(other.number))
    assert caught.value.failure is FailureClass.REFUSED_CONTENT


def test_a_tracking_number_that_only_the_package_has_is_found(
    sandbox: TikTokSandbox, tiktok: Marketplace
) -> None:
    access = sandbox.new_shop()
    order = sandbox.place_order(access, parcels={"P1": "", "P2": "TT2"})
    assert tiktok.tracking_number(access, order_number=order.number) == "TT2"
    assert tiktok.tracking_number(access, order_number=order.number, parcel_number="P1") == ""
    sandbox.issue_tracking_number(order, "P1", "TT1")
    assert tiktok.tracking_number(access, order_number=order.number, parcel_number="P1") == "TT1"


def test_masked_people_stay_as_they_are(sandbox: TikTokSandbox, tiktok: Marketplace) -> None:
    access = sandbox.new_shop()
    order = tiktok.order(access, sandbox.new_order(access, masked=True).number)
    assert order.recipient is not None
    assert "*" in order.recipient.phone
    assert order.buyer_name


def test_an_order_that_a_buyer_wants_to_cancel_says_so(
    sandbox: TikTokSandbox, tiktok: Marketplace
) -> None:
    access = sandbox.new_shop()
    number = sandbox.new_order(access).number
    assert not tiktok.order(access, number).is_cancel_requested
    path = f"/control/orders/{number}"
    assert sandbox.control.patch(path, json={"cancel_requested": True}).is_success
    seen = tiktok.order(access, number)
    assert (seen.is_cancel_requested, seen.is_cancelled) == (True, False)
