"""How a table comes back: not twice the same words, never in a hurry, never all at once."""

import heapq
from collections import Counter
from random import Random

import pytest

from edge.uplink.comeback import Comeback
from edge.uplink.errors import LinkError, LinkLost, LinkRefused, ServerUnreachable
from edge.uplink.settings import BackOff, UplinkSettings

SETTINGS = UplinkSettings(
    reconnect=BackOff(1.0, 60.0), refused=BackOff(15.0, 300.0), spread_s=5.0, stable_s=30.0
)
AWAY = ServerUnreachable("broker.example:8883: Connection refused")
LOST = LinkLost("connection lost")
TAKEN_OVER = LinkLost("session taken over", 0x8E)
DENIED = LinkRefused("the connection is refused: not authorized (0x87)", 0x87)
ENDS = [LOST, TAKEN_OVER]
HOUR_S = 3600.0


@pytest.mark.parametrize(
    ("ends", "waits"),
    [
        # (error, seconds that it stood) of one connection after the other; draws are 1
        ([(AWAY, None)] * 8, [1, 2, 4, 8, 16, 32, 60, 60]),
        ([(DENIED, None)] * 6, [15, 30, 60, 120, 240, 300]),
        ([(DENIED, 0.0)] * 6, [15, 30, 60, 120, 240, 300]),
        ([(LOST, 40.0)] * 3, [5, 5, 5]),
        ([(LOST, 40.0), (AWAY, None), (AWAY, None)], [5, 2, 4]),
        ([(LOST, 2.0)] * 5, [5, 2, 4, 8, 16]),
        ([(TAKEN_OVER, 2.0)] * 3, [15, 30, 60]),
        ([(TAKEN_OVER, 40.0)] * 3, [15, 15, 15]),
        ([(AWAY, None)] * 4 + [(LOST, 29.9), (LOST, 30.0)], [1, 2, 4, 8, 16, 5]),
    ],
)
def test_waits(ends: list[tuple[LinkError, float | None]], waits: list[float]) -> None:
    it = Comeback(SETTINGS, lambda: 1.0)
    assert [it.after(error, stood_s).wait_s for error, stood_s in ends] == waits


@pytest.mark.parametrize(("draw", "wait_s"), [(0.0, 0.0), (0.5, 2.5), (1.0, 5.0)])
def test_after_a_broker_that_ended_the_first_try_comes_at_any_moment(
    draw: float, wait_s: float
) -> None:
    assert Comeback(SETTINGS, lambda: draw).after(LOST, 4000.0).wait_s == wait_s


@pytest.mark.parametrize(
    ("ends", "said"),
    [
        ([(AWAY, None)] * 3, [True, False, False]),
        ([(AWAY, None), (LOST, 9.0), (AWAY, None)], [True, True, True]),
        ([(LOST, 40.0)] * 2, [True, False]),
        ([(LOST, 599.0), (LOST, 600.0)], [True, True]),
        # a connection that is denied as soon as it stands is no reason to say it again
        ([(DENIED, 1.0)] * 3, [True, False, False]),
    ],
)
def test_each_reason_is_said_once(
    ends: list[tuple[LinkError, float | None]], said: list[bool]
) -> None:
    it = Comeback(SETTINGS, lambda: 1.0)
    assert [it.after(error, stood_s).news is not None for error, stood_s in ends] == said


def test_that_it_stands_is_said_after_news_only() -> None:
    it = Comeback(SETTINGS, lambda: 1.0)
    heard = [it.stands()]
    for _ in range(3):
        it.after(LOST, 400.0)
        heard.append(it.stands())
    assert heard == [True, True, False, False]


@pytest.mark.parametrize(
    ("ends", "suspected"),
    [
        ([(LOST, 10.0)] * 2, False),
        ([(LOST, 10.0)] * 3, True),
        ([(LOST, 10.0), (AWAY, None), (LOST, 10.0), (AWAY, None), (LOST, 10.0)], True),
        ([(LOST, 10.0), (LOST, 10.0), (LOST, 500.0)], False),
        ([(LOST, 10.0), (TAKEN_OVER, 10.0), (LOST, 10.0), (LOST, 10.0)], False),
        ([(AWAY, None)] * 5, False),
    ],
)
def test_a_second_device_is_suspected_where_the_broker_gives_no_reason(
    ends: list[tuple[LinkError, float | None]], suspected: bool
) -> None:
    it = Comeback(SETTINGS, lambda: 1.0)
    news = [it.after(error, stood_s).news or "" for error, stood_s in ends]
    assert any("a second device has the identity of this table" in one for one in news) is suspected


@pytest.mark.parametrize("end", ENDS, ids=["no reason", "0x8E"])
@pytest.mark.parametrize("seed", range(5))
def test_two_devices_with_one_identity_do_not_fight(end: LinkError, seed: int) -> None:
    """A day in which each of them ends the other's connection whenever it connects."""
    draw = Random(seed).random
    both = [Comeback(SETTINGS, draw) for _ in range(2)]
    connects, lines = Counter[int](), Counter[int]()
    tries = [(0.0, 0), (0.5, 1)]
    since: dict[int, float] = {}
    while tries[0][0] < 24 * HOUR_S:
        now, device = heapq.heappop(tries)
        connects[device] += 1
        for other in set(since) - {device}:
            rest = both[other].after(end, now - since.pop(other))
            lines[other] += rest.news is not None
            heapq.heappush(tries, (now + rest.wait_s, other))
        since[device] = now
    assert max(connects.values()) <= 24 * 90
    assert all(1 <= lines[device] <= 24 for device in (0, 1))


@pytest.mark.parametrize("seed", range(5))
def test_eight_hours_without_a_broker_are_no_storm(seed: int) -> None:
    it = Comeback(SETTINGS, Random(seed).random)
    now, tries, lines = 0.0, 0, 0
    while now < 8 * HOUR_S:
        rest = it.after(AWAY, None)
        now, tries, lines = now + rest.wait_s, tries + 1, lines + (rest.news is not None)
    assert tries <= 8 * 120
    assert lines == 1


@pytest.mark.parametrize("away_s", [0.0, 3.0, 20.0, 300.0])
@pytest.mark.parametrize("seed", range(5))
def test_fifty_tables_come_back_spread_out(away_s: float, seed: int) -> None:
    """The broker ends at 0, and listens again at ``away_s``. Nobody had another start than that."""
    draw = Random(seed).random
    came = Counter[int]()
    for _ in range(50):
        it = Comeback(SETTINGS, draw)
        now = it.after(LOST, 4000.0).wait_s
        while now < away_s:
            now += it.after(AWAY, None).wait_s
        came[int(now * 4)] += 1  # quarters of a second
    assert sum(came.values()) == 50
    assert max(came.values()) <= 50 / 4
