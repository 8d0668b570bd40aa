"""What a marketplace refuses has its class, and its sandbox allows what it is said to allow."""

import io
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from PIL import Image

from cloud.marketplaces.access import ShopAccess
from cloud.marketplaces.capabilities import Capabilities
from cloud.marketplaces.chats import (
    ImagePart,
    MessagePart,
    OrderCardPart,
    OutgoingMessage,
    SentMessage,
    TextPart,
)
from cloud.marketplaces.errors import FailureClass, PermanentError
from cloud.marketplaces.http_clients import HttpClients
from cloud.marketplaces.interface import Marketplace
from cloud.marketplaces.registry import marketplace_for
from tests.support.every_market import SANDBOXES
from tests.support.market_sandbox import MarketSandbox, SeededOrder, running

DAY_S = 86_400
UNREACHABLE = {FailureClass.BUYER_UNREACHABLE, FailureClass.WINDOW_CLOSED, None}


@dataclass(frozen=True, slots=True)
class Chat:
    """A shop and a buyer who has ordered there."""

    sandbox: MarketSandbox
    marketplace: Marketplace
    access: ShopAccess
    order: SeededOrder

    @property
    def capabilities(self) -> Capabilities:
        return self.marketplace.capabilities(self.access.country)

    def send(self, part: MessagePart) -> SentMessage:
        """As the dispatcher does: into the conversation that was opened for it."""
        order = self.order
        opened = self.marketplace.open_conversation(
            self.access, order_number=order.number, buyer_id=order.buyer_id
        )
        message = OutgoingMessage(order.buyer_id, order.number, part, opened)
        return self.marketplace.send(self.access, message, deadline_s=30)

    def send_text(self, text: str) -> SentMessage:
        return self.send(TextPart(f"{self.order.number} {text}"))

    def failure_of(self, part: MessagePart) -> FailureClass | None:
        """None: it was accepted."""
        try:
            self.send(part)
        except PermanentError as error:
            return error.failure
        return None

    def later(self, days: float) -> "Chat":
        """The same so much later, with tokens that are good then."""
        self.sandbox.advance(days * DAY_S)
        token, _ = self.sandbox.new_tokens(self.access.app, self.access.shop_id)
        return replace(self, access=replace(self.access, access_token=token))


@pytest.fixture(scope="module", params=SANDBOXES, ids=lambda kind: kind.channel)
def sandbox(request: pytest.FixtureRequest) -> Iterator[MarketSandbox]:
    with running(request.param) as started:
        yield started


@pytest.fixture
def chat(sandbox: MarketSandbox) -> Iterator[Chat]:
    clients = HttpClients()
    marketplace = marketplace_for(sandbox.channel, http=clients.get(), base_url=sandbox.base_url)
    access = sandbox.new_shop()
    yield Chat(sandbox, marketplace, access, sandbox.place_order(access))
    sandbox.tell_true_time()
    sandbox.judge_by()
    clients.close()


def picture(side_px: int, form: str, max_bytes: int) -> bytes:
    """One as large as may be, in pixels and nearly so in bytes."""
    image = Image.effect_noise((side_px, side_px * 3 // 4), 60).convert("RGB")
    for quality in (90, 75, 60, 45, 30, 15, 5):
        out = io.BytesIO()
        image.save(out, form, quality=quality)
        if out.tell() <= max_bytes:
            return out.getvalue()
    raise AssertionError(f"no {form} of {side_px} px is as small as {max_bytes} bytes")


def test_a_text_may_be_as_long_as_is_said(chat: Chat) -> None:
    limit = chat.capabilities.text_limit_chars
    assert limit is not None
    text = f"{chat.order.number} ".ljust(limit, "x")
    assert chat.send(TextPart(text)).message_id
    seen = chat.sandbox.chat(chat.access, chat.order)
    assert [row["text"] for row in seen] == [text]


def test_a_picture_may_be_as_large_as_is_said(chat: Chat) -> None:
    said = chat.capabilities
    body = picture(said.image_max_side_px, "JPEG", said.image_max_bytes)
    uploaded = chat.marketplace.upload_image(chat.access, body)
    assert chat.send(ImagePart(uploaded.url, uploaded.width_px, uploaded.height_px)).message_id
    (seen,) = chat.sandbox.chat(chat.access, chat.order)
    assert seen["image"]["size_bytes"] == len(body)


def test_pictures_of_all_formats_that_are_said_are_taken(chat: Chat) -> None:
    for form in chat.capabilities.image_formats:
        out = io.BytesIO()
        Image.effect_noise((64, 48), 60).convert("RGB").save(out, form)
        uploaded = chat.marketplace.upload_image(
            chat.access, out.getvalue(), media_type=f"image/{form}"
        )
        assert uploaded.url, form


def test_what_is_no_picture_is_refused(chat: Chat) -> None:
    with pytest.raises(PermanentError) as caught:
        chat.marketplace.upload_image(chat.access, picture(64, "JPEG", 10_000)[:-300])
    assert caught.value.failure is FailureClass.REFUSED_CONTENT


def test_a_picture_that_is_too_large_is_refused_content(chat: Chat) -> None:
    chat.sandbox.judge_by(image_limit_bytes=100)
    with pytest.raises(PermanentError) as caught:
        chat.marketplace.upload_image(chat.access, picture(64, "JPEG", 10_000))
    assert caught.value.failure is FailureClass.REFUSED_CONTENT


def test_as_many_messages_without_an_answer_as_are_said(chat: Chat) -> None:
    limit = chat.capabilities.unanswered_limit
    for number in range(limit or 8):
        chat.send_text(f"message {number}")
    if limit is not None:
        assert chat.failure_of(TextPart("one more")) is FailureClass.MESSAGE_LIMIT
    chat.sandbox.write(chat.access, chat.order, "thank you")
    chat.send_text("after the answer")


def test_a_buyer_who_blocks_the_shop_sees_nothing_more(chat: Chat) -> None:
    """Lazada documents no error for it, and accepts what it does not show."""
    chat.send_text("before")
    chat.sandbox.change_contact(chat.access, chat.order, blocked_by_buyer=True)
    assert chat.failure_of(TextPart("after")) in UNREACHABLE
    assert len(chat.sandbox.chat(chat.access, chat.order)) == 1


def test_a_buyer_of_long_ago_may_not_be_written_to(chat: Chat) -> None:
    assert chat.later(days=91).failure_of(TextPart("hello")) is FailureClass.WINDOW_CLOSED


def test_a_buyer_may_be_written_to_as_long_after_the_order_as_is_said(chat: Chat) -> None:
    window = chat.capabilities.contact_windows.after_order
    assert window is not None
    late = chat.later(days=window.days - 1)
    assert late.send_text("still in time").message_id


def test_what_a_channel_is_said_to_take_it_takes(chat: Chat) -> None:
    """Issue 4: what a channel and country can do."""
    said = chat.capabilities
    assert said.can_send_proofs is (said.can_send_chat and bool(said.image_formats))
    assert said.can_send_order_cards is (chat.failure_of(OrderCardPart(chat.order.number)) is None)
    uploaded = chat.marketplace.upload_image(chat.access, picture(400, "jpeg", 100_000))
    image = ImagePart(uploaded.url, uploaded.width_px, uploaded.height_px)
    assert said.can_send_proofs is (chat.failure_of(image) is None)


def test_an_order_of_somebody_else_is_no_order_card(chat: Chat) -> None:
    other = chat.sandbox.place_order(chat.access)
    with pytest.raises(PermanentError):
        chat.send(OrderCardPart(other.number))
    assert chat.sandbox.chat(chat.access, chat.order) == []
