"""What is done when the daemon of a table does not stay up: a counted reboot, or the light.

Run by systemd as ``packwitness-edge recover``; its exit code says what systemd shall do.
"""

import logging
import os
import signal
import threading
from collections.abc import Mapping
from pathlib import Path
from types import FrameType

from edge.clock import Clock
from edge.indicator.errors import IndicatorError
from edge.indicator.factory import build_indicator
from edge.indicator.signs import Sign
from edge.service.last_words import last_reason
from edge.service.reboot_log import RebootLog
from edge.service.recovery_rule import NEEDS_REBOOT, reboot_reason
from edge.settings import TableSettings
from edge.spool.lock import LOCK_NAME

logger = logging.getLogger(__name__)

STOPPED, TRY_AGAIN = 0, 75
_HOLD_S = 660.0
"""Longer than the interval in which systemd counts starts."""


def recover(
    settings: TableSettings,
    clock: Clock,
    environment: Mapping[str, str] = os.environ,
    hold_s: float = _HOLD_S,
) -> int:
    """Decide, and call the lead by the light unless the machine is started again.

    100: a reboot was counted and may happen; 75: try the daemon again; 0: told to stop.
    """
    directory = settings.spool.directory
    wanted = reboot_reason(environment, _state_of_holder(directory))
    told = last_reason(directory)
    reason = f"{wanted}: {told}" if wanted and told else wanted or told
    if wanted and RebootLog(directory, clock).take(reason):
        logger.error("this machine is started again", extra={"reason": reason})
        return NEEDS_REBOOT
    logger.error("the daemon does not stay up", extra={"reason": reason})
    return _call_lead(settings, clock, reason, hold_s)


def _call_lead(settings: TableSettings, clock: Clock, reason: str, hold_s: float) -> int:
    stopped = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopped.set()

    before = signal.signal(signal.SIGTERM, stop)
    light = build_indicator(settings.indicator, clock)
    try:
        light.start()
        light.show(Sign.CALL_LEAD, f"the table does not stay up: {reason or 'see its log'}")
    except IndicatorError as error:
        logger.warning("no light either", extra={"reason": str(error)})
    try:
        return STOPPED if stopped.wait(hold_s) else TRY_AGAIN
    finally:
        light.stop()
        signal.signal(signal.SIGTERM, before)


def _state_of_holder(directory: Path) -> str:
    """State of the process that has the spool, as the kernel names it; empty if there is none."""
    try:
        number = int((directory / LOCK_NAME).read_text(encoding="ascii"))
        stat = Path(f"/proc/{number}/stat").read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""
    return stat.rpartition(")")[2].split()[0]
