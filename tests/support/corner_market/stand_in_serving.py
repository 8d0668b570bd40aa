"""Corner over HTTP, in a thread of the tests: calls, the seller's consent, faults and control."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

from tests.support.corner_market.stand_in import RefusedError, World
from tests.support.corner_market.stand_in_calls import answer
from tests.support.corner_market.stand_in_control import Control

BEFORE = ("drop_before", "error_before", "not_json", "rate_limit")
AFTER = ("drop_after", "error_after", "delay_after", "status_after")
PAGE = '<form method="post"><input name="ticket" value="{}"><input name="account"></form>'


class Handler(BaseHTTPRequestHandler):
    """One connection. The server's attributes are what all of them share."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: "CornerServer"

    def do_GET(self) -> None:
        url = httpx.URL(self.path)
        if url.path == "/consent":
            self._reply(200, PAGE.format(url.query.hex()).encode())
        else:
            self._control("get")

    def do_POST(self) -> None:
        if self.path == "/consent":
            self._consented()
        elif self.path.startswith("/v1/"):
            self._call(self.path.removeprefix("/v1/"), self._body())
        else:
            self._control("post")

    def do_PATCH(self) -> None:
        self._control("patch")

    def do_PUT(self) -> None:
        self._control("put")

    def do_DELETE(self) -> None:
        self._control("delete")

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("content-length") or 0))

    def _control(self, method: str) -> None:
        body = json.loads(self._body() or b"{}")
        with self.server.lock:
            path = self.path.removeprefix("/control/")
            made = self.server.control.do(method, path, body)
        self._reply(200, json.dumps(made).encode())

    def _consented(self) -> None:
        form = httpx.QueryParams(self._body().decode())
        asked = httpx.QueryParams(bytes.fromhex(form["ticket"]).decode())
        with self.server.lock:
            code = f"corner-code-{self.server.control.world.new_name()}"
            self.server.control.world.codes[code] = (asked["app"], form["account"])
        back = httpx.URL(asked["back"]).copy_merge_params({"code": code, "state": asked["state"]})
        self._reply(303, b"", location=str(back))

    def _call(self, call: str, body: bytes) -> None:
        try:
            with self.server.lock:
                data, fault = self._answered(call, body)
        except RefusedError as refused:
            self._json(200, {"ok": False, "error": str(refused), "text": ""})
        else:
            if not self._failed(fault):
                self._json(200, {"ok": True, "data": data})

    def _answered(self, call: str, body: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
        """The reply's data, and what shall go wrong with it."""
        world, control = self.server.control.world, self.server.control
        app, shop = world.caller(dict(self.headers), call, body)
        if before := control.take_fault(shop, call, BEFORE):
            return {}, before
        data = answer(world, app, shop, call, body)
        after = control.take_fault(shop, call, AFTER)
        if after.get("kind") == "status_after":
            hide(world, data["message_id"])
        return data, after

    def _failed(self, fault: dict[str, Any]) -> bool:
        match fault.get("kind"):
            case "drop_before" | "drop_after":
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
            case "error_before" | "error_after":
                self._json(500, {"ok": False, "error": "internal"})
            case "not_json":
                self._reply(200, b"<html>Corner</html>")
            case "rate_limit":
                wait = {"retry-after": str(fault["retry_after_s"])}
                self._json(200, {"ok": False, "error": "too_fast"}, **wait)
            case "delay_after":
                self.server.ending.wait(fault["delay_ms"] / 1000)
                return False
            case _:
                return False
        return True

    def _json(self, status: int, value: object, **headers: str) -> None:
        self._reply(status, json.dumps(value).encode(), **headers)

    def _reply(self, status: int, body: bytes, **headers: str) -> None:
        with suppress(ConnectionError):  # a client whose deadline has passed
            self.send_response(status)
            for name, value in {**headers, "content-length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name the base gives
        """Nothing: the tests tell what went wrong."""


class CornerServer(ThreadingHTTPServer):
    """The server; one call at a time sees or changes the world."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.lock = threading.Lock()
        self.ending = threading.Event()
        self.control = Control(World())


def hide(world: World, message_id: str) -> None:
    for chat in world.chats.values():
        for one in chat.messages:
            one.shown = one.shown and one.message != message_id


@contextmanager
def serving() -> Iterator[str]:
    """Corner at the address that is given, until the block ends."""
    with CornerServer() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.ending.set()
            server.shutdown()
            thread.join()
