"""The marketplace misbehaves in every way the sandbox knows; the buyer's chat is what counts."""

from collections.abc import Mapping
from typing import Any

import pytest

from cloud.conversations.states import DispatchState, MessageState, Reason
from sandbox.shopee import demo_seed
from tests.support.dispatch_bench import Bench
from tests.support.waiting import eventually

ORDER = demo_seed.FURTHER_ORDER_SNS[0]
BUYER = 900000004

PASSING: list[tuple[str, str | None, dict[str, Any]]] = [
    ("drop_before", "text", {}),
    ("drop_before", "image", {"skip": 1}),
    ("drop_after", "text", {}),
    ("drop_after", "image", {}),
    ("drop_after", "image", {"count": 3}),
    ("error_before", "text", {}),
    ("error_before", "image", {}),
    ("error_after", "text", {}),
    ("error_after", "image", {"skip": 2}),
    ("not_json", "image", {}),
    ("not_json", "image", {"http_status": 403}),
    ("rate_limit", "image", {}),
    ("rate_limit", "image", {"retry_after_s": 0, "count": 3}),
    ("token_expired", "image", {}),
    ("delay", "image", {"delay_ms": 900}),
    ("delay_after", "image", {"delay_ms": 900}),
    ("error_body", "image", {"error": "error_server"}),
    ("error_body", "text", {"error": "system_busy"}),
]


@pytest.mark.parametrize(("kind", "message_type", "fields"), PASSING)
def test_trouble_that_passes_leaves_each_part_once_in_the_chat(
    bench: Bench, kind: str, message_type: str, fields: Mapping[str, Any]
) -> None:
    """U-18: also when the answer was lost, and when it came after the deadline."""
    bench.fault(kind, message_type, **fields)
    with bench.running(request_deadline_s=0.4):
        packed = bench.pack(ORDER)
        bench.until(packed, DispatchState.SENT)
    assert bench.kinds(BUYER) == ["text", "image", "image", "image"]
    assert bench.pictures(BUYER) == list(packed.photos)
    in_chat = [one["message_id"] for one in bench.chat(BUYER)]
    assert [one.marketplace_message_id for one in bench.messages_of(packed)] == in_chat


@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "error_after", "rate_limit"])
def test_trouble_with_an_upload_is_only_one_more_upload(bench: Bench, kind: str) -> None:
    bench.sandbox.control.fault(kind, "upload_image")
    with bench.running():
        packed = bench.pack(ORDER)
        bench.until(packed, DispatchState.SENT)
    assert bench.pictures(BUYER) == list(packed.photos)


@pytest.mark.parametrize("path", ["get_conversation_list", "get_message", "get_order_detail"])
def test_trouble_with_reading_stops_nothing_for_long(bench: Bench, path: str) -> None:
    bench.sandbox.control.fault("error_before", path, count=2)
    bench.fault("drop_after", "image")
    with bench.running():
        packed = bench.pack(ORDER)
        bench.until(packed, DispatchState.SENT)
    assert bench.pictures(BUYER) == list(packed.photos)


def test_a_photo_that_the_chat_shows_late_is_not_sent_twice(bench: Bench) -> None:
    """Absent in two readings it is tried again, by the same address: the marketplace refuses."""
    bench.fault("show_late", "image", visible_after_s=4)
    bench.fault("drop_after", "image")
    with bench.running():
        packed = bench.pack(ORDER)
        bench.until(packed, DispatchState.SENT)
    assert bench.pictures(BUYER) == list(packed.photos)
    first_image = bench.messages_of(packed)[1]
    assert first_image.tries > 1, "the test must see a second try"


def test_a_text_that_the_chat_shows_late_is_not_sent_twice(bench: Bench) -> None:
    bench.fault("show_late", "text", visible_after_s=1)
    bench.fault("drop_after", "text")
    with bench.running():
        packed = bench.pack(ORDER)
        bench.until(packed, DispatchState.SENT)
    assert bench.kinds(BUYER) == ["text", "image", "image", "image"]


def test_what_the_chat_never_shows_is_never_sent_twice_and_never_called_sent(bench: Bench) -> None:
    bench.fault("show_late", "image")
    bench.fault("drop_after", "image")
    with bench.running():
        packed = bench.pack(ORDER)
        bench.until(packed, DispatchState.NOT_CONFIRMED, reason=Reason.REFUSED_CONTENT)
        reads = bench.calls("get_message")
        eventually(lambda: bench.calls("get_message") >= reads + 4)
        messages = bench.messages_of(packed)
    assert messages[1].tries == 2, "the marketplace said that it has it: its absence proves nothing"
    assert [one.state for one in messages] == [
        MessageState.SENT,
        MessageState.UNCERTAIN,
        MessageState.QUEUED,
        MessageState.QUEUED,
    ]
    assert bench.pictures(BUYER) == list(packed.photos[:1])


def test_a_shop_that_asks_to_wait_is_left_alone_that_long(bench: Bench) -> None:
    bench.fault("rate_limit", "text", retry_after_s=3000)
    with bench.running():
        packed = bench.pack(ORDER)
        bench.until(packed, DispatchState.QUEUED, reason=Reason.RATE_LIMIT)
        other = bench.pack(demo_seed.FURTHER_ORDER_SNS[1])
        bench.until(other, DispatchState.QUEUED)
    assert bench.calls("send_message") == 1
    assert bench.kinds(BUYER) == []


def test_the_order_card_goes_only_when_it_is_asked_for(bench: Bench) -> None:
    bench.fault("error_body", "text", error="first_chat_without_order_info")
    with bench.running():
        packed = bench.pack(ORDER)
        bench.until(packed, DispatchState.SENT)
    assert bench.kinds(BUYER) == ["order", "text", "image", "image", "image"]
    assert bench.pictures(BUYER) == list(packed.photos)


@pytest.mark.parametrize("message_type", ["text", None])
def test_a_marketplace_that_asks_for_the_card_again_and_again_ends_the_dispatch(
    bench: Bench, message_type: str | None
) -> None:
    bench.fault("error_body", message_type, error="first_chat_without_order_info", count=None)
    with bench.running():
        packed = bench.pack(ORDER)
        bench.until(packed, DispatchState.FAILED, DispatchState.PARTLY_SENT)
    assert bench.kinds(BUYER) == (["order"] if message_type else [])
    assert bench.calls("send_message") <= 4


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        ("user_is_forbidden", Reason.WINDOW_CLOSED),
        ("error_blocked", Reason.BUYER_UNREACHABLE),
        ("assigned_to_subaccount", Reason.CHANNEL_CANNOT_SEND),
    ],
)
def test_what_stops_all_parts_fails_them_all_by_its_name(
    bench: Bench, error: str, reason: Reason
) -> None:
    bench.fault("error_body", error=error)
    with bench.running():
        packed = bench.pack(ORDER)
        dispatch = bench.until(packed, DispatchState.FAILED)
    assert dispatch.reason == reason
    assert error in dispatch.detail
    assert bench.kinds(BUYER) == []


def test_a_refused_part_does_not_stop_the_others(bench: Bench) -> None:
    bench.fault("error_body", "image", error="message_is_censored", skip=1)
    with bench.running():
        packed = bench.pack(ORDER)
        dispatch = bench.until(packed, DispatchState.PARTLY_SENT)
    assert (dispatch.reason, dispatch.sent_count) == (Reason.REFUSED_CONTENT, 3)
    assert bench.pictures(BUYER) == [packed.photos[0], packed.photos[2]]


def test_a_photo_damaged_in_the_store_fails_and_the_others_go(bench: Bench) -> None:
    packed = bench.pack(ORDER)
    sha256 = packed.photos[1]
    file = bench.store_folder / str(bench.organisation_id) / sha256[:2] / sha256
    file.write_bytes(file.read_bytes()[:-1])
    with bench.running():
        dispatch = bench.until(packed, DispatchState.PARTLY_SENT)
    assert dispatch.reason == Reason.PHOTO_DAMAGED
    assert bench.pictures(BUYER) == [packed.photos[0], packed.photos[2]]


def test_a_message_that_the_marketplace_hides_has_its_id_and_is_not_sent_again(
    bench: Bench,
) -> None:
    bench.fault("status_after", "image")
    with bench.running():
        packed = bench.pack(ORDER)
        bench.until(packed, DispatchState.SENT)
    hidden = bench.sandbox.control.chat(bench.sandbox.shop_id, BUYER)["not_shown"]
    assert [one["message_id"] for one in hidden] == [
        bench.messages_of(packed)[1].marketplace_message_id
    ]
    assert bench.pictures(BUYER) == list(packed.photos[1:])


def test_a_hidden_message_whose_answer_was_lost_is_found_and_called_not_shown(
    bench: Bench,
) -> None:
    bench.fault("status_after", "image")
    bench.fault("drop_after", "image")
    with bench.running():
        packed = bench.pack(ORDER)
        bench.until(packed, DispatchState.PARTLY_SENT)
    assert bench.messages_of(packed)[1].state is MessageState.NOT_SHOWN
    assert bench.pictures(BUYER) == list(packed.photos[1:])


def test_an_expired_token_is_replaced_once_for_all_threads(bench: Bench) -> None:
    control = bench.sandbox.control
    access, refresh = control.mint_tokens(bench.sandbox.shop_id, bench.sandbox.partner_id)
    bench.put_tokens(access, refresh)
    path = f"/shops/{bench.sandbox.shop_id}/tokens/expire"
    bench.sync_orders()
    control.call("POST", path, {"partner_id": bench.sandbox.partner_id})
    packed = [bench.pack(order) for order in demo_seed.FURTHER_ORDER_SNS[:4]]
    with bench.running(senders=4):
        for one in packed:
            bench.until(one, DispatchState.SENT)
    assert bench.calls("access_token/get") == 1
    for index, one in enumerate(packed):
        assert bench.pictures(BUYER + index) == list(one.photos)


def test_an_expired_token_keeps_no_order_from_being_found(bench: Bench) -> None:
    """Nothing has read the shop's orders before: the first to meet it is the question for one."""
    control = bench.sandbox.control
    access, refresh = control.mint_tokens(bench.sandbox.shop_id, bench.sandbox.partner_id)
    bench.put_tokens(access, refresh)
    path = f"/shops/{bench.sandbox.shop_id}/tokens/expire"
    control.call("POST", path, {"partner_id": bench.sandbox.partner_id})
    packed = bench.pack(ORDER)
    with bench.running():
        bench.until(packed, DispatchState.SENT)
        control.call("POST", path, {"partner_id": bench.sandbox.partner_id})
        again = bench.pack(demo_seed.FURTHER_ORDER_SNS[1])
        bench.until(again, DispatchState.SENT)
    assert bench.calls("access_token/get") == 2


def test_a_token_rejected_after_other_trouble_is_replaced_all_the_same(bench: Bench) -> None:
    bench.fault("rate_limit", "text", retry_after_s=0)
    bench.fault("token_expired", "text", skip=1)
    with bench.running():
        packed = bench.pack(ORDER)
        bench.until(packed, DispatchState.SENT)
    assert bench.calls("access_token/get") == 1


def test_a_shop_whose_authorization_ended_holds_and_names_it(bench: Bench) -> None:
    """S0-20: released once the shop is authorized again."""
    control = bench.sandbox.control
    path = f"/shops/{bench.sandbox.shop_id}/tokens/revoke"
    packed = bench.pack(ORDER)
    bench.sync_orders()
    control.call("POST", path, {"partner_id": bench.sandbox.partner_id})
    with bench.running():
        dispatch = bench.until(packed, DispatchState.HELD)
        assert dispatch.reason == Reason.AUTHORIZATION
        assert bench.kinds(BUYER) == []
        tokens = control.mint_tokens(bench.sandbox.shop_id, bench.sandbox.partner_id)
        bench.put_tokens(*tokens)
        bench.until(packed, DispatchState.SENT)
    assert bench.pictures(BUYER) == list(packed.photos)
