"""The chat has the same text or picture already: reading back takes none of them for ours."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from cloud.accounts.models import Member
from cloud.conversations.models import Message
from cloud.conversations.outbox import messages_of
from cloud.conversations.states import DispatchState
from cloud.database.base import utc_now
from cloud.database.scope import scoped
from cloud.dispatcher.chat_pictures.making import Source, chat_picture
from cloud.dispatcher.resending import ResendRequest, resend
from cloud.marketplaces.chats import ImagePart, OutgoingMessage
from cloud.shops.service import Purpose
from sandbox.shopee import demo_seed
from tests.support.dispatch_bench import NEW_SHOPS_FORM, Bench, Packed

ORDER = demo_seed.FURTHER_ORDER_SNS[0]
BUYER = 900000004
SAME = "Thank you for your order!"


@pytest.fixture
def same_text(bench: Bench) -> None:
    """A preset message that is the same for each order, and a marketplace that takes it twice."""
    bench.change_shop(preset_message=SAME)
    bench.sandbox.control.limits(repeat_types=[])


def sent_before(bench: Bench) -> Packed:
    """The buyer has another order's text and photos, from a day and more ago."""
    control = bench.sandbox.control
    control.add_order("261018TWIN0001", bench.sandbox.shop_id, BUYER)
    with bench.running():
        packed = bench.pack("261018TWIN0001", photos=1)
        bench.until(packed, DispatchState.SENT)
    control.buyer_writes(bench.sandbox.shop_id, BUYER, "Thanks")
    forget_when_texts_were_sent(bench)
    return packed


def forget_when_texts_were_sent(bench: Bench) -> None:
    """Or the second text would be left out, as the marketplace refuses it within a day."""

    def unit(session: Session) -> None:
        for message in session.scalars(select(Message).where(Message.sent_at.is_not(None))):
            message.sent_at = utc_now() - timedelta(hours=25)

    bench.database.write(unit, scoped(bench.organisation_id))


@pytest.mark.usefixtures("same_text")
@pytest.mark.parametrize("kind", ["drop_before", "drop_after"])
def test_the_text_of_an_earlier_order_is_not_taken_for_ours(bench: Bench, kind: str) -> None:
    earlier = sent_before(bench)
    bench.fault(kind, "text")
    with bench.running():
        packed = bench.pack(ORDER, photos=1)
        bench.until(packed, DispatchState.SENT)
    assert bench.texts(BUYER) == [SAME, SAME]
    assert bench.kinds(BUYER) == ["text", "image", "text", "image"]
    in_chat = [one["message_id"] for one in bench.chat(BUYER)]
    ours = [*bench.messages_of(earlier), *bench.messages_of(packed)]
    assert [one.marketplace_message_id for one in ours] == in_chat


@pytest.mark.usefixtures("same_text")
@pytest.mark.parametrize("kind", ["drop_before", "drop_after"])
def test_the_same_text_typed_by_a_person_is_not_taken_for_ours(bench: Bench, kind: str) -> None:
    bench.fault(kind, "text")
    bench.sandbox.control.seller_writes(bench.sandbox.shop_id, BUYER, SAME)
    with bench.running():
        packed = bench.pack(ORDER, photos=1)
        bench.until(packed, DispatchState.SENT)
    assert bench.texts(BUYER) == [SAME]
    in_chat = [one["message_id"] for one in bench.chat(BUYER)]
    assert [one.marketplace_message_id for one in bench.messages_of(packed)] == in_chat


@pytest.mark.parametrize("kind", ["drop_before", "drop_after"])
def test_a_picture_that_the_chat_has_already_is_not_taken_for_ours(bench: Bench, kind: str) -> None:
    """All of it sent once more by a person: the same bytes, each under an address of its own."""
    with bench.running():
        packed = bench.pack(ORDER, photos=1)
        bench.until(packed, DispatchState.SENT)
        bench.sandbox.control.buyer_writes(bench.sandbox.shop_id, BUYER, "I see nothing")
        bench.fault(kind, "image")
        resend_all(bench, packed)
        bench.until(packed, DispatchState.SENT)
    assert bench.pictures(BUYER) == list(packed.photos) * 2
    images = [one["message_id"] for one in bench.chat(BUYER) if one["image"]]
    (first, second) = (
        one.marketplace_message_id
        for dispatch in bench.dispatches_of(packed)
        for one in messages_in(bench, dispatch.id)
        if one.photos
    )
    assert [first, second] == images


@pytest.mark.parametrize("kind", ["drop_before", "drop_after"])
def test_a_picture_sent_by_another_program_is_not_taken_for_ours(bench: Bench, kind: str) -> None:
    """Nothing of ours knows its id: the address of our own upload tells the two apart."""
    packed = bench.pack(ORDER, photos=1)
    (sha256,) = packed.photos
    photo = bench.store.read(bench.organisation_id, sha256)
    another_program_sends(bench, chat_picture([Source(photo)], NEW_SHOPS_FORM))
    bench.fault(kind, "image")
    with bench.running():
        bench.until(packed, DispatchState.SENT)
    assert bench.pictures(BUYER) == [sha256, sha256]
    ours = bench.chat(BUYER)[-1]
    assert bench.messages_of(packed)[-1].marketplace_message_id == ours["message_id"]


def another_program_sends(bench: Bench, picture: bytes) -> None:
    line = bench.gateway.line(bench.shop, Purpose.CHAT)
    url = line.marketplace.upload_image(line.access, picture).url
    message = OutgoingMessage(buyer_id=str(BUYER), order_number=ORDER, part=ImagePart(url))
    line.marketplace.send(line.access, message, deadline_s=5.0)


def messages_in(bench: Bench, dispatch_id: int) -> Sequence[Message]:
    with bench.database.read(scoped(bench.organisation_id)) as session:
        return messages_of(session, dispatch_id)


def resend_all(bench: Bench, packed: Packed) -> None:
    """A person asks for everything again: the stored photos in a dispatch of their own."""

    def unit(session: Session) -> None:
        member = Member(
            email="owner@example.test",
            name="Owner",
            password_hash="",
            role="owner",
            created_at=utc_now(),
        )
        session.add(member)
        session.flush()
        wish = ResendRequest(packed.proof_id, member.id, "k1", everything=True, note="a dispute")
        resend(session, wish, utc_now())

    bench.database.write(unit, scoped(bench.organisation_id))
