"""``packwitness-edge scan-test``: shows what scanners and pedals send, and settings that fit."""

import sys
import termios
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from edge.clock import Clock
from edge.errors import TableError
from edge.scanner.binding import Plugged
from edge.scanner.errors import InputFault
from edge.scanner.evdev import evdev_opener
from edge.scanner.presence import plugged_in
from edge.scanner.scan_report import Burst, inventory, report
from edge.scanner.scan_test import ScanTest
from edge.settings import TableSettings
from edge.settings.handed_on import code_rules

_HOW = (
    "Scan a code, or press each key of a pedal. Ctrl-C ends.",
    "End the daemon first (sudo systemctl stop packwitness-edge): it keeps its devices to itself.",
)


def scan_test(
    settings: TableSettings, clock: Clock, say: Callable[[str], None], bursts: int | None
) -> None:
    """Listen until Ctrl-C, or until so many scans and presses were shown.

    Raises:
        TableError: the library of input devices is missing.
    """
    rules = code_rules(settings)

    def heard(burst: Burst, plugged: Sequence[Plugged]) -> None:
        for line in ("", *report(burst, plugged, rules)):
            say(line)

    try:
        opener = evdev_opener()
    except InputFault as error:
        raise TableError(str(error)) from error
    for line in (*_HOW, "", "plugged in:", *inventory(plugged_in()), ""):
        say(line)
    test = ScanTest(plugged_in, opener, clock.monotonic_ns, heard=heard, say=say)
    with _quiet_terminal():
        try:
            test.listen(bursts=bursts)
        except KeyboardInterrupt:
            say("")


@contextmanager
def _quiet_terminal() -> Iterator[None]:
    """What is scanned is also typed here: do not show it, and let no shell run it afterwards."""
    if not sys.stdin.isatty():
        yield
        return
    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    quiet = [*before]
    quiet[3] &= ~termios.ECHO
    termios.tcsetattr(descriptor, termios.TCSADRAIN, quiet)
    try:
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSAFLUSH, before)
