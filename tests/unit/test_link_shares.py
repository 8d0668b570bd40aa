"""How link processes share the partitions, and what they say about a broker."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.link.broker_limits import Announced, what_it_lacks
from cloud.link.shares import balance, share_of

PARTITIONS = 64
NAMES = ["a", "b", "c", "d", "e"]


@given(st.sets(st.text(min_size=1, max_size=4), min_size=1, max_size=70))
def test_shares_are_even_and_leave_nothing_over(processes: set[str]) -> None:
    shares = [share_of(one, processes, PARTITIONS) for one in processes]
    assert sum(shares) == PARTITIONS
    assert max(shares) - min(shares) <= 1


@given(
    st.lists(st.sampled_from([*NAMES, "gone", None]), min_size=PARTITIONS, max_size=PARTITIONS),
    st.permutations(NAMES),
)
def test_in_two_rounds_everybody_has_the_share(holders: list[str | None], turns: list[str]) -> None:
    """Whatever was before: one round gives up, the next takes; then nobody moves any more."""
    held = {number: None if one == "gone" else one for number, one in enumerate(holders)}
    for _ in range(2):
        for name in turns:
            plan = balance(name, NAMES, held)
            held.update(dict.fromkeys(plan.take, name))
            held.update(dict.fromkeys(plan.give_up, None))
    assert None not in held.values()
    for name in NAMES:
        assert list(held.values()).count(name) == share_of(name, NAMES, PARTITIONS)
        assert balance(name, NAMES, held) == balance(name, NAMES, dict(held))
        assert not balance(name, NAMES, held).take
        assert not balance(name, NAMES, held).give_up


def test_what_another_holds_is_never_taken() -> None:
    held: dict[int, str | None] = dict.fromkeys(range(PARTITIONS), "a")
    assert balance("b", ["a", "b"], held).take == ()
    assert balance("a", ["a", "b"], held).give_up == tuple(range(32, 64))


GOOD = Announced(maximum_qos=2, wildcards=True, packet_bytes=None, receive_maximum=65_535)


def test_a_broker_that_has_everything_lacks_nothing() -> None:
    lacks = what_it_lacks(GOOD)
    assert (lacks.unusable, lacks.shortcomings) == ("", "")


@pytest.mark.parametrize(
    ("announced", "unusable", "shortcoming"),
    [
        (Announced(2, False, None, 100), "no wildcards", ""),
        (Announced(0, True, None, 100), "", "no QoS 1"),
        (Announced(1, True, 50_000, 100), "", "packets of 50000 bytes"),
        (Announced(1, True, 1_000, 100), "", "packets of 1000 bytes, and answers"),
        (Announced(1, True, None, 5), "", "only 5 messages at once"),
        (Announced(0, True, None, 5), "", "; it takes only 5"),
    ],
)
def test_what_it_lacks_is_said(announced: Announced, unusable: str, shortcoming: str) -> None:
    lacks = what_it_lacks(announced)
    assert unusable in lacks.unusable
    assert bool(unusable) == bool(lacks.unusable)
    assert shortcoming in lacks.shortcomings
    assert bool(shortcoming) == bool(lacks.shortcomings)
    assert "\n" not in lacks.unusable + lacks.shortcomings
