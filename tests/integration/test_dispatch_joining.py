"""Photos are joined into one picture when a buyer may get no more messages (design section 7)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from cloud.accounts.models import Member
from cloud.conversations.models import Conversation, Message
from cloud.conversations.queries import sent_parts_of
from cloud.conversations.states import DispatchState, MessageState, Reason
from cloud.database.base import utc_now
from cloud.database.scope import scoped
from cloud.dispatcher.chat_pictures.making import Source, chat_picture
from cloud.dispatcher.chat_pictures.reading import Area
from cloud.dispatcher.errors import ReasonMissing
from cloud.dispatcher.resending import ResendRequest, resend, settle_as_there
from cloud.dispatcher.settings import PictureSettings
from cloud.proofs.service import PackingArea
from sandbox.shopee import demo_seed
from tests.support.dispatch_bench import NEW_SHOPS_FORM, Bench, Packed

ORDER = demo_seed.FURTHER_ORDER_SNS[0]
BUYER = 900000004


@pytest.fixture(autouse=True)
def new_shops_default(bench: Bench) -> None:
    bench.change_shop(kept_free_for_people=2)


@pytest.fixture
def member_id(bench: Bench) -> int:
    def unit(session: Session) -> int:
        member = Member(
            email="owner@example.test", password_hash="", role="owner", created_at=utc_now()
        )
        session.add(member)
        session.flush()
        return member.id

    return bench.database.write(unit, scoped(bench.organisation_id))


def groups(messages: Sequence[Message]) -> list[tuple[str, ...]]:
    """Which photos the rows say to be in which picture."""
    return [tuple(one.photos.split()) for one in messages if one.photos]


def people_write(bench: Bench, count: int) -> None:
    for number in range(count):
        bench.sandbox.control.seller_writes(bench.sandbox.shop_id, BUYER, f"Hello {number}")


def test_a_full_proof_leaves_two_messages_for_people(bench: Bench) -> None:
    """Text, one photo, and the other two in one picture: three of five."""
    with bench.running():
        packed = bench.pack(ORDER)
        bench.until(packed, DispatchState.SENT)
    a, b, c = packed.photos
    assert bench.kinds(BUYER) == ["text", "image", "image"]
    assert bench.pictures_shown(BUYER) == [(a,), (b, c)]
    assert groups(bench.messages_of(packed)) == [(a,), (b, c)]
    assert bench.conversation(packed).unanswered == 3


def test_all_three_stand_in_one_picture_when_there_is_room_for_no_more(bench: Bench) -> None:
    people_write(bench, 1)
    with bench.running():
        packed = bench.pack(ORDER)
        bench.until(packed, DispatchState.SENT)
    assert bench.pictures_shown(BUYER) == [packed.photos]
    assert groups(bench.messages_of(packed)) == [packed.photos]


def test_nothing_is_joined_where_there_is_room(bench: Bench) -> None:
    bench.sandbox.control.limits(unanswered_limit=50)
    bench.change_shop(kept_free_for_people=-20)
    with bench.running():
        packed = bench.pack(ORDER)
        bench.until(packed, DispatchState.SENT)
    assert bench.pictures_shown(BUYER) == [(one,) for one in packed.photos]


def test_what_does_not_fit_even_joined_waits_and_is_then_planned_for_the_room_there_is(
    bench: Bench,
) -> None:
    people_write(bench, 2)
    with bench.running():
        packed = bench.pack(ORDER)
        bench.until(packed, DispatchState.HELD, reason=Reason.MESSAGE_LIMIT)
        assert len(bench.messages_of(packed)) == 4
        bench.sandbox.control.buyer_writes(bench.sandbox.shop_id, BUYER, "Hello")
        bench.until(packed, DispatchState.SENT)
    a, b, c = packed.photos
    assert bench.pictures_shown(BUYER) == [(a,), (b, c)]
    assert len(bench.texts(BUYER)) == 1
    assert bench.dispatch_of(packed).total_count == len(bench.messages_of(packed)) == 3


def test_a_plan_whose_room_was_taken_before_it_began_is_planned_anew(bench: Bench) -> None:
    """The claim looks once more; nothing of the plan has been sent by then."""
    bench.change_shop(kept_free_for_people=1)
    bench.change_pace(free_at=utc_now() + timedelta(hours=1))
    with bench.running():
        packed = bench.pack(ORDER)
        bench.until(packed, DispatchState.QUEUED)
        assert len(bench.messages_of(packed)) == 4
        people_write(bench, 1)
        count_unanswered(bench, packed, 1)
        bench.change_pace(free_at=utc_now() - timedelta(seconds=1))
        bench.make_due()
        bench.until(packed, DispatchState.SENT)
    a, b, c = packed.photos
    assert bench.pictures_shown(BUYER) == [(a,), (b, c)]
    assert len(bench.texts(BUYER)) == 1
    assert groups(bench.messages_of(packed)) == [(a,), (b, c)]


def test_a_plan_that_has_begun_stays_as_it_is(bench: Bench) -> None:
    """The marketplace counts stricter than we: two are sent, and the others follow one by one."""
    bench.change_shop(kept_free_for_people=1)
    bench.sandbox.control.limits(unanswered_limit=2)
    with bench.running():
        packed = bench.pack(ORDER)
        bench.until(packed, DispatchState.HELD, reason=Reason.MESSAGE_LIMIT)
        planned = [one.id for one in bench.messages_of(packed)]
        bench.sandbox.control.buyer_writes(bench.sandbox.shop_id, BUYER, "Thanks")
        bench.until(packed, DispatchState.SENT)
    assert [one.id for one in bench.messages_of(packed)] == planned
    assert bench.pictures_shown(BUYER) == [(one,) for one in packed.photos]


def test_a_plan_of_which_something_was_claimed_is_not_planned_anew(bench: Bench) -> None:
    """Its claim lapsed, but what was uploaded for it may still be written down."""
    bench.change_shop(kept_free_for_people=1)
    bench.change_pace(free_at=utc_now() + timedelta(hours=1))
    with bench.running():
        packed = bench.pack(ORDER)
        bench.until(packed, DispatchState.QUEUED)
        claimed_once(bench, packed)
        people_write(bench, 1)
        count_unanswered(bench, packed, 1)
        bench.change_pace(free_at=utc_now() - timedelta(seconds=1))
        bench.make_due()
        bench.until(packed, DispatchState.HELD, reason=Reason.MESSAGE_LIMIT)
        bench.sandbox.control.buyer_writes(bench.sandbox.shop_id, BUYER, "Hello")
        bench.until(packed, DispatchState.SENT)
    assert bench.pictures_shown(BUYER) == [(one,) for one in packed.photos]


@pytest.mark.parametrize("kind", ["drop_before", "drop_after"])
def test_a_joined_picture_whose_answer_was_lost_is_in_the_chat_once(
    bench: Bench, kind: str
) -> None:
    people_write(bench, 1)
    bench.fault(kind, "image")
    with bench.running():
        packed = bench.pack(ORDER)
        bench.until(packed, DispatchState.SENT)
    assert bench.pictures_shown(BUYER) == [packed.photos]
    bench.assert_untold()


def test_missing_photos_of_a_joined_picture_are_sent_by_resend_and_no_others(
    bench: Bench, member_id: int
) -> None:
    """S0-47: what the buyer has is not sent again, in whichever picture it came."""
    with bench.running():
        packed = bench.pack(ORDER)
        a, b, c = packed.photos
        bench.sandbox.control.limits(censored_sha256=[picture_of(bench, (b, c))])
        bench.until(packed, DispatchState.PARTLY_SENT)
        bench.sandbox.control.limits(censored_sha256=[])
        bench.sandbox.control.buyer_writes(bench.sandbox.shop_id, BUYER, "Where is the rest?")
        ask(bench, packed, member_id)
        bench.until(packed, DispatchState.SENT)
    assert groups(bench.messages_of(packed)) == [(b,), (c,)]
    assert bench.pictures(BUYER) == [a, b, c]
    with pytest.raises(ReasonMissing):
        ask(bench, packed, member_id, "k2")


def test_a_joined_picture_that_a_person_saw_counts_for_all_its_photos(
    bench: Bench, member_id: int
) -> None:
    people_write(bench, 1)
    bench.fault("drop_after", "image")
    with bench.running(settle=timedelta(hours=1)):
        packed = bench.pack(ORDER)
        bench.until(packed, DispatchState.NOT_CONFIRMED)
        uncertain = bench.until_message_exists(packed, MessageState.UNCERTAIN)
        bench.database.write(
            lambda session: settle_as_there(session, uncertain.id, utc_now()),
            scoped(bench.organisation_id),
        )
    with bench.database.read(scoped(bench.organisation_id)) as session:
        there = sent_parts_of(session, packed.proof_id)
    assert [one.photos for one in there if one.photos] == [packed.photos]
    with pytest.raises(ReasonMissing):
        ask(bench, packed, member_id)


def test_a_damaged_photo_is_named_and_the_others_go(bench: Bench) -> None:
    """Of the joined picture nothing is sent: it would show less than it is said to show."""
    packed = bench.pack(ORDER)
    a, b, _ = packed.photos
    file = next(bench.store_folder.rglob(f"*{b}*"))
    file.chmod(0o600)
    file.write_bytes(b"damaged")
    with bench.running():
        bench.until(packed, DispatchState.PARTLY_SENT, reason=Reason.PHOTO_DAMAGED)
    assert bench.pictures_shown(BUYER) == [(a,)]


# --- what a picture is made of --------------------------------------------------------------------


def test_a_shop_says_what_its_pictures_are_like(bench: Bench) -> None:
    """Strip with order, time and zone, and table; the packing area of each photo; nothing else."""
    bench.change_shop(picture_strip=True, picture_side_px=320, preset_message="")
    area = PackingArea(2500, 0, 5000, 10_000)
    now = utc_now()
    packed = bench.pack(ORDER, photos=1, closed_at=now, area=area)
    (photo,) = packed.photos
    with bench.running(pictures=PictureSettings()):
        bench.until(packed, DispatchState.SENT)
    words = (ORDER, f"{now:%Y-%m-%d %H:%M} UTC+00:00", "Table 1")
    form = replace(NEW_SHOPS_FORM, max_side_px=320, words=words)
    source = Source(bench.store.read(bench.organisation_id, photo), Area(0.25, 0, 0.5, 1))
    assert seen(bench) == [chat_picture([source], form)]


def test_the_clouds_settings_hold_where_a_shop_says_nothing(bench: Bench) -> None:
    bench.change_shop(preset_message="")
    packed = bench.pack(ORDER, photos=1, clock_synced=False)
    (photo,) = packed.photos
    with bench.running(pictures=PictureSettings(strip=True, side_px=400)):
        bench.until(packed, DispatchState.SENT)
    form = replace(NEW_SHOPS_FORM, max_side_px=400, words=(ORDER, "", "Table 1"))
    source = Source(bench.store.read(bench.organisation_id, photo))
    assert seen(bench) == [chat_picture([source], form)]


# --- helpers --------------------------------------------------------------------------------------


def seen(bench: Bench) -> list[bytes]:
    """The pictures that the buyer got."""
    paths = [one["image"]["path"] for one in bench.chat(BUYER) if one["image"]]
    return [bench.sandbox.control.picture(path) for path in paths]


def picture_of(bench: Bench, photos: tuple[str, ...]) -> str:
    """SHA-256 of the picture that shows these."""
    return next(sha256 for sha256, shown in bench.shown.items() if shown == photos)


def ask(bench: Bench, packed: Packed, member_id: int, key: str = "k1") -> None:
    request = ResendRequest(packed.proof_id, member_id, key)

    def unit(session: Session) -> None:
        resend(session, request, utc_now())

    bench.database.write(unit, scoped(bench.organisation_id))


def claimed_once(bench: Bench, packed: Packed) -> None:
    """As after a claim whose lease ran out."""
    first = bench.messages_of(packed)[0].id

    def unit(session: Session) -> None:
        session.get_one(Message, first).fence = 1

    bench.database.write(unit, scoped(bench.organisation_id))


def count_unanswered(bench: Bench, packed: Packed, count: int) -> None:
    """What somebody wrote since the chat was last read."""
    conversation_id = bench.conversation(packed).id

    def unit(session: Session) -> None:
        row = session.scalars(select(Conversation).where(Conversation.id == conversation_id)).one()
        row.unanswered = count

    bench.database.write(unit, scoped(bench.organisation_id))
