"""The rules by which the TikTok Shop sandbox lets a shop write, and its pages and quota. Pure."""

from dataclasses import replace

import pytest

from sandbox.market.parameters import Parameters
from sandbox.market.refusal import Refusal
from sandbox.tiktok.limits import Limits
from sandbox.tiktok.paging import page_of
from sandbox.tiktok.quota import DailyQuota
from sandbox.tiktok.rules import Facts, can_send, check_start, check_text

HOUR_S, DAY_S = 3600.0, 86_400.0
NOW = 1_700_000_000.0
LIMITS = Limits()


@pytest.mark.parametrize(
    ("facts", "may"),
    [
        (Facts(NOW), False),
        (Facts(NOW, last_message_at=NOW - 30 * DAY_S), True),
        (Facts(NOW, last_message_at=NOW - 30 * DAY_S - 1), False),
        (Facts(NOW, last_order_at=NOW - 60 * DAY_S), True),
        (Facts(NOW, last_order_at=NOW - 60 * DAY_S - 1), False),
        (Facts(NOW, has_return=True), True),
        (Facts(NOW, has_return=True, is_blocked=True), False),
    ],
)
def test_who_may_be_written_to_first(facts: Facts, may: bool) -> None:
    if may:
        check_start(facts, LIMITS)
        return
    with pytest.raises(Refusal, match="45109003"):
        check_start(facts, LIMITS)


ASKED = Facts(NOW, is_answered=False)


@pytest.mark.parametrize(
    ("facts", "is_open"),
    [
        (Facts(NOW), False),
        (Facts(NOW, opened_at=NOW - 6 * HOUR_S + 1), True),
        (Facts(NOW, opened_at=NOW - 6 * HOUR_S), False),
        (Facts(NOW, opened_at=NOW - DAY_S, last_buyer_message_at=NOW - HOUR_S), True),
        (replace(ASKED, last_buyer_message_at=NOW - 7 * DAY_S + 1), True),
        (replace(ASKED, last_buyer_message_at=NOW - 7 * DAY_S), False),
        (Facts(NOW, last_buyer_message_at=NOW - DAY_S), False),
        (Facts(NOW, opened_at=NOW, is_blocked=True), False),
    ],
)
def test_when_a_conversation_is_open(facts: Facts, is_open: bool) -> None:
    assert can_send(facts, LIMITS) is is_open


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "45101001"),
        ("x" * 2001, "45101001"),
        ("https://shop.example/x", "45101006"),
        ("http://1.2.3.4", "45101006"),
        ("www.shop", "45101006"),
        ("shop.com", "45101006"),
        ("on Telegram", "45101006"),
    ],
)
def test_texts_that_are_refused(text: str, code: str) -> None:
    with pytest.raises(Refusal, match=code):
        check_text(text, LIMITS)


@pytest.mark.parametrize("text", ["x" * 2000, "Order 5764.\nThank you!", "packed at 10.30 by Tan."])
def test_texts_that_are_taken(text: str) -> None:
    check_text(text, LIMITS)


def test_pages_follow_each_other_to_the_end() -> None:
    seen: list[int] = []
    token = ""
    for _ in range(3):
        page, token = page_of(list(range(7)), Parameters({"page_token": token}, error="e"), 3)
        seen += page
    assert (seen, token) == (list(range(7)), "")


def test_a_page_that_ends_with_the_list_is_the_last() -> None:
    assert page_of([1, 2], Parameters({}, error="e"), 2) == ([1, 2], "")


@pytest.mark.parametrize("token", ["x", "MTI=", "YXQ6LTE=", "é"])
def test_a_token_that_was_not_given_is_refused(token: str) -> None:
    with pytest.raises(Refusal, match="page_token"):
        page_of([1], Parameters({"page_token": token}, error="e"), 1)


def test_a_quota_is_of_one_caller_and_one_day() -> None:
    quota = DailyQuota()
    quota.count("a", NOW, 1)
    quota.count("b", NOW, 1)
    with pytest.raises(Refusal, match="45101004"):
        quota.count("a", NOW, 1)
    quota.count("a", NOW, None)
    quota.count("a", NOW + DAY_S, 1)
