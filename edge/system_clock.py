"""The real clock of a table."""

import logging
import time
from datetime import UTC, datetime
from pathlib import Path

from edge.clock import Moment
from edge.server_time import ServerTime, learned

logger = logging.getLogger(__name__)

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_SYNCHRONIZED = Path("/run/systemd/timesync/synchronized")
"""systemd-timesyncd makes it once the clock is right (edge-hardware 6.3)."""
_MOST_OFF_S = 30.0
"""Beyond this a person should look: proofs would carry a wrong time, certificates may fail."""


class SystemClock:
    """Follows ``ToldClock``. ``always_synced`` is for machines whose clock is kept otherwise.

    While nothing else keeps the clock right, times are the cloud's, once it was heard.
    """

    def __init__(self, *, always_synced: bool, synchronized: Path = _SYNCHRONIZED) -> None:
        self._always_synced = always_synced
        self._synchronized = synchronized
        self._boot_id = _BOOT_ID.read_text(encoding="ascii").strip()
        self._server: ServerTime | None = None

    def now(self) -> Moment:
        """See ``Clock``."""
        monotonic_ns, server = self.monotonic_ns(), self._server
        wall, synced = self._own_wall(), self._always_synced or self._synchronized.exists()
        if not synced and server is not None and server.holds_at(monotonic_ns):
            wall, synced = server.wall_at(monotonic_ns), True
        return Moment(wall, monotonic_ns, self._boot_id, synced)

    def monotonic_ns(self) -> int:
        """See ``Clock``."""
        return time.monotonic_ns()

    def hear(self, wall: datetime, asked_ns: int, answered_ns: int) -> None:
        """See ``ToldClock``."""
        before, self._server = self._server, learned(self._server, wall, asked_ns, answered_ns)
        if before is None and self._server is not None:
            off_s = self._off_s(self._server)
            logger.info("the cloud told its time", extra={"off_s": round(off_s, 1)})

    def faults(self) -> list[str]:
        """See ``ToldClock``."""
        off_s = 0.0 if self._server is None else self._off_s(self._server)
        if abs(off_s) <= _MOST_OFF_S:
            return []
        way = "ahead of" if off_s > 0 else "behind"
        return [f"the clock is {abs(off_s):.0f} s {way} the cloud's: set the site's time server"]

    def _off_s(self, server: ServerTime) -> float:
        """How far our own wall clock is ahead."""
        return (self._own_wall() - server.wall_at(self.monotonic_ns())).total_seconds()

    @staticmethod
    def _own_wall() -> datetime:
        return datetime.now(UTC)
