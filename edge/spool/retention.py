"""Which local copies may go (invariant 3). Pure.

The order is the journal's sequence, never a clock; the clock only says how old something is, and
where it cannot be trusted nothing is freed at all: a table that came up with a date of next year
would otherwise empty itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from edge.clock import Moment

# NTP slews and leap seconds stay far below; a step of a person or of a bad server is far above
JUMP_TOLERANCE = timedelta(minutes=2)
REST_AFTER_JUMP = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Retention:
    """How long and how much is kept; photos the cloud has not got are kept regardless."""

    keep_days: int = 7
    max_bytes: int = 8 * 1024**3


@dataclass(frozen=True, slots=True)
class ClockMark:
    """The last synchronised moment that retention saw."""

    moment: Moment
    jumped: bool = False
    """The clock had jumped when this was noted, and it has to prove itself first."""


@dataclass(frozen=True, slots=True)
class ClockVerdict:
    """Whether the clock may be used for ages, and the mark to remember."""

    mark: ClockMark | None
    trouble: str = ""
    """Why it may not; empty if it may."""


@dataclass(frozen=True, slots=True)
class KeptPhoto:
    """A photo on the disk, as the rules see it."""

    sequence: int
    size_bytes: int
    taken: Moment
    is_freeable: bool
    """Its proof is closed, and either the newest manifest names it and was receipted, or it was
    undone or cancelled."""


def judge_clock(now: Moment, mark: ClockMark | None) -> ClockVerdict:
    """Compare the wall clock with what it said before."""
    if not now.synced:
        return ClockVerdict(mark, "the clock is not synchronised")
    if mark is None:
        return ClockVerdict(ClockMark(now))
    if _has_jumped(now, mark.moment):
        return ClockVerdict(ClockMark(now, jumped=True), "the clock has jumped")
    return _after_jump(now, mark) if mark.jumped else ClockVerdict(ClockMark(now))


def _after_jump(now: Moment, mark: ClockMark) -> ClockVerdict:
    if now.boot_id != mark.moment.boot_id:
        return ClockVerdict(ClockMark(now, jumped=True), "the clock jumped before the restart")
    if _since_boot(now, mark.moment) < REST_AFTER_JUMP:
        return ClockVerdict(mark, "the clock jumped a short while ago")
    return ClockVerdict(ClockMark(now))


def _has_jumped(now: Moment, before: Moment) -> bool:
    moved = now.wall - before.wall
    if now.boot_id != before.boot_id:
        return moved < -JUMP_TOLERANCE
    return abs(moved - _since_boot(now, before)) > JUMP_TOLERANCE


def _since_boot(now: Moment, before: Moment) -> timedelta:
    return timedelta(microseconds=(now.monotonic_ns - before.monotonic_ns) / 1000)


def ages(taken: Sequence[Moment], now: Moment) -> list[timedelta]:
    """How old each of a series is at least, given in the journal's order, oldest first.

    Exact inside this boot; by the wall clock where it was synchronised; else not older than
    the next one whose age is known, so that a wrong date never makes something look old.
    """
    result: list[timedelta] = []
    known = timedelta(0)
    for moment in reversed(taken):
        if moment.boot_id and moment.boot_id == now.boot_id:
            known = _since_boot(now, moment)
        elif moment.synced:
            known = now.wall - moment.wall
        result.append(known)
    return result[::-1]


def is_too_old(age: timedelta, rule: Retention) -> bool:
    """Whether something is kept longer than the rule says."""
    return age > timedelta(days=rule.keep_days)


def choose(
    photos: Sequence[KeptPhoto], rule: Retention, now: Moment, *, excess_bytes: int = 0
) -> list[int]:
    """Sequences of the photos to free, oldest first; the clock was judged before.

    ``photos`` are the oldest on the disk, oldest first. What is too old goes; then, until
    ``excess_bytes`` are free, the oldest that may go.
    """
    age_of = dict(
        zip((p.sequence for p in photos), ages([p.taken for p in photos], now), strict=True)
    )
    freeable = [photo for photo in photos if photo.is_freeable]
    chosen = {photo.sequence for photo in freeable if is_too_old(age_of[photo.sequence], rule)}
    excess = excess_bytes - sum(p.size_bytes for p in freeable if p.sequence in chosen)
    for photo in freeable:
        if excess <= 0:
            break
        if photo.sequence not in chosen:
            chosen.add(photo.sequence)
            excess -= photo.size_bytes
    return sorted(chosen)
