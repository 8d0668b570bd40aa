"""How pushes are signed, repeated and counted (marketplace-apis 1.6, 2.6, 3.6)."""

import pytest

from sandbox.faults import FaultBox
from sandbox.market.push.rules import PushRules, SuccessRule
from sandbox.shopee.outbox import ShopeeOutbox
from sandbox.shopee.signing import push_signature
from sandbox.shopee.world import World
from sandbox.store import DocumentStore

KEY = "shpk_test_0123456789abcdef0123456789abcdef"
URL = "https://example.test/hooks/shopee"
BODY = (
    b'{"code":3,"timestamp":1700000000,"shop_id":22000001,'
    b'"data":{"ordersn":"231115ABCDEF12","status":"READY_TO_SHIP"}}'
)
SIGNED = "153450d212ff24bb30dcf7c63a5e1c5950a89aa9be9773cbffc389a48a411f50"
TIKTOK = PushRules((120, 1800, 10_800, 43_200))
LAZADA = PushRules((1800,) * 12)
SHOPEE = SuccessRule(window_s=21_600, more_than=600, warn_below=0.7, stop_below=0.3)


def test_the_worked_signature_of_a_push() -> None:
    """Vector S14."""
    assert push_signature(KEY, URL, BODY) == SIGNED


@pytest.mark.parametrize(
    ("url", "body"), [(URL + "/", BODY), (URL, BODY + b" "), (URL.upper(), BODY)]
)
def test_address_and_body_are_signed_as_they_are(url: str, body: bytes) -> None:
    assert push_signature(KEY, url, body) != SIGNED


@pytest.mark.parametrize(("kind", "deadline_s"), [("10", 2.0), ("3", 3.0), ("0", 3.0)])
def test_how_long_an_app_may_take(kind: str, deadline_s: float) -> None:
    outbox = ShopeeOutbox(World(DocumentStore(None)), FaultBox())

    assert outbox.deadline_s(kind) == deadline_s
    assert outbox.rules.success == SHOPEE
    assert outbox.rules.retry_after_s == ()


@pytest.mark.parametrize(
    ("rules", "pauses"),
    [
        (PushRules(), [None]),
        (TIKTOK, [120.0, 1800.0, 10_800.0, 43_200.0, None]),
        (LAZADA, [*[1800.0] * 12, None]),
    ],
    ids=["one attempt", "four pauses", "twelve pauses"],
)
def test_pauses_between_attempts(rules: PushRules, pauses: list[float | None]) -> None:
    due = [rules.next_due(attempts, now=1000.0) for attempts in range(1, len(pauses) + 1)]

    assert due == [None if pause is None else 1000.0 + pause for pause in pauses]


@pytest.mark.parametrize(
    ("good", "bad", "health"),
    [
        (0, 600, "good"),
        (0, 601, "stopped"),
        (299, 701, "stopped"),
        (300, 700, "warning"),
        (699, 301, "warning"),
        (700, 300, "good"),
    ],
)
def test_too_many_failures_warn_and_then_stop(good: int, bad: int, health: str) -> None:
    outcomes = [(1000.0, True)] * good + [(1000.0, False)] * bad

    assert SHOPEE.judge(outcomes, now=1000.0) == health


def test_only_the_window_counts() -> None:
    outcomes = [(1000.0, False)] * 601

    assert SHOPEE.judge(outcomes, now=1000.0 + 21_600) == "stopped"
    assert SHOPEE.judge(outcomes, now=1000.0 + 21_601) == "good"
