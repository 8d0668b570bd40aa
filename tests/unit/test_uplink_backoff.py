"""Waiting before the next try."""

import pytest

from edge.uplink.backoff import wait_s
from edge.uplink.settings import BackOff, UplinkSettings

POLICY = BackOff(first_s=1.0, longest_s=60.0)


@pytest.mark.parametrize(
    ("attempt", "draw", "expected_s"),
    [
        (0, 1.0, 1.0),
        (0, 0.0, 0.5),
        (1, 1.0, 2.0),
        (3, 0.5, 6.0),  # 8 * 0.75
        (6, 1.0, 60.0),  # 64, cut
        (6, 0.0, 30.0),
        (10_000, 1.0, 60.0),
    ],
)
def test_waits_double_up_to_the_longest(attempt: int, draw: float, expected_s: float) -> None:
    assert wait_s(POLICY, attempt, draw) == expected_s


def test_a_fleet_does_not_come_back_at_once() -> None:
    waits = {wait_s(POLICY, 0, draw / 100) for draw in range(100)}
    assert len(waits) == 100


@pytest.mark.parametrize("wrong", [{"keepalive_s": 59}, {"slice_bytes": 1023}])
def test_settings_that_cannot_work_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="must be at least"):
        UplinkSettings(**wrong)  # type: ignore[arg-type]  # the keys are in the row above
