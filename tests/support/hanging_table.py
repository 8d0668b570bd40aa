"""The daemon, whose loop hangs when it is told to: run as a module in the place of the command."""

import sys
import threading

from edge.cli import main
from edge.events import Event, Scanned
from edge.owners import loop

HANG = "220101HANGLOOP"
_handle = loop.PackingLoop.handle


def _handle_or_hang(self: loop.PackingLoop, event: Event) -> None:
    if isinstance(event, Scanned) and event.text == HANG:
        threading.Event().wait()
    _handle(self, event)


if __name__ == "__main__":
    loop._PATIENCE_S = 1.0
    loop.PackingLoop.handle = _handle_or_hang  # type: ignore[method-assign]
    sys.exit(main())
