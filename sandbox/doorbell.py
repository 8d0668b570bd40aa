"""Tells open pages that something changed."""

import asyncio
import contextlib
from collections.abc import AsyncIterator


class Doorbell:
    """One bell for all open pages of the sandbox. Used by the server's event loop only."""

    def __init__(self) -> None:
        self._listeners: set[asyncio.Event] = set()
        self._closed = False

    def ring(self) -> None:
        """Wake every listener."""
        for listener in self._listeners:
            listener.set()

    def close(self) -> None:
        """End every listening, so that the server can stop."""
        self._closed = True
        self.ring()

    async def rings(self, *, quiet_s: float) -> AsyncIterator[bool]:
        """Yield True at once and after every ring, False after each `quiet_s` without one."""
        event = asyncio.Event()
        event.set()
        self._listeners.add(event)
        try:
            while not self._closed:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(event.wait(), quiet_s)
                rang = event.is_set()
                event.clear()
                if not self._closed:
                    yield rang
        finally:
            self._listeners.discard(event)
