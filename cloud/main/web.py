"""The web server of the program: address, readiness, and an end that no open page delays."""

import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

from cloud.main.errors import AddressTaken

_GRACE_S = 3
_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def listen(host: str, port: int, *, who: str = "the pages", setting: str = "web.") -> socket.socket:
    """Bind the address. ``who`` wants it, by settings that begin with ``setting``.

    Raises:
        AddressTaken: the text names the port and what to do.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named as TCP, because asyncio sets TCP_NODELAY only then; without it answers take 40 ms.
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        raise AddressTaken(
            f"{who} cannot have port {port} of {host} ({error.strerror}); "
            f"stop the program that uses it or set another {setting}host or {setting}port"
        ) from None
    return bound


class WebServer(uvicorn.Server):
    """Says when it is ready, and ends the streams of open pages before it waits for them."""

    def __init__(
        self, app: FastAPI, *, on_ready: Callable[[], None], end_streams: Callable[[], None]
    ) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                timeout_graceful_shutdown=_GRACE_S,
                lifespan="off",
            )
        )
        self._on_ready = on_ready
        self._end_streams = end_streams

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop at SIGINT or SIGTERM, once and in order.

        uvicorn's own version raises the signal again afterwards, which would end the process
        before the dispatcher, the link and the broker were told to stop.
        """
        before = {one: signal.signal(one, self.handle_exit) for one in _STOP_SIGNALS}
        try:
            yield
        finally:
            for one, handler in before.items():
                signal.signal(one, handler)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start listening, then say so."""
        await super().startup(sockets)
        self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End all streams, then the rest."""
        self._end_streams()
        await super().shutdown(sockets)
