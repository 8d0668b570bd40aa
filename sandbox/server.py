"""Serving the stand-in marketplace: address, start, stop."""

import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn

from sandbox.connections import Connections, protocol_for
from sandbox.errors import AddressTaken
from sandbox.market.app import build_app
from sandbox.market.marketplace import AnyMarketplace
from sandbox.market.platform import AnyPlatform
from sandbox.market.world import AnyWorld
from sandbox.store import DocumentStore

GRACE_S = 2


@dataclass(frozen=True)
class Listening:
    """A bound socket and the address clients use."""

    socket: socket.socket
    base_url: str
    port: int


def listen(host: str, port: int) -> Listening:
    """Bind the address; port 0 takes a free one. Raises AddressTaken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named as TCP, for asyncio sets TCP_NODELAY only then; without it every answer takes 40 ms.
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        raise AddressTaken(f"cannot listen on {host}:{port}: {error.strerror or error}") from error
    taken = int(bound.getsockname()[1])
    shown = f"[{host}]" if ":" in host else host
    return Listening(bound, f"http://{shown}:{taken}", taken)


class SandboxServer(uvicorn.Server):
    """Tells when it is ready, and ends open page streams before it stops."""

    def __init__(
        self, config: uvicorn.Config, platform: AnyPlatform, on_ready: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._platform = platform
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start listening and pushing, then say so."""
        await super().startup(sockets)
        if self._platform.sender:
            self._platform.sender.start()
        self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop; open streams would otherwise hold it up."""
        self._platform.world.doorbell.close()
        if self._platform.sender:
            await self._platform.sender.stop()
        await super().shutdown(sockets)


def build_world(marketplace: AnyMarketplace, data: Path | None, seed: Any | None) -> AnyWorld:
    """The state of an earlier run if the folder holds one, else the seed, else the demo's.

    `seed` is what the marketplace's `parse_seed` gave. Raises DataUnusable.
    """
    store = DocumentStore(data, marketplace.name)
    is_new = store.is_empty()
    world: AnyWorld = marketplace.open(store)
    if is_new:
        marketplace.plant(world, seed or marketplace.demo_seed())
    return world


def build_server(
    marketplace: AnyMarketplace, world: AnyWorld, address: str, on_ready: Callable[[], None]
) -> SandboxServer:
    """A server for this world, not yet started. Pushes name pictures below `address`."""
    world.address = address
    connections = Connections()
    platform: AnyPlatform = marketplace.platform(world, connections)
    config = uvicorn.Config(
        build_app(marketplace, platform),
        http=protocol_for(connections),
        ws="none",
        lifespan="off",
        log_config=None,
        # uvicorn's own access log would print tokens: they travel in the query.
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_S,
    )
    return SandboxServer(config, platform, on_ready)
