"""Something between a store and its S3 server that makes requests fail in chosen ways.

Requests are passed on unchanged, so that their signatures stay true.
"""

import http.client
import socket
import ssl
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType

Fault = Callable[["Request"], None]


@dataclass
class Request:
    """One request of a store, read whole, and what may be done with it."""

    handler: BaseHTTPRequestHandler
    upstream_port: int
    closing: threading.Event
    body: bytes = field(init=False)

    def __post_init__(self) -> None:
        length = int(self.handler.headers.get("Content-Length") or 0)
        self.body = self.handler.rfile.read(length)

    def forward(self) -> tuple[int, list[tuple[str, str]], bytes]:
        upstream = http.client.HTTPConnection("127.0.0.1", self.upstream_port, timeout=30)
        upstream.putrequest(
            self.handler.command,
            self.handler.path,
            skip_host=True,
            skip_accept_encoding=True,
        )
        for name, value in self.handler.headers.items():
            upstream.putheader(name, value)
        upstream.endheaders(self.body)
        answer = upstream.getresponse()
        result = answer.status, answer.getheaders(), answer.read()
        upstream.close()
        return result

    def answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.handler.send_response_only(status)
        for name, value in headers:
            if name.lower() not in {"connection", "content-length", "transfer-encoding"}:
                self.handler.send_header(name, value)
        self.handler.send_header("Content-Length", str(len(body)))
        self.handler.send_header("Connection", "close")
        self.handler.end_headers()
        self.handler.wfile.write(body)

    def hang_up(self) -> None:
        self.handler.connection.shutdown(socket.SHUT_RDWR)


# --- what may happen to a request ---------------------------------------------------------------


def passed_on(request: Request) -> None:
    request.answer(*request.forward())


def answered(status: int, body: str) -> Fault:
    """Not passed on; answered with this instead."""
    return lambda request: request.answer(status, [], body.encode())


def refused(status: int, code: str) -> Fault:
    """Answered as S3 answers errors; some servers repeat the key in theirs."""
    key = "<AWSAccessKeyId>AK-REPEATED</AWSAccessKeyId>"
    return answered(status, f"<Error><Code>{code}</Code><Message>no</Message>{key}</Error>")


def never_answered(request: Request) -> None:
    request.closing.wait(60)


def stalled(request: Request) -> None:
    """Passed on; the answer stops after half of its body."""
    _, _, body = request.forward()
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\nETag: x\r\n"
    head += "Last-Modified: Mon, 02 Mar 2026 10:00:00 GMT\r\n\r\n"
    request.handler.wfile.write(head.encode() + body[: len(body) // 2])
    request.closing.wait(60)


def spoilt(request: Request) -> None:
    """Passed on; of the answer's body every byte is another."""
    status, headers, body = request.forward()
    request.answer(status, headers, b"?" * len(body))


def answer_lost(request: Request) -> None:
    """Passed on and done; the connection drops before the answer."""
    request.forward()
    request.hang_up()


def cut_off(request: Request) -> None:
    """Half of the body reaches the server, then both connections drop."""
    head = f"{request.handler.command} {request.handler.path} HTTP/1.1\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in request.handler.headers.items())
    with socket.create_connection(("127.0.0.1", request.upstream_port)) as upstream:
        upstream.sendall(head.encode() + b"\r\n" + request.body[: len(request.body) // 2])
    request.hang_up()


def create_only_ignored(request: Request) -> None:
    """Says yes to a create-only put of what is there, as servers do that do not know it."""
    status, headers, body = request.forward()
    request.answer(200 if status == 412 else status, [*headers, ("ETag", '"x"')], body)


# --- the server between -------------------------------------------------------------------------


class S3Between:
    """Listens on loopback, and does with each request what the test said."""

    def __init__(self, upstream_port: int, tls: ssl.SSLContext | None = None) -> None:
        self.usual: Fault = passed_on
        """What happens when nothing is said."""
        self.requests: list[str] = []
        self._next: deque[Fault] = deque()
        self._closing = threading.Event()
        between = self

        class Handler(BaseHTTPRequestHandler):
            def handle_one_request(self) -> None:
                self.close_connection = True
                self.raw_requestline = self.rfile.readline(65537)
                if self.raw_requestline and self.parse_request():
                    between._handle(Request(self, upstream_port, between._closing))

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]  # hung up: meant
        host = "http://127.0.0.1" if tls is None else "https://localhost"
        self.endpoint = f"{host}:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever)

    def __enter__(self) -> "S3Between":
        self._thread.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def then(self, *faults: Fault) -> None:
        """What happens to the next requests, one each."""
        self._next.extend(faults)

    def _handle(self, request: Request) -> None:
        self.requests.append(request.handler.command)
        fault = self._next.popleft() if self._next else self.usual
        with suppress(OSError):  # whoever asked may have given up
            fault(request)
