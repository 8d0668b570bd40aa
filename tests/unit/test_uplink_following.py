"""Asking for the end of proofs, a page at a time."""

import pytest

from edge.uplink.following import PAGE, Following

INTERVAL_S = 300.0


def proofs(count: int) -> list[str]:
    return [f"{number:032x}" for number in range(count)]


@pytest.mark.parametrize("count", [0, 1, PAGE, PAGE + 1, 20 * PAGE])
def test_a_round_asks_for_each_once_and_no_page_is_larger_than_the_limit(count: int) -> None:
    it, now = Following(INTERVAL_S), 0.0
    asked: list[str] = []
    between_s: list[float] = []
    for _ in range(max(1, -(-count // PAGE))):
        page = it.page(proofs(count), now)
        assert len(page) <= PAGE
        asked += page
        between_s.append(it.due_at - now)
        now = it.due_at
    assert asked == proofs(count)
    assert all(0 < one <= INTERVAL_S for one in between_s)
    assert between_s[-1] == INTERVAL_S
    assert it.page(proofs(count), now) == proofs(count)[:PAGE]


def test_it_goes_on_behind_the_last_one_when_others_ended() -> None:
    it, followed = Following(INTERVAL_S), proofs(3 * PAGE)
    it.page(followed, 0.0)
    assert it.page(followed[50:], 5.0) == followed[PAGE : 2 * PAGE]


def test_it_begins_anew_when_the_last_one_ended() -> None:
    it, followed = Following(INTERVAL_S), proofs(3 * PAGE)
    it.page(followed, 0.0)
    assert it.page(followed[PAGE:], 5.0) == followed[PAGE : 2 * PAGE]
