"""A report: the figures of some days, put together as its page and its file show them. Pure."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from cloud.conversations.states import Reason
from cloud.dashboard import words
from cloud.dashboard.reports.days import Days
from cloud.proofs.platforms import Platform
from cloud.proofs.states import ProofState
from cloud.reports.figures import NOBODY, Figures, state_and_reason, total

MEDIAN, P95 = 0.5, 0.95


@dataclass(frozen=True, slots=True)
class Bar:
    """A line of a table with a bar: its name, the filter of the log that shows it, its value."""

    name: str
    query: Mapping[str, str]
    """Empty: the log has no filter for it."""
    value: int


@dataclass(frozen=True, slots=True)
class Missed:
    """Proofs that are not in the buyer's chat, by their state and the reason."""

    state: ProofState
    reason: Reason | None
    value: int


@dataclass(frozen=True, slots=True)
class Report:
    """What was counted of some days."""

    days: Days
    whole: Figures
    by_day: Sequence[tuple[date, Figures]]
    """Each day, also those without any."""
    by_hour: Sequence[int]
    """Proofs in each of the 24 hours of the day."""

    def tables(self, names: Mapping[int, str], say: Callable[[str], str]) -> list[Bar]:
        """Proofs by table or other capture platform, most first."""
        bars = [_place(place, value, names, say) for place, value in self.whole.places.items()]
        return _sorted(bars)

    def packers(self, say: Callable[[str], str]) -> list[Bar]:
        """Proofs by packer, most first; those of nobody under words of their own."""
        unnamed = say(words.NO_PACKER)
        return _sorted(
            Bar(packer or unnamed, {"packer": packer} if packer != NOBODY else {}, value)
            for packer, value in self.whole.packers.items()
        )

    def missed(self) -> list[Missed]:
        """What is not in a chat, most first."""
        found = [_missed(key, value) for key, value in self.whole.not_sent.items()]
        return sorted(found, key=lambda one: (-one.value, one.state, one.reason or ""))


def report(days: Days, hours: Iterable[tuple[datetime, Figures]]) -> Report:
    """Put the figures of hours together; an hour belongs to the day that it begins in."""
    groups: dict[date, list[Figures]] = defaultdict(list)
    clock: Counter[int] = Counter()
    for hour, figures in hours:
        local = hour.astimezone(days.zone)
        groups[local.date()].append(figures)
        clock[local.hour] += figures.proofs
    by_day = [(day, total(groups.get(day, ()))) for day in days.each()]
    return Report(
        days, total(one for _day, one in by_day), by_day, [clock[hour] for hour in range(24)]
    )


def _place(place: str, value: int, names: Mapping[int, str], say: Callable[[str], str]) -> Bar:
    if place.isdecimal():
        return Bar(names.get(int(place), f"#{place}"), {"table": place}, value)
    return Bar(say(words.PLATFORMS[Platform(place)]), {}, value)


def _missed(key: str, value: int) -> Missed:
    state, reason = state_and_reason(key)
    return Missed(ProofState(state), Reason(reason) if reason else None, value)


def _sorted(bars: Iterable[Bar]) -> list[Bar]:
    return sorted(bars, key=lambda bar: (-bar.value, bar.name))
