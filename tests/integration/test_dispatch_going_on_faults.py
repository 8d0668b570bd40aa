"""The marketplace misbehaves at a part that was begun with the result of the one before it.

That part is `sending` without a turn of its own, and its picture was uploaded ahead: what goes
wrong must end as it does for a first message (`test_dispatch_faults.py`).
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest

from cloud.conversations.states import DispatchState, MessageState, Reason
from cloud.marketplaces.access import ShopAccess
from cloud.marketplaces.chats import OutgoingMessage, SentMessage, UploadedImage
from cloud.marketplaces.errors import FailureClass, PermanentError
from cloud.marketplaces.shopee.adapter import Shopee
from sandbox.shopee import demo_seed
from tests.support.dispatch_bench import Bench, Packed
from tests.support.going_on import Uploads, began_with_the_result_before, let_uploads_be
from tests.support.waiting import eventually

ORDER = demo_seed.FURTHER_ORDER_SNS[0]
BUYER = 900000004
WHOLE = ["text", "image", "image", "image"]
PATIENT = 5.0
"""A deadline that a busy machine keeps, where it is not what the test is about."""

when_uploads_are_done = pytest.mark.parametrize("uploads", Uploads, ids=lambda one: one.value)


@pytest.fixture
def early(monkeypatch: pytest.MonkeyPatch) -> None:
    let_uploads_be(monkeypatch, Uploads.EARLY)


def assert_all_once(bench: Bench, packed: Packed) -> None:
    assert bench.kinds(BUYER) == WHOLE
    assert bench.pictures(BUYER) == list(packed.photos)
    in_chat = [one["message_id"] for one in bench.chat(BUYER)]
    assert [one.marketplace_message_id for one in bench.messages_of(packed)] == in_chat


# --- the request ---------------------------------------------------------------------------------

PASSING: list[tuple[str, dict[str, Any]]] = [
    ("drop_before", {}),
    ("drop_after", {}),
    ("error_before", {"http_status": 503}),
    ("error_after", {"http_status": 502}),
    ("error_body", {"error": "error_server"}),
    ("not_json", {}),
    ("rate_limit", {}),
    ("rate_limit", {"retry_after_s": 0}),
    ("token_expired", {}),
]


@when_uploads_are_done
@pytest.mark.parametrize(("kind", "fields"), PASSING)
def test_trouble_that_passes_leaves_each_part_once(
    bench: Bench,
    monkeypatch: pytest.MonkeyPatch,
    uploads: Uploads,
    kind: str,
    fields: Mapping[str, Any],
) -> None:
    """U-18, invariant 5: the second part of four."""
    let_uploads_be(monkeypatch, uploads)
    bench.fault(kind, "image", **fields)
    with bench.running(request_deadline_s=PATIENT):
        packed = bench.pack(ORDER)
        bench.until(packed, DispatchState.SENT)
    assert_all_once(bench, packed)
    assert began_with_the_result_before(bench, packed, 1) is (uploads is Uploads.EARLY)


@pytest.mark.usefixtures("early")
@pytest.mark.parametrize("kind", ["delay", "delay_after"])
def test_an_answer_after_the_deadline_is_looked_up(bench: Bench, kind: str) -> None:
    bench.fault(kind, "image", delay_ms=1500, skip=1)
    with bench.running(request_deadline_s=0.6):
        packed = bench.pack(ORDER)
        bench.until(packed, DispatchState.SENT)
        eventually(lambda: any(kind in one["faults"] for one in bench.sandbox.control.requests()))
    assert_all_once(bench, packed)


@pytest.mark.usefixtures("early")
def test_a_part_that_the_chat_shows_late_is_not_sent_twice(bench: Bench) -> None:
    bench.fault("show_late", "image", visible_after_s=4)
    bench.fault("drop_after", "image")
    with bench.running(request_deadline_s=PATIENT):
        packed = bench.pack(ORDER)
        bench.until(packed, DispatchState.SENT)
    assert_all_once(bench, packed)


@pytest.mark.usefixtures("early")
def test_a_part_that_the_chat_never_shows_waits_for_a_person(bench: Bench) -> None:
    """Both choices are a person's: `settle_as_there` and `settle_as_absent`."""
    bench.fault("show_late", "image")
    bench.fault("drop_after", "image")
    with bench.running(request_deadline_s=PATIENT):
        packed = bench.pack(ORDER)
        bench.until(packed, DispatchState.NOT_CONFIRMED, reason=Reason.REFUSED_CONTENT)
        reads = bench.calls("get_message")
        eventually(lambda: bench.calls("get_message") >= reads + 3)
        messages = bench.messages_of(packed)
    assert messages[1].state is MessageState.UNCERTAIN
    assert {one.state for one in messages[2:]} == {MessageState.QUEUED}
    assert bench.pictures(BUYER) == list(packed.photos[:1])


@pytest.mark.usefixtures("early")
def test_a_part_that_is_hidden_is_found_and_called_not_shown(bench: Bench) -> None:
    bench.fault("status_after", "image")
    bench.fault("drop_after", "image")
    with bench.running(request_deadline_s=PATIENT):
        packed = bench.pack(ORDER)
        bench.until(packed, DispatchState.PARTLY_SENT)
    assert bench.messages_of(packed)[1].state is MessageState.NOT_SHOWN
    assert bench.pictures(BUYER) == list(packed.photos[1:])


@when_uploads_are_done
def test_a_refused_part_stops_no_other(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, uploads: Uploads
) -> None:
    let_uploads_be(monkeypatch, uploads)
    bench.fault("error_body", "image", error="message_is_censored")
    with bench.running(request_deadline_s=PATIENT):
        packed = bench.pack(ORDER)
        dispatch = bench.until(packed, DispatchState.PARTLY_SENT)
    assert (dispatch.reason, dispatch.sent_count) == (Reason.REFUSED_CONTENT, 3)
    assert bench.pictures(BUYER) == list(packed.photos[1:])


@when_uploads_are_done
@pytest.mark.parametrize(
    ("error", "reason"),
    [
        ("user_is_forbidden", Reason.WINDOW_CLOSED),
        ("error_blocked", Reason.BUYER_UNREACHABLE),
    ],
)
def test_a_chat_that_closes_between_two_photos_keeps_what_was_sent(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, uploads: Uploads, error: str, reason: Reason
) -> None:
    let_uploads_be(monkeypatch, uploads)
    bench.fault("error_body", "image", error=error, skip=1, count=None)
    with bench.running(request_deadline_s=PATIENT):
        packed = bench.pack(ORDER)
        dispatch = bench.until(packed, DispatchState.PARTLY_SENT)
    assert (dispatch.reason, dispatch.sent_count) == (reason, 2)
    states = [one.state for one in bench.messages_of(packed)]
    assert states == [MessageState.SENT] * 2 + [MessageState.FAILED] * 2
    assert bench.pictures(BUYER) == list(packed.photos[:1])
    assert bench.calls("send_message") == 3, "it is not tried once more"


@pytest.mark.usefixtures("early")
def test_a_buyer_who_blocks_the_shop_between_two_photos_gets_nothing_more(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    block = bench.sandbox.control.change_contact
    after_sends(monkeypatch, 2, lambda: block(bench.sandbox.shop_id, BUYER, blocked_by_buyer=True))
    with bench.running(request_deadline_s=PATIENT):
        packed = bench.pack(ORDER)
        dispatch = bench.until(packed, DispatchState.PARTLY_SENT)
    assert (dispatch.reason, dispatch.sent_count) == (Reason.BUYER_UNREACHABLE, 2)
    assert bench.pictures(BUYER) == list(packed.photos[:1])


@pytest.mark.usefixtures("early")
def test_a_shop_that_asks_to_wait_half_way_is_left_alone_and_then_gets_the_rest(
    bench: Bench,
) -> None:
    bench.fault("rate_limit", "image", retry_after_s=3000)
    with bench.running(request_deadline_s=PATIENT):
        packed = bench.pack(ORDER)
        bench.until(packed, DispatchState.SENDING, reason=Reason.RATE_LIMIT)
        sent = bench.calls("send_message")
        other = bench.pack(demo_seed.FURTHER_ORDER_SNS[1])
        bench.until(other, DispatchState.QUEUED)
        assert bench.calls("send_message") == sent == 2
        eventually(lambda: len(uploads_of(bench, packed)) == 3)
        kept = uploads_of(bench, packed)
        bench.change_pace(free_at=bench.dispatch_of(packed).created_at)
        bench.make_due()
        bench.until(packed, DispatchState.SENT)
    assert_all_once(bench, packed)
    assert uploads_of(bench, packed) == kept, "what was uploaded ahead is kept for its turn"


def reads_of(bench: Bench) -> int:
    """How often a chat was looked for or read."""
    return bench.calls("get_message") + bench.calls("get_conversation_list")


def uploads_of(bench: Bench, packed: Packed) -> list[str]:
    """The addresses of its pictures that are uploaded."""
    return [one.uploaded_url for one in bench.messages_of(packed) if one.uploaded_url]


# --- tokens --------------------------------------------------------------------------------------


def after_sends(monkeypatch: pytest.MonkeyPatch, number: int, act: Callable[[], object]) -> None:
    """Do something when so many messages were accepted, before the dispatcher hears of it."""
    real, left = Shopee.send, [number]

    def send(
        self: Shopee, access: ShopAccess, message: OutgoingMessage, *, deadline_s: float
    ) -> SentMessage:
        sent = real(self, access, message, deadline_s=deadline_s)
        left[0] -= 1
        if left[0] == 0:
            act()
        return sent

    monkeypatch.setattr(Shopee, "send", send)


def end_tokens(bench: Bench, how: str) -> None:
    path = f"/shops/{bench.sandbox.shop_id}/tokens/{how}"
    bench.sandbox.control.call("POST", path, {"partner_id": bench.sandbox.partner_id})


def authorize_anew(bench: Bench) -> None:
    control = bench.sandbox.control
    bench.put_tokens(*control.mint_tokens(bench.sandbox.shop_id, bench.sandbox.partner_id))


@when_uploads_are_done
def test_a_token_that_expires_half_way_is_replaced_and_the_rest_goes(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, uploads: Uploads
) -> None:
    let_uploads_be(monkeypatch, uploads)
    authorize_anew(bench)
    after_sends(monkeypatch, 2, lambda: end_tokens(bench, "expire"))
    with bench.running(request_deadline_s=PATIENT):
        packed = bench.pack(ORDER)
        bench.until(packed, DispatchState.SENT)
    assert_all_once(bench, packed)
    assert bench.calls("access_token/get") == 1


@when_uploads_are_done
def test_an_authorization_taken_back_half_way_holds_the_rest_until_it_is_given_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, uploads: Uploads
) -> None:
    let_uploads_be(monkeypatch, uploads)
    after_sends(monkeypatch, 2, lambda: end_tokens(bench, "revoke"))
    with bench.running(request_deadline_s=PATIENT):
        packed = bench.pack(ORDER)
        bench.until(packed, DispatchState.HELD, reason=Reason.AUTHORIZATION)
        assert bench.pictures(BUYER) == list(packed.photos[:1])
        authorize_anew(bench)
        bench.until(packed, DispatchState.SENT)
    assert_all_once(bench, packed)


@pytest.mark.usefixtures("early")
def test_what_is_held_for_want_of_an_authorization_is_not_sent_to_try_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The chat is read to see whether it is given; the table's light does not go to and fro."""
    after_sends(monkeypatch, 2, lambda: end_tokens(bench, "revoke"))
    with bench.running(request_deadline_s=PATIENT, chat_read_fresh=timedelta(hours=1)):
        packed = bench.pack(ORDER)
        bench.until(packed, DispatchState.HELD, reason=Reason.AUTHORIZATION)
        reads = reads_of(bench)
        eventually(lambda: reads_of(bench) >= reads + 3)
        assert bench.dispatch_of(packed).state is DispatchState.HELD
    assert bench.calls("send_message") == 3, "two that were taken, and the one refused"


@pytest.mark.usefixtures("early")
def test_what_was_held_half_way_for_too_long_is_a_persons_although_it_may_go_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The age rule: 24 hours after F4 the buyer has the parcel, or soon will."""
    after_sends(monkeypatch, 2, lambda: end_tokens(bench, "revoke"))
    with bench.running(request_deadline_s=PATIENT):
        packed = bench.pack(ORDER)
        held = bench.until(packed, DispatchState.HELD, reason=Reason.AUTHORIZATION)
    bench.change_dispatch(held.id, asked_at=held.asked_at - timedelta(hours=25))
    authorize_anew(bench)
    with bench.running(request_deadline_s=PATIENT):
        bench.until(packed, DispatchState.PARTLY_SENT, DispatchState.NEEDS_PERSON)
        sends = bench.calls("send_message")
    assert bench.pictures(BUYER) == list(packed.photos[:1])
    assert bench.calls("send_message") == sends


# --- uploads that run ahead ----------------------------------------------------------------------


UPLOADS = [
    ("drop_before", {}),
    ("drop_after", {}),
    ("error_after", {}),
    ("not_json", {}),
    ("error_body", {"error": "error_server"}),
    ("rate_limit", {"retry_after_s": 0}),
    ("token_expired", {}),
]


@when_uploads_are_done
@pytest.mark.parametrize(("kind", "fields"), UPLOADS)
def test_an_upload_ahead_that_fails_is_made_again_and_each_photo_goes_once(
    bench: Bench,
    monkeypatch: pytest.MonkeyPatch,
    uploads: Uploads,
    kind: str,
    fields: Mapping[str, Any],
) -> None:
    let_uploads_be(monkeypatch, uploads)
    for skip in (0, 1, 3):
        bench.sandbox.control.fault(kind, "upload_image", skip=skip, **fields)
    with bench.running(request_deadline_s=PATIENT):
        packed = bench.pack(ORDER)
        bench.until(packed, DispatchState.SENT)
    assert_all_once(bench, packed)
    assert bench.calls("upload_image") > 3, "the test must see an upload made again"


@when_uploads_are_done
def test_an_upload_ahead_that_is_refused_fails_its_part_alone(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, uploads: Uploads
) -> None:
    let_uploads_be(monkeypatch, uploads)
    packed = bench.pack(ORDER)
    refuse_picture(monkeypatch, number=2)
    with bench.running(request_deadline_s=PATIENT):
        dispatch = bench.until(packed, DispatchState.PARTLY_SENT)
    assert dispatch.sent_count == 3
    failed = [one for one in bench.messages_of(packed) if one.state is MessageState.FAILED]
    assert [bench.attempts_of(one)[-1].outcome for one in failed] == ["not-sent"]
    in_chat = bench.pictures(BUYER)
    assert in_chat == [one for one in packed.photos if one in in_chat]
    assert len(in_chat) == 2


def refuse_picture(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """The marketplace does not take the n-th picture, however often it is offered."""
    real: Callable[..., UploadedImage] = Shopee.upload_image
    seen: list[bytes] = []

    def upload(self: Shopee, access: ShopAccess, picture: bytes) -> UploadedImage:
        if picture not in seen:
            seen.append(picture)
        if seen.index(picture) == number - 1:
            raise PermanentError(FailureClass.REFUSED_CONTENT, "error_param", "not this picture")
        return real(self, access, picture)

    monkeypatch.setattr(Shopee, "upload_image", upload)
