"""The judge of a soak sees each way in which a promise can be broken."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from tests.soak.judge import ChatKey, Closed, Facts, Logged, Owner, Seen, Verdict, judge

FIRST: ChatKey = (1, 10)
SECOND: ChatKey = (2, 10)
"""The same buyer at another shop."""

GOOD = Facts(
    closed=(
        Closed(code="A", proof_id="a", photos=("a1", "a2"), told="sent"),
        Closed(code="B", proof_id="b", photos=("b1",), told="sent"),
    ),
    owners={
        "A": Owner(FIRST, "text of A"),
        "B": Owner(SECOND, "text of B"),
        "left": Owner((1, 11), "text of left"),
    },
    chats={
        FIRST: Seen(("text of A",), ("a1", "a2")),
        SECOND: Seen(("text of B",), ("b1",)),
        (1, 11): Seen((), ()),
    },
    log={"a": Logged("sent", "", 3), "b": Logged("sent", "", 2)},
)

CENSORED = replace(
    GOOD,
    closed=(replace(GOOD.closed[0], told="partly-sent"), GOOD.closed[1]),
    chats={**GOOD.chats, FIRST: Seen(("text of A",), ("a1",))},
    log={**GOOD.log, "a": Logged("partly-sent", "refused-content", 2)},
)


def chats(changed: Mapping[ChatKey, Seen]) -> Facts:
    return replace(GOOD, chats={**GOOD.chats, **changed})


def logged(state: str, reason: str = "", sent_count: int = 0) -> Facts:
    """The first proof is in this state, and its buyer has nothing."""
    return replace(
        chats({FIRST: Seen((), ())}),
        closed=(replace(GOOD.closed[0], told=""), GOOD.closed[1]),
        log={**GOOD.log, "a": Logged(state, reason, sent_count)},
    )


def columns(verdict: Verdict) -> tuple[int, int, int, int, int, int]:
    return (
        verdict.sent,
        verdict.lost,
        verdict.twice,
        verdict.wrong_buyer,
        verdict.falsely_sent,
        verdict.waiting.total(),
    )


def test_when_all_is_well_nothing_is_found() -> None:
    verdict = judge(GOOD)
    assert (verdict.closed, columns(verdict)) == (2, (2, 0, 0, 0, 0, 0))
    assert verdict.is_clean
    assert verdict.findings == []


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        (
            replace(GOOD, log={"b": GOOD.log["b"]}, closed=logged("queued").closed),
            "the cloud's log does not have it",
        ),
        (logged("queued"), "queued"),
        (logged("sending", "outage"), "sending"),
        (logged("cancelled"), "cancelled"),
        (logged("failed"), "no reason"),
        (logged("held"), "no reason"),
        (
            replace(
                GOOD, closed=(Closed(code="A", proof_id="", photos=()), GOOD.closed[1]), chats={}
            ),
            "the light said it was saved",
        ),
    ],
)
def test_a_proof_that_nobody_finds_any_more_is_lost(facts: Facts, told: str) -> None:
    verdict = judge(facts)
    assert verdict.lost == 1
    assert not verdict.is_clean
    assert any(line.startswith("lost: A") and told in line for line in verdict.findings)


@pytest.mark.parametrize(
    "seen",
    [
        Seen(("text of A", "text of A"), ("a1", "a2")),
        Seen(("text of A",), ("a1", "a2", "a1")),
    ],
)
def test_a_part_that_a_buyer_has_again_is_twice(seen: Seen) -> None:
    verdict = judge(chats({FIRST: seen}))
    assert columns(verdict) == (2, 0, 1, 0, 0, 0)
    assert not verdict.is_clean


def test_a_photo_that_was_taken_twice_alike_may_be_there_as_often() -> None:
    alike = (replace(GOOD.closed[0], photos=("a1", "a1")), GOOD.closed[1])
    facts = replace(chats({FIRST: Seen(("text of A",), ("a1", "a1"))}), closed=alike)
    assert columns(judge(facts)) == (2, 0, 0, 0, 0, 0)


@pytest.mark.parametrize(
    "changed",
    [
        {SECOND: Seen(("text of B",), ("b1", "a1"))},
        {SECOND: Seen(("text of B", "text of A"), ("b1",))},
        {(1, 11): Seen((), ("a1",))},
        {(1, 11): Seen(("text of left",), ())},
        {FIRST: Seen(("text of A",), ("a1", "a2", "taken back"))},
    ],
    ids=["photo", "text", "no order closed", "not closed", "taken back"],
)
def test_what_was_not_closed_for_a_buyer_is_at_a_wrong_one(changed: dict[ChatKey, Seen]) -> None:
    verdict = judge(chats(changed))
    assert columns(verdict) == (2, 0, 0, 1, 0, 0)
    assert not verdict.is_clean


def test_messages_in_chats_of_no_order_are_at_a_wrong_buyer() -> None:
    verdict = judge(replace(GOOD, elsewhere=2))
    assert verdict.wrong_buyer == 2
    assert not verdict.is_clean


@pytest.mark.parametrize(
    "facts",
    [
        chats({FIRST: Seen(("text of A",), ("a1",))}),
        chats({FIRST: Seen((), ("a1", "a2"))}),
        replace(GOOD, chats={SECOND: GOOD.chats[SECOND]}),
        replace(CENSORED, log={**GOOD.log, "a": Logged("partly-sent", "refused-content", 3)}),
        replace(CENSORED, closed=GOOD.closed),
    ],
    ids=["photo", "text", "no chat", "too many counted", "told the table"],
)
def test_sent_that_is_not_true_is_falsely_sent(facts: Facts) -> None:
    verdict = judge(facts)
    assert verdict.falsely_sent == 1
    assert verdict.lost == 0
    assert not verdict.is_clean


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (CENSORED, "partly-sent: refused-content"),
        (logged("failed", "refused-content"), "failed: refused-content"),
        (logged("held", "authorization"), "held: authorization"),
        (logged("needs-person", "already-sent"), "needs-person: already-sent"),
        (logged("not-confirmed"), "not-confirmed: no reason"),
        (logged("waiting-for-order"), "waiting-for-order: no reason"),
    ],
)
def test_what_a_person_finds_with_its_reason_waits(facts: Facts, reason: str) -> None:
    verdict = judge(facts)
    assert columns(verdict) == (1, 0, 0, 0, 0, 1)
    assert verdict.waiting == {reason: 1}
    assert verdict.is_clean


def test_what_the_cloud_refused_waits_at_the_table() -> None:
    refused = replace(GOOD.closed[0], refused="conflict", told="")
    facts = replace(logged("queued"), closed=(refused, GOOD.closed[1]), log={"b": GOOD.log["b"]})
    assert judge(facts).waiting == {"refused at the table: conflict": 1}


def test_an_order_card_counts_as_a_part() -> None:
    with_card = replace(GOOD.chats[FIRST], others=1)
    facts = replace(chats({FIRST: with_card}), log={**GOOD.log, "a": Logged("sent", "", 4)})
    assert columns(judge(facts)) == (2, 0, 0, 0, 0, 0)
