"""Lazada's own rules, as its sandbox judges them, and what our adapter makes of each refusal."""

import io
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape

import httpx
import pytest
from PIL import Image

from cloud.marketplaces.access import ShopAccess
from cloud.marketplaces.chats import Found, ImagePart, OutgoingMessage, SentMessage, TextPart
from cloud.marketplaces.errors import (
    AuthorizationEnded,
    FailureClass,
    MarketplaceError,
    PermanentError,
    RateLimited,
    TokenRejected,
)
from cloud.marketplaces.http_clients import HttpClients
from cloud.marketplaces.interface import Marketplace
from cloud.marketplaces.registry import marketplace_for
from tests.support.lazada_sandbox import LazadaSandbox
from tests.support.market_sandbox import SeededOrder, running


@pytest.fixture(scope="module")
def sandbox() -> Iterator[LazadaSandbox]:
    with running(LazadaSandbox) as started:
        yield started


@pytest.fixture(autouse=True)
def usual_limits(sandbox: LazadaSandbox) -> Iterator[None]:
    yield
    sandbox.set_limits()


@pytest.fixture(scope="module")
def clients() -> Iterator[HttpClients]:
    made = HttpClients()
    yield made
    made.close()


@pytest.fixture
def lazada(sandbox: LazadaSandbox, clients: HttpClients) -> Marketplace:
    return marketplace_for("lazada", http=clients.get(), base_url=sandbox.base_url)


def opened(lazada: Marketplace, access: ShopAccess, order: SeededOrder) -> str:
    return lazada.open_conversation(access, order_number=order.number, buyer_id=order.buyer_id)


def send(
    lazada: Marketplace, access: ShopAccess, order: SeededOrder, text: str = "packed"
) -> SentMessage:
    session_id = opened(lazada, access, order)
    message = OutgoingMessage(order.buyer_id, order.number, TextPart(text), session_id)
    return lazada.send(access, message, deadline_s=30)


def picture(format_name: str = "JPEG", side_px: int = 64) -> bytes:
    out = io.BytesIO()
    Image.effect_noise((side_px, side_px), 90).convert("RGB").save(out, format_name)
    return out.getvalue()


def test_an_order_that_is_too_old_is_a_closed_window(
    sandbox: LazadaSandbox, lazada: Marketplace
) -> None:
    access = sandbox.new_shop()
    order = sandbox.new_order(access, age_hours=31 * 24)
    with pytest.raises(PermanentError) as caught:
        opened(lazada, access, order)
    assert caught.value.failure is FailureClass.WINDOW_CLOSED


@pytest.mark.parametrize("names", ["err", "error"])
def test_both_spellings_of_a_chats_refusal_are_understood(
    sandbox: LazadaSandbox, lazada: Marketplace, names: str
) -> None:
    sandbox.set_limits(im_error_names=names)
    access = sandbox.new_shop()
    with pytest.raises(PermanentError) as caught:
        opened(lazada, access, sandbox.new_order(access, age_hours=31 * 24))
    assert caught.value.failure is FailureClass.WINDOW_CLOSED
    assert send(lazada, access, sandbox.new_order(access)).message_id


def test_the_sixth_message_without_an_answer_is_refused_until_the_buyer_writes(
    sandbox: LazadaSandbox, lazada: Marketplace
) -> None:
    """Its error is not documented: it must be known not sent, whatever its class."""
    access = sandbox.new_shop()
    order = sandbox.new_order(access)
    for number in range(5):
        send(lazada, access, order, f"message {number}")
    with pytest.raises(PermanentError):
        send(lazada, access, order, "one too many")
    assert len(sandbox.chat(access, order)) == 5
    sandbox.write(access, order, "thanks")
    assert send(lazada, access, order, "welcome").message_id


@pytest.mark.parametrize("how", ["word", "blocked"])
def test_a_message_that_failed_the_check_is_sent_but_known_as_hidden(
    sandbox: LazadaSandbox, lazada: Marketplace, how: str
) -> None:
    access = sandbox.new_shop()
    order = sandbox.new_order(access)
    if how == "blocked":
        sandbox.change_contact(access, order, blocked_by_buyer=True)
    began_at = datetime.now(UTC)
    text = "call me on WhatsApp" if how == "word" else "packed"
    sent = send(lazada, access, order, text)
    message = OutgoingMessage(order.buyer_id, order.number, TextPart(text), sent.conversation_id)
    outcome = lazada.read_back(access, message, since=began_at)
    assert isinstance(outcome, Found)
    assert (outcome.message.message_id, outcome.is_hidden) == (sent.message_id, True)
    assert sandbox.chat(access, order) == []


def test_a_token_of_an_app_for_orders_is_rejected_in_chats(
    sandbox: LazadaSandbox, lazada: Marketplace
) -> None:
    access = sandbox.new_shop(sandbox.new_app(category="seller_in_house"))
    order = sandbox.new_order(access)
    assert lazada.order(access, order.number).number == order.number
    with pytest.raises(TokenRejected):
        opened(lazada, access, order)


def test_an_app_for_chats_is_told_that_it_may_not_read_orders(
    sandbox: LazadaSandbox, lazada: Marketplace
) -> None:
    access = sandbox.new_shop(sandbox.new_app(category="in_house_im"))
    order = sandbox.new_order(access)
    assert send(lazada, access, order).message_id
    with pytest.raises(AuthorizationEnded):
        lazada.order(access, order.number)


def test_two_apps_of_one_shop_have_tokens_of_their_own(
    sandbox: LazadaSandbox, lazada: Marketplace
) -> None:
    """Orders by one, chat by the other (marketplace-apis 2.2)."""
    for_orders = sandbox.new_shop(sandbox.new_app(category="seller_in_house"))
    app = sandbox.new_app(category="in_house_im")
    token = sandbox.new_tokens(app, for_orders.shop_id)[0]
    for_chats = replace(for_orders, app=app, access_token=token)
    order = sandbox.new_order(for_orders)
    assert lazada.order(for_orders, order.number).buyer_id == order.buyer_id
    assert send(lazada, for_chats, order).message_id


@pytest.mark.parametrize("status", ["INACTIVE", "UNVERIFIED"])
def test_a_seller_who_is_not_in_order_needs_a_person(
    sandbox: LazadaSandbox, lazada: Marketplace, status: str
) -> None:
    access = sandbox.new_shop()
    order = sandbox.new_order(access)
    sandbox.change_shop(access, status=status)
    with pytest.raises(MarketplaceError) as caught:
        lazada.order(access, order.number)
    assert caught.value.failure is FailureClass.AUTHORIZATION
    assert not caught.value.retry_helps


def test_a_ban_is_a_rate_limit_with_the_seconds_it_names(
    sandbox: LazadaSandbox, lazada: Marketplace
) -> None:
    access = sandbox.new_shop()
    sandbox.set_limits(requests_per_second=1, ban_s=33)
    lazada.shop_facts(access)
    with pytest.raises(RateLimited) as caught:
        lazada.shop_facts(access)
    assert caught.value.retry_after_s == pytest.approx(33, abs=1)


def test_one_reading_after_an_unknown_send_is_no_polling(
    sandbox: LazadaSandbox, lazada: Marketplace
) -> None:
    sandbox.set_limits(list_reads_per_hour=1)
    access = sandbox.new_shop()
    order = sandbox.new_order(access)
    began_at = datetime.now(UTC)
    sent = send(lazada, access, order)
    message = OutgoingMessage(order.buyer_id, "", TextPart("packed"), sent.conversation_id)
    assert isinstance(lazada.read_back(access, message, since=began_at), Found)
    assert not sandbox.list_permission_withdrawn(access)


def test_who_polled_is_told_that_a_person_has_to_act(
    sandbox: LazadaSandbox, lazada: Marketplace
) -> None:
    sandbox.set_limits(list_reads_per_hour=1)
    access = sandbox.new_shop()
    for _ in range(2):
        lazada.conversations(access)
    assert sandbox.list_permission_withdrawn(access)
    with pytest.raises(AuthorizationEnded):
        lazada.conversations(access)


@pytest.mark.parametrize(
    "image", [picture(side_px=1600), picture("GIF"), b"\xff\xd8\xff no picture", picture()[:-80]]
)
def test_a_picture_that_is_not_taken_is_refused_content(
    sandbox: LazadaSandbox, lazada: Marketplace, image: bytes
) -> None:
    with pytest.raises(PermanentError) as caught:
        lazada.upload_image(sandbox.new_shop(), image)
    assert caught.value.failure is FailureClass.REFUSED_CONTENT


@pytest.mark.parametrize("format_name", ["JPEG", "PNG"])
def test_a_picture_arrives_as_it_was_uploaded(
    sandbox: LazadaSandbox, lazada: Marketplace, format_name: str
) -> None:
    access = sandbox.new_shop()
    order = sandbox.new_order(access)
    image = picture(format_name)
    uploaded = lazada.upload_image(access, image, media_type=f"image/{format_name.lower()}")
    part = ImagePart(uploaded.url, uploaded.width_px, uploaded.height_px)
    session_id = opened(lazada, access, order)
    message = OutgoingMessage(order.buyer_id, order.number, part, session_id)
    lazada.send(access, message, deadline_s=30)
    (seen,) = sandbox.chat(access, order)
    assert (seen["image"]["width"], seen["image"]["height"]) == (64, 64)
    assert httpx.get(uploaded.url).content == image


def test_a_window_with_more_orders_than_an_offset_reaches_is_read_whole(
    sandbox: LazadaSandbox, lazada: Marketplace
) -> None:
    """Lazada lets an offset go to 5000; the sandbox is told a lower one."""
    sandbox.set_limits(most_offset=20)
    access = sandbox.new_shop()
    buyer_id = sandbox.new_order(access, age_hours=100).buyer_id
    numbers = {
        sandbox.new_order(access, age_hours=number / 4, buyer_id=buyer_id).number
        for number in range(150)
    }
    since, until = datetime.now(UTC) - timedelta(days=3), datetime.now(UTC)
    seen: set[str] = set()
    cursor, pages = "", 0
    while pages == 0 or cursor:
        page = lazada.orders(access, since=since, until=until, cursor=cursor)
        seen |= {order.number for order in page.orders}
        cursor, pages = page.next_cursor, pages + 1
        assert pages < 100
    assert seen == numbers


@pytest.mark.parametrize("style", ["space", "t"])
def test_both_forms_of_times_are_read(
    sandbox: LazadaSandbox, lazada: Marketplace, style: str
) -> None:
    sandbox.set_limits(time_style=style)
    access = sandbox.new_shop(region="TH")
    order = lazada.order(access, sandbox.new_order(access, age_hours=3).number)
    age = datetime.now(UTC) - order.created_at
    assert abs(age - timedelta(hours=3)) < timedelta(minutes=5)


def test_masked_people_stay_as_they_are(sandbox: LazadaSandbox, lazada: Marketplace) -> None:
    access = sandbox.new_shop()
    order = lazada.order(access, sandbox.new_order(access).number)
    assert order.recipient is not None
    assert "*" in order.recipient.phone


def consent(link: str) -> httpx.URL:
    """Open the link as the seller, choose the last account, and see where one comes back to."""
    with httpx.Client(follow_redirects=False) as browser:
        shown = browser.get(link)
        ticket = re.search(r'name="ticket" value="([^"]+)"', shown.text)
        accounts = re.findall(r'name="account" value="([^"]+)"', shown.text)
        assert ticket is not None, shown.text
        form = {"ticket": ticket[1], "account": unescape(accounts[-1])}
        address = httpx.URL(link).join("/consent")
        return httpx.URL(browser.post(address, data=form).headers["location"])


def test_a_seller_who_consents_comes_back_with_a_code_that_becomes_tokens(
    sandbox: LazadaSandbox, lazada: Marketplace
) -> None:
    shop = sandbox.new_shop()
    link = lazada.authorize_link(
        shop.app, redirect_url="https://app.test/back?lang=en", state="nonce-1"
    )
    back = consent(link)
    assert (back.host, back.params["state"], back.params["lang"]) == ("app.test", "nonce-1", "en")
    tokens = lazada.exchange_code(shop.app, dict(back.params))
    assert len(tokens.shops) == 1
    access = replace(shop, shop_id=tokens.shops[0].shop_id, access_token=tokens.access_token)
    assert lazada.shop_facts(access).country == tokens.shops[0].country
    days = (tokens.refresh_expires_at - datetime.now(UTC)) / timedelta(days=1)
    assert days == pytest.approx(180, abs=0.1)
    with pytest.raises(AuthorizationEnded):
        lazada.exchange_code(shop.app, dict(back.params))


def test_a_refresh_does_not_put_off_the_end_of_refreshing(
    sandbox: LazadaSandbox, lazada: Marketplace
) -> None:
    access = sandbox.new_shop()
    refresh_token = sandbox.new_tokens(access.app, access.shop_id)[1]
    sandbox.set_limits(refresh_token_life_s=10)
    tokens = lazada.refresh(access.app, shop_id=access.shop_id, refresh_token=refresh_token)
    days = (tokens.refresh_expires_at - datetime.now(UTC)) / timedelta(days=1)
    assert days == pytest.approx(180, abs=0.1)
    assert tokens.shop_ids == (access.shop_id,)


@pytest.mark.parametrize("category", ["erp", "erp_im"])
def test_a_subscription_cannot_be_refreshed(
    sandbox: LazadaSandbox, lazada: Marketplace, category: str
) -> None:
    access = sandbox.new_shop(sandbox.new_app(category=category))
    refresh_token = sandbox.new_tokens(access.app, access.shop_id)[1]
    with pytest.raises(AuthorizationEnded):
        lazada.refresh(access.app, shop_id=access.shop_id, refresh_token=refresh_token)
