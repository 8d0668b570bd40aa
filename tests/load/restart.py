"""The broker is killed, comes back, and so do the tables: how soon, and how many at once."""

import os
import signal
from bisect import bisect_left
from dataclasses import dataclass
from time import monotonic

from launcher.errors import LauncherError
from tests.load.ledger import per_second, percentiles
from tests.load.steps import Played

_CALM_WITHIN_S = 180.0
_BACK_WITHIN_S = 300.0
_AFTERWARDS_S = 20.0


@dataclass(frozen=True, slots=True)
class Restart:
    """Seconds count from the kill."""

    tables: int
    back: int
    """Connected at the end."""
    attempts_per_s: list[int]
    connected_per_s: list[int]
    first_back_s: float
    all_back_s: float | None
    """None: not all of them within the time."""
    last_slow_receipt_s: float | None
    """The last receipt that took longer than the limit; None: none did."""
    waiting: int
    """Proofs without a receipt at the end, for longer than the limit."""
    cores: dict[str, float]
    """That each process used until the end, and ``others`` on the machine."""
    late_p99_s: float
    """How late this generator itself was."""


def kill_broker(played: Played) -> Restart:
    """Wait until receipts are quick, kill the broker, and follow what comes.

    Raises:
        LauncherError: there is no broker to kill.
    """
    limit_s, heard = played.settings.limit_s, played.heard
    calm_until = monotonic() + _CALM_WITHIN_S
    played.fleet.run_until(
        lambda at_s: at_s >= calm_until or played.ledger.oldest_wait_s(at_s) <= limit_s
    )
    pid = played.node.broker_pid()
    if pid is None:
        raise LauncherError("the cloud has no broker now")
    tables, until, calm = len(played.fleet.tables), monotonic() + _BACK_WITHIN_S, _Calm()
    before, killed_s = played.look(), monotonic()
    played.fleet.late_s.clear()
    os.kill(pid, signal.SIGKILL)

    def is_over(at_s: float) -> bool:
        is_back = at_s - killed_s > 1 and played.connected == tables
        is_calm = is_back and played.ledger.oldest_wait_s(at_s) <= limit_s
        return at_s >= until or calm.lasts(at_s, is_calm)

    played.fleet.run_until(is_over)
    after = played.look()
    stood = heard.stood[bisect_left(heard.stood, killed_s) :]
    slow_s = played.ledger.last_slow_s(killed_s)
    back = played.connected
    is_late = played.ledger.oldest_wait_s(monotonic()) > limit_s
    return Restart(
        tables=tables,
        back=back,
        attempts_per_s=per_second(heard.attempts, killed_s),
        connected_per_s=per_second(stood, killed_s),
        first_back_s=min(stood, default=killed_s) - killed_s,
        all_back_s=max(stood) - killed_s if stood and back == tables else None,
        last_slow_receipt_s=None if slow_s is None else slow_s - killed_s,
        waiting=played.ledger.waiting if is_late else 0,
        cores=after.cores_since(before),
        late_p99_s=percentiles(played.fleet.late_s).p99_s,
    )


@dataclass(slots=True)
class _Calm:
    """Since when all is well."""

    since_s: float | None = None

    def lasts(self, now_s: float, is_calm: bool) -> bool:
        """Whether it has been well for long enough."""
        if not is_calm:
            self.since_s = None
        elif self.since_s is None:
            self.since_s = now_s
        return self.since_s is not None and now_s - self.since_s >= _AFTERWARDS_S
