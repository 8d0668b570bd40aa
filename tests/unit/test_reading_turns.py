"""Turns at a shop: as many at once as a pause has left over, then one after the other."""

import pytest

from cloud.dispatcher.reading_turns import Turns


def test_after_a_pause_some_go_at_once_and_the_others_in_turn() -> None:
    turns = Turns(gap_s=0.5)
    waits = [turns.wait_s(who, now_s=100.0) for who in range(7)]
    assert waits == [0.0, 0.0, 0.0, 0.0, 0.0, 0.5, 1.0]


def test_who_waits_keeps_the_turn_that_was_given() -> None:
    turns = Turns(gap_s=1.0)
    for who in range(3):
        turns.wait_s(who, now_s=100.0)
    assert turns.wait_s("late", now_s=100.0) == 1.0
    assert turns.wait_s("later", now_s=100.0) == 2.0
    assert turns.wait_s("late", now_s=100.25) == 0.75
    assert turns.wait_s("late", now_s=101.0) == 0.0
    # Used with that: the next one is a new one, behind the other.
    assert turns.wait_s("late", now_s=101.0) == 2.0


def test_the_pause_counts_only_so_far_back() -> None:
    turns = Turns(gap_s=1.0)
    turns.wait_s("first", now_s=0.0)
    waits = [turns.wait_s(who, now_s=10_000.0) for who in range(4)]
    assert waits == [0.0, 0.0, 0.0, 1.0]


@pytest.mark.parametrize(("later_s", "is_kept"), [(500.0, True), (800.0, False)])
def test_who_does_not_come_back_is_forgotten(later_s: float, is_kept: bool) -> None:
    turns = Turns(gap_s=2.0)
    for who in range(3):
        turns.wait_s(who, now_s=0.0)
    now_s = later_s
    # Enough of others for one to have to wait, at which those before are looked over.
    while turns.wait_s(object(), now_s) == 0.0:
        pass
    taken = turns.wait_s(2, now_s)
    assert (taken == 0.0) is is_kept
