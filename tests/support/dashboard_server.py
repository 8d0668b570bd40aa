"""The pages on a real web server, for tests."""

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import uvicorn
from fastapi import FastAPI

from cloud.dashboard.app import Dashboard
from cloud.dashboard.deps import DashboardDeps
from cloud.database.feed import ChangeFeed
from cloud.database.write import Database
from cloud.photos.simulated import SimulatedPhotoStore
from tests.support.dashboard_rows import PASSWORD, World, add_world


@dataclass
class RunningDashboard:
    """Pages that are being served, over a database that tests write to."""

    url: str
    database: Database
    store: SimulatedPhotoStore
    dashboard: Dashboard
    feed: ChangeFeed

    def world(self, email: str = "owner@demo.test", *, name: str = "Demo") -> World:
        """Add an organisation."""
        return add_world(self.database, self.store, email, name=name)

    @contextmanager
    def browser(self, email: str = "") -> Iterator[httpx.Client]:
        """A client that behaves as a browser on our pages; signed in if an address is given."""
        with httpx.Client(
            base_url=self.url, headers={"Origin": self.url, "Accept-Language": "en"}
        ) as client:
            if email:
                answer = client.post("/sign-in", data={"email": email, "password": PASSWORD})
                assert answer.status_code == 303, answer.text
            yield client


@contextmanager
def running_dashboard(
    database: Database, *, buyer_view_url: str = "", public_url: str = ""
) -> Iterator[RunningDashboard]:
    """Serve the pages on a free port."""
    store = SimulatedPhotoStore()
    feed = ChangeFeed(database)
    dashboard = Dashboard(
        DashboardDeps(
            database=database,
            photos=store,
            feed=feed,
            public_url=public_url,
            buyer_view_url=buyer_view_url,
        )
    )
    # As the program serves it: beside other routes, at the root.
    program = FastAPI()
    program.mount("/", dashboard.app)
    started = threading.Event()

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            started.set()

    server = Server(
        uvicorn.Config(program, host="127.0.0.1", port=0, log_level="warning", lifespan="off")
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        assert started.wait(20)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield RunningDashboard(f"http://127.0.0.1:{port}", database, store, dashboard, feed)
    finally:
        dashboard.end_streams()
        server.should_exit = True
        thread.join()
        feed.close()


def text_of(html: str) -> str:
    """The text of a page without its markup, spaces folded."""
    without = re.sub(r"<(script|style)\b.*?</\1>", " ", html, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", without))
