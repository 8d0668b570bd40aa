"""Each row of the send rules (marketplace-apis 1.4), and that nothing else is refused."""

from dataclasses import replace

import pytest

from sandbox.market.refusal import Refusal
from sandbox.shopee import rules
from sandbox.shopee.limits import DAY_S, Limits
from sandbox.shopee.rules import Draft, Facts, Sent

NOW = 1_700_000_000.0
LIMITS = Limits(censored_words=["forbidden"], censored_sha256=["abc"], sends_per_minute=10)
TEXT = Draft("text", "text:Packed", text="Packed")
IMAGE = Draft("image", "image:p1", picture_sha256="def")
CHATTING = Facts(NOW, has_conversation=True, last_buyer_message_at=NOW - 60)
STRANGER = Facts(NOW)
ORDERED = Facts(NOW, last_order_at=NOW - 60)


def refusal(draft: Draft, facts: Facts) -> str:
    try:
        rules.check_window(facts, LIMITS)
        rules.check(draft, facts, LIMITS)
    except Refusal as refused:
        return refused.error
    return ""


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (STRANGER, "user_is_forbidden"),
        (replace(CHATTING, last_buyer_message_at=NOW - 7 * DAY_S), ""),
        (replace(CHATTING, last_buyer_message_at=NOW - 7 * DAY_S - 1), "user_is_forbidden"),
        (replace(CHATTING, last_buyer_message_at=None, last_order_at=NOW - 30 * DAY_S), ""),
        (
            replace(CHATTING, last_buyer_message_at=None, last_order_at=NOW - 30 * DAY_S - 1),
            "user_is_forbidden",
        ),
        (replace(STRANGER, has_conversation=True, return_open=True), ""),
    ],
)
def test_contact_window(facts: Facts, expected: str) -> None:
    assert refusal(TEXT, facts) == expected


@pytest.mark.parametrize(
    ("draft", "facts", "expected"),
    [
        (TEXT, ORDERED, "first_chat_without_order_info"),
        (replace(TEXT, order_sn="261018DEMO0001"), ORDERED, ""),
        (Draft("order", "order:1", order_sn="261018DEMO0001"), ORDERED, ""),
        (TEXT, CHATTING, ""),
    ],
)
def test_first_message_carries_an_order(draft: Draft, facts: Facts, expected: str) -> None:
    assert refusal(draft, facts) == expected


@pytest.mark.parametrize(
    ("draft", "facts", "expected"),
    [
        (replace(TEXT, text="x" * 600), CHATTING, ""),
        (replace(TEXT, text="x" * 601), CHATTING, "message_too_long"),
        (replace(TEXT, text="this is FORBIDDEN"), CHATTING, "message_is_censored"),
        (replace(IMAGE, picture_sha256="abc"), CHATTING, "message_is_censored"),
        (TEXT, replace(CHATTING, unanswered=4), ""),
        (TEXT, replace(CHATTING, unanswered=5), "reach_5_message_limit"),
        (TEXT, replace(CHATTING, blocked_by_buyer=True), "error_blocked"),
        (TEXT, replace(CHATTING, blocked_by_shop=True), "error_sender_block_receiver"),
        (TEXT, replace(CHATTING, subaccount="assigned"), "assigned_to_subaccount"),
        (TEXT, replace(CHATTING, subaccount="bound"), "shop_bound_subaccount"),
        (TEXT, replace(CHATTING, safety_block=True), "block_by_internal_safety_strategies"),
        (TEXT, replace(CHATTING, sends_last_minute=9), ""),
        (TEXT, replace(CHATTING, sends_last_minute=10), "exceed_send_limitaion"),
        (TEXT, replace(CHATTING, sends_today=5999, daily_limit=6000), ""),
        (TEXT, replace(CHATTING, sends_today=6000, daily_limit=6000), "error_limit"),
    ],
)
def test_rule_after_the_window(draft: Draft, facts: Facts, expected: str) -> None:
    assert refusal(draft, facts) == expected


@pytest.mark.parametrize(
    ("draft", "age_s", "expected"),
    [
        (TEXT, DAY_S - 1, "error_business"),
        (TEXT, DAY_S, ""),
        (replace(TEXT, fingerprint="text:Other"), 60, ""),
        (replace(IMAGE, fingerprint="text:Packed"), 60, "error_business"),
        (Draft("order", "text:Packed"), 60, ""),
    ],
    ids=["same text", "a day later", "other text", "picture is a repeated type", "order is not"],
)
def test_repeat_within_24_hours(draft: Draft, age_s: float, expected: str) -> None:
    facts = replace(CHATTING, recent=[Sent(NOW - age_s, "text:Packed")])

    assert refusal(draft, facts) == expected


def test_the_window_is_judged_before_the_rest() -> None:
    facts = replace(STRANGER, blocked_by_buyer=True, unanswered=5)

    assert refusal(replace(TEXT, text="x" * 700), facts) == "user_is_forbidden"


@pytest.mark.parametrize(
    ("now", "start"),
    [
        # 1700000000 is 2023-11-14 22:13:20 UTC, which is 06:13:20 of the 15th in UTC+8.
        (1_700_000_000, 1_699_977_600),
        (1_699_977_600, 1_699_977_600),
        (1_699_977_599, 1_699_977_600 - DAY_S),
    ],
)
def test_the_daily_total_starts_at_midnight_of_utc_plus_8(now: int, start: int) -> None:
    assert rules.day_start(now) == start
