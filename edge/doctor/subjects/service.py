"""The service: whether systemd keeps the daemon up, and what happened lately."""

import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from edge.doctor.finding import Finding, fine, wrong
from edge.doctor.table import Table
from edge.service.last_words import last_reason
from edge.service.reboot_log import RebootLog
from edge.service.reboots import MOST_A_DAY

SUBJECT = "service"
_UNIT = "packwitness-edge.service"
_RECOVERY = "packwitness-edge-recovery.service"
_ASKED_S = 5.0
_UNIT_FACTS = ("LoadState", "ActiveState", "UnitFileState", "NRestarts")
_HARDWARE = Path("/dev/watchdog0")

Facts = Mapping[str, str]


def check(table: Table) -> Iterator[Finding]:
    """Unit, restarts, reboots, and the watchdog of the hardware."""
    unit = _asked(_UNIT, _UNIT_FACTS)
    recovery = _asked(_RECOVERY, ("ActiveState",)).get("ActiveState", "")
    reason = last_reason(table.settings.spool.directory)
    yield of_unit(unit, recovery, reason)
    if unit.get("LoadState") != "loaded":
        return
    left = RebootLog(table.settings.spool.directory, table.clock).left()
    yield of_reboots(left, reason)
    yield of_hardware(_asked("", ("RuntimeWatchdogUSec",)), is_there=_HARDWARE.exists())


def of_unit(unit: Facts, recovery: str, reason: str) -> Finding:
    """How the unit is. ``recovery``: the state of the one that comes when it does not stay up."""
    if unit.get("LoadState") != "loaded":
        return fine(
            SUBJECT, "is not installed on this machine: nothing starts the daemon by itself"
        )
    log = "journalctl -u packwitness-edge says why"
    state = unit.get("ActiveState", "")
    if state in {"failed", "activating"} or recovery in {"failed", "active"}:
        text = f"does not stay up{f': {reason}' if reason else ''}"
        return wrong(SUBJECT, text, to_do=f"{log}; then systemctl start packwitness-edge")
    if unit.get("UnitFileState") not in {"enabled", "enabled-runtime"}:
        to_do = "systemctl enable --now packwitness-edge"
        return wrong(SUBJECT, "does not start with the machine", to_do=to_do)
    if state != "active":
        return wrong(SUBJECT, "is stopped", to_do="systemctl start packwitness-edge")
    restarts = unit.get("NRestarts", "0")
    if restarts != "0":
        text = f"is up, after {restarts} restarts{f'; before: {reason}' if reason else ''}"
        return wrong(SUBJECT, text, to_do=log)
    return fine(SUBJECT, "is up, and starts with the machine")


def of_reboots(left: int, reason: str) -> Finding:
    """How many reboots a fault may still cause."""
    subject = "reboots"
    if left == MOST_A_DAY:
        return fine(subject, f"none within a day, of {MOST_A_DAY}")
    text = (
        f"{MOST_A_DAY - left} within a day, of {MOST_A_DAY}{f'; last: {reason}' if reason else ''}"
    )
    to_do = "look after the cause; most often camera cable, power or card"
    return wrong(subject, text, to_do=to_do)


def of_hardware(manager: Facts, *, is_there: bool) -> Finding:
    """Whether a hung machine starts again."""
    subject = "hardware watchdog"
    waits = manager.get("RuntimeWatchdogUSec", "")
    if not is_there:
        return fine(subject, "this machine has none")
    if waits in {"", "0", "off", "infinity"}:
        to_do = "set RuntimeWatchdogSec=14 in /etc/systemd/system.conf.d, and start anew"
        return wrong(subject, "is not used: a machine that hangs stays so", to_do=to_do)
    return fine(subject, f"starts a machine again that hangs for {waits}")


def _asked(unit: str, names: tuple[str, ...]) -> dict[str, str]:
    """What systemd says; nothing where there is none."""
    program = shutil.which("systemctl")
    if program is None or not Path("/run/systemd/system").is_dir():
        return {}
    command = [program, "show", f"--property={','.join(names)}", *([unit] if unit else [])]
    try:
        said = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=_ASKED_S
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return {}
    return dict(line.split("=", 1) for line in said.splitlines() if "=" in line)
