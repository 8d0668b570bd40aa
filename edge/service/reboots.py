"""How often a table may start its machine again. Pure.

A persistent fault must not become a loop of reboots (edge-hardware 7). A table's wall clock may be
months off until it is synchronised (edge-hardware 6.3), so a reboot is forgotten only when it is
known to be a day old; where nothing tells, it counts.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from edge.clock import Moment

MOST_A_DAY = 2
_REMEMBERED = 10
_DAY = timedelta(days=1)


class RebootsDamaged(Exception):
    """The list cannot be read."""


@dataclass(frozen=True, slots=True)
class Reboot:
    """One that was asked for."""

    at: Moment
    reason: str


def reboots_left(past: Sequence[Reboot], now: Moment) -> int:
    """How many more may be asked for now."""
    counted = sum(not _is_a_day_old(one.at, now) for one in past)
    return max(0, MOST_A_DAY - counted)


def with_another(past: Sequence[Reboot], reboot: Reboot) -> tuple[Reboot, ...]:
    """The list after one more; what is old beyond counting is dropped."""
    return (*past, reboot)[-_REMEMBERED:]


def to_text(reboots: Sequence[Reboot]) -> str:
    """For the file."""
    return "".join(
        json.dumps(
            {
                "wall": one.at.wall.isoformat(),
                "monotonic_ns": one.at.monotonic_ns,
                "boot_id": one.at.boot_id,
                "synced": one.at.synced,
                "reason": one.reason,
            }
        )
        + "\n"
        for one in reboots
    )


def from_text(text: str) -> tuple[Reboot, ...]:
    """What ``to_text`` wrote.

    Raises:
        RebootsDamaged: it did not.
    """
    try:
        return tuple(_reboot(json.loads(line)) for line in text.splitlines())
    except (KeyError, TypeError, ValueError) as error:
        raise RebootsDamaged(str(error)) from error


def _reboot(fields: dict[str, str]) -> Reboot:
    at = Moment(
        wall=datetime.fromisoformat(fields["wall"]),
        monotonic_ns=int(fields["monotonic_ns"]),
        boot_id=fields["boot_id"],
        synced=bool(fields["synced"]),
    )
    if at.wall.tzinfo is None:
        raise ValueError("the time has no zone")
    return Reboot(at, fields["reason"])


def _is_a_day_old(then: Moment, now: Moment) -> bool:
    day_ns = round(_DAY.total_seconds() * 1e9)
    if then.boot_id == now.boot_id:
        return now.monotonic_ns - then.monotonic_ns >= day_ns
    if now.monotonic_ns >= day_ns:  # this boot alone has lasted a day
        return True
    return then.synced and now.synced and now.wall - then.wall >= _DAY
