"""Speaks to systemd: ready, how it goes, still alive, ending (sd_notify, edge-hardware 7)."""

import logging
import os
import socket
from collections.abc import Mapping

logger = logging.getLogger(__name__)

_ADDRESS = "NOTIFY_SOCKET"
_LONGEST_STATUS = 200


class Supervisor:
    """What started this process, if it wants to hear from it. No method raises or waits."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        address = environment.get(_ADDRESS, "")
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._said = False
        self.watchdog_s = _watchdog_s(environment)
        """Longest silence that it takes for life; None if it does not watch."""

    def ready(self) -> None:
        """The table works."""
        self._tell("READY=1")

    def status(self, text: str) -> None:
        """A line for people, shown by ``systemctl status``."""
        self._tell(f"STATUS={' '.join(text.split())[:_LONGEST_STATUS]}")

    def feed(self) -> None:
        """Everything turns."""
        self._tell("WATCHDOG=1")

    def stopping(self) -> None:
        """The end begins; from now on the time to stop counts, and not the watchdog."""
        self._tell("STOPPING=1")

    def _tell(self, message: str) -> None:
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as line:
                line.setblocking(False)  # a supervisor that hangs must not hold up a table
                line.sendto(message.encode(), self._address)
        except OSError as error:
            if not self._said:
                logger.warning("the supervisor does not listen", extra={"reason": str(error)})
            self._said = True


def _watchdog_s(environment: Mapping[str, str]) -> float | None:
    """The variables may be inherited from a supervisor of somebody else."""
    try:
        seconds = int(environment["WATCHDOG_USEC"]) / 1e6
        is_ours = int(environment.get("WATCHDOG_PID", os.getpid())) == os.getpid()
    except (KeyError, ValueError):
        return None
    return seconds if is_ours and seconds > 0 else None
