"""The running daemon: what it says of itself."""

import os
from collections.abc import Iterator
from pathlib import Path

from edge.doctor.finding import Finding, fine, wrong
from edge.doctor.table import Table
from edge.service.status_file import (
    DEFAULT_FOLDER,
    FOLDER_VARIABLE,
    INTERVAL_S,
    Status,
    read_status,
)

SUBJECT = "daemon"
_UNIT = "packwitness-edge.service"
_SILENT_S = 4 * INTERVAL_S
_LOOK = f"journalctl -u {_UNIT} --since -1h says why"


def check(table: Table) -> Iterator[Finding]:
    """Nothing of it is disturbed."""
    if not table.daemon_runs:
        yield fine(SUBJECT, "does not run")  # whether it should: the finding of the service
        return
    folder = Path(os.environ.get(FOLDER_VARIABLE) or DEFAULT_FOLDER)
    status = read_status(folder, table.clock.monotonic_ns())
    if status is None:
        yield fine(SUBJECT, "runs; it tells nothing of itself where systemd has not started it")
    else:
        yield from told(status)


def told(status: Status) -> Iterator[Finding]:
    """The daemon's own words."""
    if status.age_s > _SILENT_S:
        yield wrong(SUBJECT, f"runs, and has been silent for {status.age_s:.0f} s", to_do=_LOOK)
    health = status.health
    for fault in health.faults:
        yield wrong(SUBJECT, f"it reports: {fault}", to_do=f"mend that; {_LOOK}")
    if not health.faults:
        waiting = f"{health.waiting_proofs} proofs wait, disk {health.disk_used_percent:.0f} % used"
        yield fine(SUBJECT, f"runs without a fault: {health.sign}; {waiting}")
