"""A sandbox in a thread of this process, for tests."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sandbox.market.marketplace import AnyMarketplace
from sandbox.server import build_server, build_world, listen

START_DEADLINE_S = 20.0


@contextmanager
def serving(
    marketplace: AnyMarketplace,
    *,
    seed: Any | None = None,
    data: Path | None = None,
) -> Iterator[str]:
    """Serve this marketplace on a free port until the block ends; gives the address.

    `seed` is what the marketplace's `parse_seed` gives; `data` keeps the state.
    """
    listening = listen("127.0.0.1", 0)
    world = build_world(marketplace, data, seed)
    ready = threading.Event()
    server = build_server(marketplace, world, listening.base_url, ready.set)
    thread = threading.Thread(
        target=server.run, kwargs={"sockets": [listening.socket]}, name="sandbox", daemon=True
    )
    thread.start()
    try:
        if not ready.wait(START_DEADLINE_S):
            raise TimeoutError("the sandbox did not start")
        yield listening.base_url
    finally:
        server.should_exit = True
        thread.join(START_DEADLINE_S)
        listening.socket.close()
        world.store.close()
