"""The pages on a real web server, for tests."""

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import uvicorn
from fastapi import FastAPI
from sqlalchemy.orm import Session

from cloud.conversations.outbox import wake_held
from cloud.dashboard.app import Dashboard
from cloud.dashboard.deps import DashboardDeps
from cloud.database.feed import ChangeFeed
from cloud.database.secrets import SecretBox
from cloud.database.write import Database
from cloud.mail.posting import MailRoom
from cloud.main.web import listen
from cloud.marketplaces.http_clients import HttpClients
from cloud.photos.simulated import SimulatedPhotoStore
from cloud.photos.store import PhotoStore
from cloud.shops.authorizing import Authorizing
from cloud.shops.gateway import ShopGateway
from tests.support.dashboard_rows import PASSWORD, World, add_world


@dataclass
class RunningDashboard:
    """Pages that are being served, over a database that tests write to."""

    url: str
    database: Database
    store: SimulatedPhotoStore
    dashboard: Dashboard
    feed: ChangeFeed
    box: SecretBox

    def world(self, email: str = "owner@demo.test", *, name: str = "Demo") -> World:
        """Add an organisation."""
        return add_world(self.database, self.store, email, name=name)

    @contextmanager
    def browser(self, email: str = "") -> Iterator[httpx.Client]:
        """A client that behaves as a browser on our pages; signed in if an address is given."""
        with httpx.Client(
            base_url=self.url,
            headers={"Origin": self.url, "Accept-Language": "en"},
            timeout=30,  # a machine that does much else may take its time
        ) as client:
            if email:
                answer = client.post("/sign-in", data={"email": email, "password": PASSWORD})
                assert answer.status_code == 303, answer.text
            yield client


@contextmanager
def running_dashboard(
    database: Database,
    *,
    buyer_view_url: str = "",
    public_url: str = "",
    own_url: str = "",
    has_mail: bool = True,
    photos: PhotoStore | None = None,
) -> Iterator[RunningDashboard]:
    """Serve the pages on a free port. ``own_url``: what they take for their address instead.

    ``photos``: the store that they use instead of a simulated one.
    """
    with ExitStack() as stack:
        folder = stack.enter_context(TemporaryDirectory())
        box = SecretBox(Path(folder) / "sealing.key")
        clients = HttpClients()
        stack.callback(clients.close)
        yield from _serve(
            database,
            box,
            clients,
            buyer_view_url=buyer_view_url,
            public_url=public_url,
            own_url=own_url,
            has_mail=has_mail,
            photos=photos,
        )


def _serve(
    database: Database,
    box: SecretBox,
    clients: HttpClients,
    *,
    buyer_view_url: str,
    public_url: str,
    own_url: str,
    has_mail: bool,
    photos: PhotoStore | None,
) -> Iterator[RunningDashboard]:
    store = SimulatedPhotoStore()
    feed = ChangeFeed(database)
    gateway = ShopGateway(database, box, clients)
    # The address is known before the server: marketplaces send sellers back to it.
    listening = listen("127.0.0.1", 0)  # as the program does: each answer goes out at once
    port = listening.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    dashboard = Dashboard(
        DashboardDeps(
            database=database,
            photos=photos or store,
            feed=feed,
            authorizing=Authorizing(database, box, clients, gateway, wake),
            mails=MailRoom(box, is_open=has_mail),
            box=box,
            own_url=own_url or url,
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

    server = Server(uvicorn.Config(program, log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        assert started.wait(20)
        yield RunningDashboard(url, database, store, dashboard, feed, box)
    finally:
        dashboard.end_streams()
        server.should_exit = True
        thread.join()
        listening.close()
        feed.close()


def wake(session: Session, shop_id: int, now: datetime) -> None:
    """As the program does once a shop is authorized."""
    wake_held(session, shop_id, now)


def text_of(html: str) -> str:
    """The text of a page without its markup, spaces folded."""
    without = re.sub(r"<(script|style)\b.*?</\1>", " ", html, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", without))
