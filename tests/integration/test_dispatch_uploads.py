"""What a marketplace wants to hear again when an uploaded picture is sent, kept over restarts."""

from datetime import timedelta

import pytest

from cloud.conversations.models import Message
from cloud.conversations.states import DispatchState, MessageState
from cloud.database.base import utc_now
from cloud.dispatcher.retry import BackOff
from cloud.marketplaces.access import ShopAccess
from cloud.marketplaces.chats import (
    ImagePart,
    MessagePage,
    OutgoingMessage,
    SentMessage,
    UploadedImage,
)
from cloud.marketplaces.errors import FailureClass, TransientError
from cloud.marketplaces.shopee.adapter import Shopee
from sandbox.shopee import demo_seed
from tests.support.dispatch_bench import Bench

ORDER = demo_seed.FURTHER_ORDER_SNS[0]


class Marketplace:
    """Shopee's sandbox behind a marketplace that has sizes and conversations to be opened."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, refused_pictures: int = 0) -> None:
        self.sent: list[OutgoingMessage] = []
        self.opened: list[str] = []
        self._refusals = refused_pictures
        real_upload, real_send = Shopee.upload_image, Shopee.send
        real_messages = Shopee.messages

        def upload(shopee: Shopee, access: ShopAccess, picture: bytes) -> UploadedImage:
            return UploadedImage(real_upload(shopee, access, picture).url, 1280, 960)

        def send(
            shopee: Shopee, access: ShopAccess, message: OutgoingMessage, *, deadline_s: float
        ) -> SentMessage:
            self._note(message)
            return real_send(shopee, access, message, deadline_s=deadline_s)

        def opened(shopee: Shopee, access: ShopAccess, *, order_number: str, buyer_id: str) -> str:
            self.opened.append(f"{order_number} of {buyer_id}")
            return f"opened-{len(self.opened)}"

        def messages(
            shopee: Shopee, access: ShopAccess, conversation_id: str, *, cursor: str = ""
        ) -> MessagePage:
            if conversation_id.startswith("opened"):
                return MessagePage((), "")
            return real_messages(shopee, access, conversation_id, cursor=cursor)

        monkeypatch.setattr(Shopee, "messages", messages)
        monkeypatch.setattr(Shopee, "upload_image", upload)
        monkeypatch.setattr(Shopee, "send", send)
        monkeypatch.setattr(Shopee, "open_conversation", opened)

    def _note(self, message: OutgoingMessage) -> None:
        self.sent.append(message)
        if isinstance(message.part, ImagePart) and self._refusals:
            self._refusals -= 1
            raise TransientError(FailureClass.OUTAGE, "not now")


def sizes(messages: list[Message]) -> list[tuple[int | None, int | None]]:
    return [(one.uploaded_width_px, one.uploaded_height_px) for one in messages]


def test_a_picture_goes_out_with_its_size_and_keeps_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    marketplace = Marketplace(monkeypatch)
    with bench.running():
        packed = bench.pack(ORDER)
        bench.until(packed, DispatchState.SENT)
    parts = [one.part for one in marketplace.sent[1:]]
    assert [isinstance(one, ImagePart) and (one.width_px, one.height_px) for one in parts] == (
        [(1280, 960)] * 3
    )
    assert sizes(list(bench.messages_of(packed))) == [(None, None), *[(1280, 960)] * 3]


def test_a_restarted_process_sends_the_same_upload_with_its_size(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    marketplace = Marketplace(monkeypatch, refused_pictures=1)
    later = timedelta(hours=1)
    with bench.running(back_off=BackOff(first=later, longest=later)):
        packed = bench.pack(ORDER)
        bench.until_tried(packed, 1)
        bench.until_message(packed, 1, MessageState.QUEUED)
    bench.make_due()
    bench.change_pace(free_at=utc_now(), backoff_level=0)
    with bench.running():
        bench.until(packed, DispatchState.SENT)
    first, again = (one.part for one in marketplace.sent[1:3])
    assert isinstance(first, ImagePart)
    assert (first.width_px, first.height_px) == (1280, 960)
    assert again == first


def test_a_dispatch_opens_its_conversation_once_and_stays_in_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    marketplace = Marketplace(monkeypatch)
    with bench.running():
        packed = bench.pack(ORDER)
        bench.until(packed, DispatchState.SENT)
    assert marketplace.opened == [f"{ORDER} of {marketplace.sent[0].buyer_id}"]
    first, *rest = (one.conversation_id for one in marketplace.sent)
    assert first == "opened-1"
    assert set(rest) == {bench.conversation(packed).external_id}
