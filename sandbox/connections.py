"""Cutting a client's TCP connection in the middle of a request, as a failing network does."""

import asyncio
import socket
import struct

from uvicorn.protocols.http.h11_impl import H11Protocol

Address = tuple[str, int]


class Connections:
    """The open connections by the client's address."""

    def __init__(self) -> None:
        self._transports: dict[Address, asyncio.Transport] = {}

    def opened(self, client: Address, transport: asyncio.Transport) -> None:
        """Remember a connection."""
        self._transports[client] = transport

    def closed(self, client: Address) -> None:
        """Forget a connection."""
        self._transports.pop(client, None)

    def abort(self, client: Address) -> None:
        """End the connection with a reset, sending nothing more. Unknown clients are ignored."""
        transport = self._transports.pop(client, None)
        if transport is None:
            return
        raw = transport.get_extra_info("socket")
        if raw is not None:
            # Lingering for zero seconds turns the close into a reset.
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()


def protocol_for(connections: Connections) -> type[H11Protocol]:
    """A uvicorn HTTP protocol that reports its connections to `connections`."""

    class WatchedProtocol(H11Protocol):
        """HTTP/1.1 as uvicorn speaks it, plus the register of open connections."""

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
            super().connection_made(transport)
            if self.client:
                connections.opened(self.client, transport)

        def connection_lost(self, exc: Exception | None) -> None:
            if self.client:
                connections.closed(self.client)
            super().connection_lost(exc)

    return WatchedProtocol
