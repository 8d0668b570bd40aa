"""Shopee's own rules, as its sandbox judges them, and what our adapter makes of each refusal."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape

import httpx
import pytest

from cloud.marketplaces.access import ShopAccess
from cloud.marketplaces.chats import ImagePart, OrderCardPart, OutgoingMessage, TextPart
from cloud.marketplaces.errors import (
    AuthorizationEnded,
    FailureClass,
    MarketplaceError,
    OrderCardNeeded,
    PermanentError,
    RepeatedContent,
)
from cloud.marketplaces.http_clients import HttpClients
from cloud.marketplaces.interface import Marketplace
from cloud.marketplaces.registry import marketplace_for
from tests.support.shopee_sandbox import SeededOrder, ShopeeSandbox, running_shopee_sandbox


@pytest.fixture(scope="module")
def sandbox() -> Iterator[ShopeeSandbox]:
    with running_shopee_sandbox() as running:
        yield running


@pytest.fixture(scope="module")
def clients() -> Iterator[HttpClients]:
    made = HttpClients()
    yield made
    made.close()


@pytest.fixture
def shopee(sandbox: ShopeeSandbox, clients: HttpClients) -> Marketplace:
    return marketplace_for("shopee", http=clients.get(), base_url=sandbox.base_url)


def send(
    shopee: Marketplace, access: ShopAccess, order: SeededOrder, text: str, about: str | None = None
) -> None:
    number = order.number if about is None else about
    message = OutgoingMessage(order.buyer_id, number, TextPart(text))
    shopee.send(access, message, deadline_s=30)


Break = Callable[[ShopeeSandbox, ShopAccess, SeededOrder], object]

# What is changed before the send, and how its refusal is to be understood.
REFUSALS: list[tuple[str, Break, FailureClass]] = [
    (
        "blocked by the buyer",
        lambda s, a, o: s.change_contact(a, o, blocked_by_buyer=True),
        FailureClass.BUYER_UNREACHABLE,
    ),
    (
        "blocked by the shop",
        lambda s, a, o: s.change_contact(a, o, blocked_by_shop=True),
        FailureClass.BUYER_UNREACHABLE,
    ),
    (
        "chats assigned to sub-accounts",
        lambda s, a, _: s.change_shop(a, subaccount="assigned"),
        FailureClass.CHANNEL_CANNOT_SEND,
    ),
    (
        "chats bound to sub-accounts",
        lambda s, a, _: s.change_shop(a, subaccount="bound"),
        FailureClass.CHANNEL_CANNOT_SEND,
    ),
    (
        "stopped by safety systems",
        lambda s, a, _: s.change_shop(a, safety_block=True),
        FailureClass.REFUSED_CONTENT,
    ),
    (
        "banned shop",
        lambda s, a, _: s.change_shop(a, status="BANNED"),
        FailureClass.AUTHORIZATION,
    ),
]


@pytest.mark.parametrize(
    ("change", "failure"), [r[1:] for r in REFUSALS], ids=[r[0] for r in REFUSALS]
)
def test_a_refused_send_has_its_class_and_is_not_in_the_chat(
    change: Break, failure: FailureClass, sandbox: ShopeeSandbox, shopee: Marketplace
) -> None:
    access = sandbox.new_shop()
    order = sandbox.new_order(access)
    change(sandbox, access, order)
    with pytest.raises(PermanentError) as caught:
        send(shopee, access, order, "packed")
    assert caught.value.failure is failure
    assert sandbox.chat(access, order) == []


def test_a_closed_window_is_told_apart(sandbox: ShopeeSandbox, shopee: Marketplace) -> None:
    access = sandbox.new_shop()
    order = sandbox.new_order(access, age_hours=31 * 24)
    with pytest.raises(PermanentError) as caught:
        send(shopee, access, order, "packed")
    assert caught.value.failure is FailureClass.WINDOW_CLOSED


def test_the_sixth_message_without_an_answer_is_refused_until_the_buyer_writes(
    sandbox: ShopeeSandbox, shopee: Marketplace
) -> None:
    access = sandbox.new_shop()
    order = sandbox.new_order(access)
    for number in range(5):
        send(shopee, access, order, f"message {number}")
    with pytest.raises(PermanentError) as caught:
        send(shopee, access, order, "one too many")
    assert caught.value.failure is FailureClass.MESSAGE_LIMIT
    sandbox.write(access, order, "thank you")
    send(shopee, access, order, "welcome")


def test_the_same_text_again_is_refused_as_a_repeat(
    sandbox: ShopeeSandbox, shopee: Marketplace
) -> None:
    access = sandbox.new_shop()
    order = sandbox.new_order(access)
    send(shopee, access, order, "packed")
    with pytest.raises(RepeatedContent):
        send(shopee, access, order, "packed")


@pytest.mark.parametrize(("length", "fits"), [(600, True), (601, False)])
def test_text_is_limited_to_600_characters_of_any_script(
    length: int, fits: bool, sandbox: ShopeeSandbox, shopee: Marketplace
) -> None:
    access = sandbox.new_shop()
    order = sandbox.new_order(access)
    assert shopee.capabilities("SG").text_limit_chars == 600
    if fits:
        send(shopee, access, order, "包" * length)
        return
    with pytest.raises(PermanentError) as caught:
        send(shopee, access, order, "包" * length)
    assert caught.value.failure is FailureClass.REFUSED_CONTENT


def test_a_first_message_without_its_order_asks_for_the_order_card(
    sandbox: ShopeeSandbox, shopee: Marketplace
) -> None:
    access = sandbox.new_shop()
    order = sandbox.new_order(access)
    with pytest.raises(OrderCardNeeded):
        send(shopee, access, order, "packed", about="")
    card = OutgoingMessage(order.buyer_id, order.number, OrderCardPart(order.number))
    shopee.send(access, card, deadline_s=30)
    send(shopee, access, order, "packed", about="")


@pytest.mark.parametrize("data", [b"no picture", b"\xff\xd8\xff" + bytes(3_000_000)])
def test_a_picture_that_is_none_or_too_large_is_refused(
    data: bytes, sandbox: ShopeeSandbox, shopee: Marketplace
) -> None:
    with pytest.raises(PermanentError) as caught:
        shopee.upload_image(sandbox.new_shop(), data)
    assert caught.value.failure is FailureClass.REFUSED_CONTENT


def test_an_address_that_was_never_uploaded_is_no_success(
    sandbox: ShopeeSandbox, shopee: Marketplace
) -> None:
    access = sandbox.new_shop()
    order = sandbox.new_order(access)
    part = ImagePart("https://cf.shopee.sg/file/never-uploaded")
    with pytest.raises(MarketplaceError):
        shopee.send(access, OutgoingMessage(order.buyer_id, order.number, part), deadline_s=30)
    assert sandbox.chat(access, order) == []


def test_taiwan_and_apps_without_the_chat_category_cannot_send(
    sandbox: ShopeeSandbox, shopee: Marketplace
) -> None:
    taiwan = sandbox.new_shop(region="TW")
    erp = sandbox.new_shop(sandbox.new_app(category="erp"))
    for access in (taiwan, erp):
        order = sandbox.new_order(access)
        with pytest.raises(PermanentError) as caught:
            send(shopee, access, order, "packed")
        assert caught.value.failure in {
            FailureClass.AUTHORIZATION,
            FailureClass.CHANNEL_CANNOT_SEND,
        }


@pytest.mark.parametrize("off", [timedelta(minutes=-6), timedelta(minutes=6)])
def test_a_clock_that_is_wrong_is_no_reason_to_retry(
    off: timedelta, sandbox: ShopeeSandbox, clients: HttpClients
) -> None:
    access = sandbox.new_shop()
    wrong = marketplace_for(
        "shopee",
        http=clients.get(),
        base_url=sandbox.base_url,
        now=lambda: datetime.now(UTC) + off,
    )
    with pytest.raises(PermanentError, match="imestamp"):
        wrong.conversations(access)


def test_a_seller_authorizes_the_shop_and_comes_back_with_our_state(
    sandbox: ShopeeSandbox, shopee: Marketplace
) -> None:
    access = sandbox.new_shop()
    order = sandbox.new_order(access)
    link = shopee.authorize_link(
        access.app, redirect_url="https://seller.test/back?lang=en", state="nonce-1"
    )
    page = sandbox.control.get(link).raise_for_status().text
    ticket = re.search(r'name="ticket"[^>]*value="([^"]+)"', page)
    accounts = [unescape(value) for value in re.findall(r'value="([^"]*)"', page)]
    account = next(value for value in accounts if access.shop_id in value)
    assert ticket is not None
    consent = {"ticket": ticket[1], "account": account}
    answered = sandbox.control.post("/consent", data=consent)
    back = httpx.URL(answered.headers["location"])
    assert (back.host, back.params["state"], back.params["lang"]) == (
        "seller.test",
        "nonce-1",
        "en",
    )

    tokens = shopee.exchange_code(access.app, dict(back.params))
    assert tokens.shop_ids == (access.shop_id,)
    authorized = replace(access, access_token=tokens.access_token)
    assert shopee.order(authorized, order.number).number == order.number
    with pytest.raises(AuthorizationEnded):
        shopee.exchange_code(access.app, dict(back.params))


def test_a_refresh_token_works_once(sandbox: ShopeeSandbox, shopee: Marketplace) -> None:
    access = sandbox.new_shop()
    _, spent = sandbox.new_tokens(access.app, access.shop_id)
    shopee.refresh(access.app, shop_id=access.shop_id, refresh_token=spent)
    with pytest.raises(AuthorizationEnded):
        shopee.refresh(access.app, shop_id=access.shop_id, refresh_token=spent)
