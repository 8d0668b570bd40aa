"""How a soak is told: lines while it runs, and what came out."""

import platform
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from os import cpu_count, getloadavg
from pathlib import Path
from typing import TYPE_CHECKING

from tests.soak.havoc import Done
from tests.soak.judge import Verdict
from tests.soak.plan import Victim
from tests.soak.settings import SoakSettings

if TYPE_CHECKING:
    from tests.soak.run import Outcome

_MOST_FINDINGS = 40
_ROOT = Path(__file__).parents[2]


class Progress:
    """A line now and then."""

    def __init__(self, every_s: float, say: Callable[[str], None]) -> None:
        self._every_s = every_s
        self._say = say
        self._began_s = time.monotonic()
        self._said_s = self._began_s

    def look(self, closed: int, on_the_way: int, done: Done) -> None:
        """Say how far it is, if it is time to."""
        now_s = time.monotonic()
        if now_s - self._said_s < self._every_s:
            return
        self._said_s = now_s
        elapsed_s = now_s - self._began_s
        self._say(
            f"{clock(elapsed_s):>6}  closed {closed} ({60 * closed / elapsed_s:.0f}/min), "
            f"on the way {on_the_way}; kills {done.kills.total()}, "
            f"stood still {done.freezes.total()}, cuts {done.cuts}, "
            f"marketplace {done.troubles.total()}"
        )


def heading(settings: SoakSettings) -> list[str]:
    """What is needed to repeat it."""
    load = ", ".join(f"{one:.1f}" for one in getloadavg())
    machine = f"{platform.system()} {platform.release()}, {cpu_count()} cores, load {load}"
    programs = f"Python {platform.python_version()}, {_mosquitto()}"
    return [f"soak: {settings.command}", f"  version {version()}, {programs}, {machine}"]


def version() -> str:
    """The commit, and whether files differ from it."""
    command = ["git", "-c", "safe.directory=*", "describe", "--always", "--dirty", "--abbrev=12"]
    return _said_by(command) or "unknown"


def _mosquitto() -> str:
    return (_said_by(["mosquitto", "-h"]).splitlines() or ["mosquitto of unknown version"])[0]


def _said_by(command: list[str]) -> str:
    try:
        done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip()


def lines(outcome: "Outcome", settings: SoakSettings) -> Iterator[str]:
    """All that came out."""
    verdict = outcome.verdict
    yield ""
    yield from _faults(outcome.done)
    per_minute = 60 * verdict.closed / max(outcome.packing_s, 1)
    yield (
        f"packing {clock(outcome.packing_s)}, {per_minute:.0f} proofs/min, "
        f"{outcome.photos} photos; settling {clock(outcome.settling_s)}"
        f"{'' if outcome.is_settled else ', which was not enough'}"
    )
    yield from _named("not packed", outcome.given_up)
    yield from _named("ended without being killed", outcome.ended_by_themselves)
    yield ""
    yield from columns(verdict)
    yield ""
    yield from _named("finding", verdict.findings)
    yield goal(verdict)
    yield f"again: {settings.command}"


def columns(verdict: Verdict) -> Iterator[str]:
    """The table, then those that wait, by reason."""
    table = {
        "proofs closed": verdict.closed,
        "sent": verdict.sent,
        "lost": verdict.lost,
        "twice": verdict.twice,
        "to a wrong buyer": verdict.wrong_buyer,
        "falsely sent": verdict.falsely_sent,
        "wait for a person": verdict.waiting.total(),
    }
    yield " | ".join(table)
    yield " | ".join(str(number).rjust(len(name)) for name, number in table.items())
    for reason, number in verdict.waiting.most_common():
        yield f"  waits: {number} {reason}"


def goal(verdict: Verdict) -> str:
    """Whether the four columns in the middle are zero."""
    if verdict.is_clean:
        return "goal met: nothing lost, twice, to a wrong buyer or falsely sent"
    return "GOAL MISSED: lost, twice, to a wrong buyer or falsely sent is not zero"


def clock(seconds: float) -> str:
    """Minutes and seconds."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"


def _faults(done: Done) -> Iterator[str]:
    yield f"killed: {_counted(done.kills)}"
    yield f"stood still: {_counted(done.freezes)}; network cut: {done.cuts}"
    yield f"marketplace: {_counted(done.troubles)}"
    yield f"planned faults that came too late or found nobody: {done.missed}"


def _counted(counts: Counter[str] | Counter[Victim]) -> str:
    each = ", ".join(f"{number} {name}" for name, number in counts.most_common())
    return f"{counts.total()} ({each})" if each else "0"


def _named(what: str, found: Sequence[str]) -> Iterator[str]:
    for line in found[:_MOST_FINDINGS]:
        yield f"  {what}: {line}"
    if len(found) > _MOST_FINDINGS:
        yield f"  {what}: and {len(found) - _MOST_FINDINGS} more"
