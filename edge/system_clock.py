"""The real clock of a table."""

import time
from datetime import UTC, datetime
from pathlib import Path

from edge.clock import Moment

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_SYNCHRONIZED = Path("/run/systemd/timesync/synchronized")
"""systemd-timesyncd makes it once the clock is right (edge-hardware 6.3)."""


class SystemClock:
    """Follows ``Clock``. ``always_synced`` is for machines whose clock is kept otherwise."""

    def __init__(self, *, always_synced: bool, synchronized: Path = _SYNCHRONIZED) -> None:
        self._always_synced = always_synced
        self._synchronized = synchronized
        self._boot_id = _BOOT_ID.read_text(encoding="ascii").strip()

    def now(self) -> Moment:
        """See ``Clock``."""
        return Moment(
            wall=datetime.now(UTC),
            monotonic_ns=self.monotonic_ns(),
            boot_id=self._boot_id,
            synced=self._always_synced or self._synchronized.exists(),
        )

    def monotonic_ns(self) -> int:
        """See ``Clock``."""
        return time.monotonic_ns()
