"""The address where pushes come in, served by a real uvicorn, with the bench's shop behind it."""

import hashlib
import hmac
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI
from sqlalchemy import select

from cloud.api.pushes import push_routes
from cloud.database.base import utc_now
from cloud.database.scope import scoped, system
from cloud.main.web import listen
from cloud.shops.push_apps import push_path_of
from cloud.shops.service import Purpose
from cloud.sync.intake import PushIntake
from cloud.sync.models import InboxPush
from cloud.sync.pace import PacedReads
from cloud.sync.push_effects import PushEffects
from cloud.sync.push_work import LostPushes, PushParts, PushWork
from cloud.sync.resting import RestingShops
from tests.support.dispatch_bench import Bench


@dataclass(frozen=True, slots=True)
class PushDoor:
    """Where the app of the bench's organisation gets its pushes."""

    bench: Bench
    url: str
    """As registered at the marketplace."""
    http: httpx.Client

    def body(self, code: object, data: object, **changes: object) -> bytes:
        """A push of Shopee's about the bench's shop, told now."""
        envelope = {
            "code": code,
            "shop_id": self.bench.sandbox.shop_id,
            "timestamp": int(utc_now().timestamp()),
            "data": data,
            **changes,
        }
        return json.dumps(envelope).encode()

    def order(self, number: str, **changes: object) -> bytes:
        """That an order changed."""
        return self.body(3, {"ordersn": number, "status": "READY_TO_SHIP"}, **changes)

    def sign(self, raw: bytes, *, key: str = "", url: str = "") -> str:
        signed_with = key or self.bench.sandbox.partner_key
        over = (url or self.url).encode() + b"|" + raw
        return hmac.new(signed_with.encode(), over, hashlib.sha256).hexdigest()

    def post(self, raw: bytes, signature: str | None = None, **headers: str) -> httpx.Response:
        """As the marketplace does."""
        given = self.sign(raw) if signature is None else signature
        return self.http.post(self.url, content=raw, headers={"Authorization": given, **headers})

    def tell(self, raw: bytes) -> None:
        """A push that is taken."""
        answer = self.post(raw)
        assert (answer.status_code, answer.content) == (200, b""), answer.text

    def kept(self) -> list[InboxPush]:
        with self.bench.database.read(system("test")) as session:
            return list(session.scalars(select(InboxPush).order_by(InboxPush.id)))

    def outcomes(self) -> list[str]:
        """Of all pushes; empty for one that is not worked off."""
        return [push.outcome for push in self.kept()]

    def register(self, **fields: Any) -> None:
        """Let the sandbox push to us."""
        sandbox = self.bench.sandbox
        sandbox.control.push_endpoint(sandbox.partner_id, self.url, **fields)

    def parts(self, resting: RestingShops | None = None) -> PushParts:
        made = self.bench
        effects = PushEffects(made.database, PacedReads(made.database, made.gateway), resting)
        return PushParts(made.database, made.box, made.clients, effects)

    def work_off(self) -> int:
        return PushWork(self.parts()).work_off()

    def fetch_lost(self) -> int:
        return LostPushes(self.parts()).fetch()


@contextmanager
def open_door(bench: Bench) -> Iterator[PushDoor]:
    """Serve it on a free port until the block ends."""
    listening = listen("127.0.0.1", 0)  # as the program does: each answer goes out at once
    public_url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    intake = PushIntake(bench.database, bench.box, bench.clients, public_url)
    app.include_router(push_routes(intake))
    started = threading.Event()

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            started.set()

    server = Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    assert started.wait(20)
    with bench.database.read(scoped(bench.organisation_id)) as session:
        path = push_path_of(session, "shopee", Purpose.ORDERS)
    try:
        with httpx.Client(timeout=20) as http:
            yield PushDoor(bench, f"{public_url}{path}", http)
    finally:
        server.should_exit = True
        thread.join(20)
        listening.close()
