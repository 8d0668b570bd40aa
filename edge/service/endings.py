"""Why the run before this one ended, as far as it could say. Pure."""

import json
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Run:
    """What a run leaves behind for the next one."""

    boot_id: str
    reason: str = ""
    """Why it had to end; said before the end, because nothing can be said after it."""
    ended: bool = False
    """Whether it ended by itself."""

    def to_text(self) -> str:
        """For the file."""
        return json.dumps(asdict(self)) + "\n"


@dataclass(frozen=True, slots=True)
class Ending:
    """How the run before ended."""

    text: str
    is_fault: bool
    """False for what happens to every table: a clean stop, a power cut."""


def run_from_text(text: str) -> Run | None:
    """What ``Run.to_text`` wrote; None for anything else."""
    try:
        fields: Any = json.loads(text)
        return Run(str(fields["boot_id"]), str(fields["reason"]), ended=bool(fields["ended"]))
    except (KeyError, TypeError, ValueError):
        return None


def ending_of(before: Run | None, boot_id: str) -> Ending:
    """What is known of the run ``before`` this one."""
    if before is None:
        return Ending("", is_fault=False)
    if before.reason:
        return Ending(before.reason, is_fault=True)
    if before.ended:
        return Ending("", is_fault=False)
    if before.boot_id == boot_id:
        return Ending("killed without a word", is_fault=True)
    return Ending("the power was cut, or the machine did not stop it in time", is_fault=False)


def hung(threads: tuple[str, ...]) -> str:
    """The reason when threads do not turn."""
    return f"{' and '.join(threads)} thread hung"
