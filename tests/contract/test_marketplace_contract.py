"""What the interface promises, tried on every marketplace against its sandbox."""

import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from PIL import Image

from cloud.marketplaces.access import ShopAccess
from cloud.marketplaces.chats import (
    Conversation,
    Found,
    ImagePart,
    MessagePart,
    NotInChat,
    OrderCardPart,
    OutgoingMessage,
    TextPart,
)
from cloud.marketplaces.errors import (
    AuthorizationEnded,
    NotFound,
    OutcomeUnknown,
    PermanentError,
    RateLimited,
    TokenRejected,
    TransientError,
)
from cloud.marketplaces.http_clients import HttpClients
from cloud.marketplaces.interface import CountsUnread, Marketplace
from cloud.marketplaces.registry import marketplace_for
from tests.support.every_market import SANDBOXES
from tests.support.market_sandbox import MarketSandbox, SeededOrder, running

PARCELS = {"P1": "SPX1", "P2": ""}
# A code of a fault, and whether the message is in the chat after it.
UNKNOWN_OUTCOMES = [
    ("drop_before", False),
    ("drop_after", True),
    ("error_before", False),
    ("error_after", True),
]


@pytest.fixture(scope="module", params=SANDBOXES, ids=lambda kind: kind.channel)
def sandbox(request: pytest.FixtureRequest) -> Iterator[MarketSandbox]:
    with running(request.param) as started:
        yield started


@dataclass(frozen=True, slots=True)
class ShopUnderTest:
    """A new shop with one order, and the marketplace to reach it by."""

    sandbox: MarketSandbox
    marketplace: Marketplace
    access: ShopAccess
    order: SeededOrder


@pytest.fixture(scope="module")
def clients() -> Iterator[HttpClients]:
    made = HttpClients()
    yield made
    made.close()


@pytest.fixture
def shop(sandbox: MarketSandbox, clients: HttpClients) -> ShopUnderTest:
    marketplace = marketplace_for(sandbox.channel, http=clients.get(), base_url=sandbox.base_url)
    access = sandbox.new_shop()
    return ShopUnderTest(sandbox, marketplace, access, sandbox.place_order(access))


def picture() -> bytes:
    out = io.BytesIO()
    Image.effect_noise((64, 48), 80).convert("RGB").save(out, "JPEG")
    return out.getvalue()


def message_of(shop: ShopUnderTest, part: MessagePart) -> OutgoingMessage:
    """A message as the dispatcher sends it: into the conversation that was opened for it."""
    order = shop.order
    opened = shop.marketplace.open_conversation(
        shop.access, order_number=order.number, buyer_id=order.buyer_id
    )
    return OutgoingMessage(order.buyer_id, order.number, part, opened)


def text_to(shop: ShopUnderTest, text: str = "Your order is packed.") -> OutgoingMessage:
    return message_of(shop, TextPart(f"{shop.order.number}: {text}"))


def conversation_of(shop: ShopUnderTest) -> Conversation:
    search = shop.marketplace.find_conversation(shop.access, buyer_id=shop.order.buyer_id)
    assert search.conversation is not None
    return search.conversation


def unread_conversations(shop: ShopUnderTest) -> int:
    if isinstance(shop.marketplace, CountsUnread):
        return shop.marketplace.unread_conversations(shop.access)
    listed = shop.marketplace.conversations(shop.access).conversations
    return sum(one.unread_count > 0 for one in listed)


def part_of(kind: str, shop: ShopUnderTest) -> MessagePart:
    if kind == "image":
        uploaded = shop.marketplace.upload_image(shop.access, picture())
        return ImagePart(uploaded.url, uploaded.width_px, uploaded.height_px)
    number = shop.order.number
    return TextPart(f"{number} packed") if kind == "text" else OrderCardPart(number)


class TestOrders:
    def test_an_order_has_its_buyer_and_its_tracking_numbers(self, shop: ShopUnderTest) -> None:
        seeded = shop.sandbox.place_order(shop.access, parcels=PARCELS)
        order = shop.marketplace.order(shop.access, seeded.number)
        assert (order.number, order.buyer_id) == (seeded.number, seeded.buyer_id)
        assert [(p.number, p.tracking_number) for p in order.parcels] == [
            ("P1", "SPX1"),
            ("P2", ""),
        ]
        assert not order.is_cancelled
        assert order.created_at.tzinfo is not None
        assert abs(datetime.now(UTC) - order.created_at) < timedelta(days=1)

    def test_a_cancelled_order_says_so(self, shop: ShopUnderTest) -> None:
        seeded = shop.sandbox.place_order(shop.access, is_cancelled=True)
        assert shop.marketplace.order(shop.access, seeded.number).is_cancelled

    def test_an_unknown_order_is_not_found(self, shop: ShopUnderTest) -> None:
        with pytest.raises(NotFound):
            shop.marketplace.order(shop.access, shop.sandbox.unknown_order)

    def test_an_order_of_another_shop_is_not_found(self, shop: ShopUnderTest) -> None:
        with pytest.raises(NotFound):
            shop.marketplace.order(shop.sandbox.new_shop(), shop.order.number)

    def test_a_window_is_read_to_its_end_over_several_pages(self, shop: ShopUnderTest) -> None:
        numbers = [shop.sandbox.place_order(shop.access, parcels=PARCELS).number for _ in range(55)]
        since, until = datetime.now(UTC) - timedelta(days=40), datetime.now(UTC)
        seen: list[str] = []
        cursor, pages = "", 0
        while pages == 0 or cursor:
            page = shop.marketplace.orders(shop.access, since=since, until=until, cursor=cursor)
            seen += [order.number for order in page.orders]
            cursor, pages = page.next_cursor, pages + 1
            assert pages < 20
        assert set(seen) == {*numbers, shop.order.number}
        assert pages > 1

    def test_a_tracking_number_is_empty_until_it_is_issued(self, shop: ShopUnderTest) -> None:
        seeded = shop.sandbox.place_order(shop.access, parcels=PARCELS)

        def asked() -> str:
            return shop.marketplace.tracking_number(
                shop.access, order_number=seeded.number, parcel_number="P2"
            )

        assert asked() == ""
        shop.sandbox.issue_tracking_number(seeded, "P2", "SPX2")
        assert asked() == "SPX2"


class TestConversations:
    def test_a_buyer_without_a_conversation_is_a_complete_answer(self, shop: ShopUnderTest) -> None:
        search = shop.marketplace.find_conversation(shop.access, buyer_id=shop.order.buyer_id)
        assert (search.conversation, search.is_complete) == (None, True)

    def test_a_buyers_conversation_is_found_among_many(self, shop: ShopUnderTest) -> None:
        orders = [shop.sandbox.place_order(shop.access) for _ in range(30)]
        for seeded in orders:
            shop.sandbox.write(shop.access, seeded, "hello")
        for seeded in (orders[0], orders[-1]):
            search = shop.marketplace.find_conversation(shop.access, buyer_id=seeded.buyer_id)
            assert search.conversation is not None
            assert search.conversation.buyer_id == seeded.buyer_id
            assert search.conversation.last_message_at is not None
            assert abs(datetime.now(UTC) - search.conversation.last_message_at) < timedelta(days=1)

    def test_messages_come_newest_first_and_say_who_wrote_them(self, shop: ShopUnderTest) -> None:
        shop.sandbox.write(shop.access, shop.order, "where is it?")
        shop.sandbox.write(shop.access, shop.order, "on its way", by="shop")
        sent = shop.marketplace.send(shop.access, text_to(shop), deadline_s=30)
        page = shop.marketplace.messages(shop.access, sent.conversation_id)
        seen = [(m.text, m.is_by_shop) for m in page.messages]
        assert seen == [
            (f"{shop.order.number}: Your order is packed.", True),
            ("on its way", True),
            ("where is it?", False),
        ]
        if shop.sandbox.tells_apps_from_people:
            assert [m.is_by_api for m in page.messages] == [True, False, False]
        assert page.messages[0].message_id == sent.message_id

    def test_a_long_conversation_is_read_to_its_end(self, shop: ShopUnderTest) -> None:
        for number in range(60):
            shop.sandbox.write(shop.access, shop.order, f"message {number}")
        conversation = shop.marketplace.find_conversation(
            shop.access, buyer_id=shop.order.buyer_id
        ).conversation
        assert conversation is not None
        texts: list[str] = []
        page = shop.marketplace.messages(shop.access, conversation.conversation_id)
        while True:
            texts += [message.text for message in page.messages]
            if not page.next_cursor:
                break
            page = shop.marketplace.messages(
                shop.access, conversation.conversation_id, cursor=page.next_cursor
            )
        assert texts == [f"message {number}" for number in reversed(range(60))]


class TestReadMarks:
    def test_what_the_buyer_wrote_is_unread_until_it_is_marked(self, shop: ShopUnderTest) -> None:
        for text in ("hello", "where is it?"):
            shop.sandbox.write(shop.access, shop.order, text)
        before = conversation_of(shop)
        assert before.unread_count == 2
        for _ in range(2):
            shop.marketplace.mark_read(
                shop.access, before.conversation_id, last_message_id=before.last_message_id
            )
            assert conversation_of(shop).unread_count == 0
        shop.sandbox.write(shop.access, shop.order, "still there?")
        assert conversation_of(shop).unread_count == 1

    def test_a_total_is_of_conversations(self, shop: ShopUnderTest) -> None:
        """Told by the marketplace, or counted in the list; it means the same."""
        for seeded in (shop.order, shop.sandbox.place_order(shop.access)):
            shop.sandbox.write(shop.access, seeded, "hello")
            shop.sandbox.write(shop.access, seeded, "hello?")
        assert unread_conversations(shop) == 2
        first = conversation_of(shop)
        shop.marketplace.mark_read(
            shop.access, first.conversation_id, last_message_id=first.last_message_id
        )
        assert unread_conversations(shop) == 1

    def test_a_conversation_of_another_shop_cannot_be_marked(self, shop: ShopUnderTest) -> None:
        shop.sandbox.write(shop.access, shop.order, "hello")
        seen = conversation_of(shop)
        with pytest.raises(PermanentError):
            shop.marketplace.mark_read(
                shop.sandbox.new_shop(), seen.conversation_id, last_message_id=seen.last_message_id
            )
        assert conversation_of(shop).unread_count == 1


class TestSending:
    @pytest.mark.parametrize("kind", ["text", "image", "order"])
    def test_the_buyer_sees_once_what_was_sent(self, kind: str, shop: ShopUnderTest) -> None:
        message = message_of(shop, part_of(kind, shop))
        sent = shop.marketplace.send(shop.access, message, deadline_s=30)
        seen = shop.sandbox.chat(shop.access, shop.order)
        assert [(row["message_id"], row["message_type"]) for row in seen] == [
            (sent.message_id, kind)
        ]
        assert sent.conversation_id
        assert abs(datetime.now(UTC) - sent.created_at) < timedelta(minutes=5)

    @pytest.mark.parametrize("kind", ["text", "image", "order"])
    @pytest.mark.parametrize(("fault", "is_there"), UNKNOWN_OUTCOMES)
    @pytest.mark.parametrize("knows_conversation", [True, False])
    def test_a_lost_answer_is_unknown_and_the_chat_tells_the_truth(
        self, kind: str, fault: str, is_there: bool, knows_conversation: bool, shop: ShopUnderTest
    ) -> None:
        message = message_of(shop, part_of(kind, shop))
        if knows_conversation:
            first = shop.marketplace.send(shop.access, text_to(shop, "first"), deadline_s=30)
            message = replace(message, conversation_id=first.conversation_id)
        before = {row["message_id"] for row in shop.sandbox.chat(shop.access, shop.order)}
        shop.sandbox.fault(shop.access, fault, shop.sandbox.send_call)
        began_at = datetime.now(UTC)
        with pytest.raises(OutcomeUnknown):
            shop.marketplace.send(shop.access, message, deadline_s=30)

        outcome = shop.marketplace.read_back(shop.access, message, since=began_at)
        added = {row["message_id"] for row in shop.sandbox.chat(shop.access, shop.order)} - before
        assert len(added) == int(is_there)
        if is_there:
            assert isinstance(outcome, Found)
            assert {outcome.message.message_id} == added
        else:
            assert outcome == NotInChat(is_complete=True)

    def test_a_message_recorded_for_another_is_not_found_again(self, shop: ShopUnderTest) -> None:
        card = message_of(shop, OrderCardPart(shop.order.number))
        began_at = datetime.now(UTC)
        sent = shop.marketplace.send(shop.access, card, deadline_s=30)
        found = shop.marketplace.read_back(shop.access, card, since=began_at)
        assert isinstance(found, Found)
        outcome = shop.marketplace.read_back(
            shop.access, card, since=began_at, known_ids={sent.message_id}
        )
        assert outcome == NotInChat(is_complete=True)

    def test_a_slow_answer_ends_at_the_deadline_as_unknown(self, shop: ShopUnderTest) -> None:
        shop.sandbox.fault(shop.access, "delay_after", shop.sandbox.send_call, delay_ms=3_000)
        message = text_to(shop)
        began_at = datetime.now(UTC)
        with pytest.raises(OutcomeUnknown):
            shop.marketplace.send(shop.access, message, deadline_s=1.0)
        assert isinstance(shop.marketplace.read_back(shop.access, message, since=began_at), Found)

    def test_a_message_the_buyer_cannot_see_is_marked(self, shop: ShopUnderTest) -> None:
        shop.sandbox.fault(shop.access, "status_after", shop.sandbox.send_call)
        message = text_to(shop)
        began_at = datetime.now(UTC)
        sent = shop.marketplace.send(shop.access, message, deadline_s=30)
        (seen,) = shop.marketplace.messages(shop.access, sent.conversation_id).messages
        assert (seen.message_id, seen.is_hidden) == (sent.message_id, True)
        outcome = shop.marketplace.read_back(shop.access, message, since=began_at)
        assert isinstance(outcome, Found)
        assert outcome.is_hidden

    def test_a_rate_limit_is_known_not_sent_and_keeps_its_wait(self, shop: ShopUnderTest) -> None:
        shop.sandbox.fault(shop.access, "rate_limit", shop.sandbox.send_call, retry_after_s=7)
        with pytest.raises(RateLimited) as caught:
            shop.marketplace.send(shop.access, text_to(shop), deadline_s=30)
        assert caught.value.retry_after_s == 7
        assert shop.sandbox.chat(shop.access, shop.order) == []


class TestReading:
    @pytest.mark.parametrize("fault", ["drop_before", "drop_after", "error_before", "not_json"])
    def test_a_failed_read_may_be_repeated(self, fault: str, shop: ShopUnderTest) -> None:
        shop.sandbox.write(shop.access, shop.order, "hello")
        conversation = shop.marketplace.find_conversation(
            shop.access, buyer_id=shop.order.buyer_id
        ).conversation
        assert conversation is not None
        shop.sandbox.fault(shop.access, fault, shop.sandbox.read_call)
        with pytest.raises(TransientError):
            shop.marketplace.messages(shop.access, conversation.conversation_id)
        assert (
            shop.marketplace.messages(shop.access, conversation.conversation_id).messages[0].text
            == "hello"
        )


class TestShopFacts:
    def test_a_shop_says_who_it_is(self, shop: ShopUnderTest) -> None:
        facts = shop.marketplace.shop_facts(shop.access)
        assert facts.name
        assert facts.country == shop.access.country
        if facts.authorization_ends_at is not None:
            assert facts.authorization_ends_at > datetime.now(UTC)


class TestTokens:
    def test_an_expired_token_is_rejected_and_a_refreshed_one_is_taken(
        self, shop: ShopUnderTest
    ) -> None:
        access_token, refresh_token = shop.sandbox.new_tokens(shop.access.app, shop.access.shop_id)
        held = replace(shop.access, access_token=access_token)
        message = text_to(replace(shop, access=held))
        shop.sandbox.expire_tokens(held)
        with pytest.raises(TokenRejected):
            shop.marketplace.order(held, shop.order.number)
        with pytest.raises(TokenRejected):
            shop.marketplace.send(held, message, deadline_s=30)

        tokens = shop.marketplace.refresh(
            shop.access.app, shop_id=shop.access.shop_id, refresh_token=refresh_token
        )
        renewed = replace(shop.access, access_token=tokens.access_token)
        assert shop.marketplace.order(renewed, shop.order.number).number == shop.order.number
        assert tokens.access_expires_at > datetime.now(UTC)

    def test_a_wrong_refresh_token_ends_the_authorization(self, shop: ShopUnderTest) -> None:
        with pytest.raises(AuthorizationEnded):
            shop.marketplace.refresh(
                shop.access.app, shop_id=shop.access.shop_id, refresh_token="f" * 32
            )

    def test_a_wrong_code_ends_the_authorization(self, shop: ShopUnderTest) -> None:
        callback = shop.sandbox.callback(shop.access, "f" * 32)
        with pytest.raises(AuthorizationEnded):
            shop.marketplace.exchange_code(shop.access.app, callback)

    def test_a_wrong_app_secret_is_not_worth_a_retry(self, shop: ShopUnderTest) -> None:
        wrong = replace(shop.access, app=replace(shop.access.app, app_secret="wrong"))
        with pytest.raises(AuthorizationEnded):
            shop.marketplace.order(wrong, shop.order.number)
