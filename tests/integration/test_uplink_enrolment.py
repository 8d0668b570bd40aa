"""Enrolment against a real HTTP server that says what a test wants."""

import json
import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from edge.uplink.credentials import load_credentials, save_credentials
from edge.uplink.enrolment import enroll
from edge.uplink.errors import (
    ClaimExpired,
    ClaimRefused,
    ClockBehind,
    EnrolmentError,
    EnrolmentPermanent,
    EnrolmentTransient,
    EnrolmentUnreachable,
    NotOurServer,
    UntrustedServer,
)
from edge.uplink.proxy import Proxy
from tests.fixtures_proxy import MakeProxy
from tests.support.certificates import certificate
from tests.support.tinyproxy import PASSWORD, USER

CODE = "ABCDE-FGHJK-LMNPQ-RSTUV"
ANSWER = {
    "device_id": "table-0123",
    "partition": 7,
    "table_name": "Table 1",
    "password": "a very secret word",
    "broker": {"host": "127.0.0.1", "port": 1883},
}


class Server(ThreadingHTTPServer):
    """Answers every POST with ``status`` and ``body``."""

    status: int = 200
    body: bytes = json.dumps(ANSWER).encode()
    requests: ClassVar[list[tuple[str, Any]]] = []

    def say(self, status: int, body: Any) -> None:
        self.status = status
        self.body = body if isinstance(body, bytes) else json.dumps(body).encode()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        sent = self.rfile.read(int(self.headers["content-length"]))
        self.server.requests.append((self.path, json.loads(sent)))
        self.send_response(self.server.status)
        self.send_header("content-length", str(len(self.server.body)))
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, *_: object) -> None:
        """Tests need no access log."""


@pytest.fixture
def server() -> Iterator[Server]:
    Server.requests.clear()
    with Server(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield running
        running.shutdown()
        thread.join(5)


def test_a_claim_code_becomes_credentials(server: Server) -> None:
    """U-22."""
    answer = enroll(f"{server.url}/", f" {CODE}\n", hardware="Pi 5 a1b2", software="0.1.0")
    assert (answer.device_id, answer.partition, answer.broker.port) == ("table-0123", 7, 1883)
    asked = {"claim_code": CODE, "hardware": "Pi 5 a1b2", "software": "0.1.0"}
    assert server.requests == [("/api/v1/enrolment", asked)]
    assert "secret" not in repr(answer)


@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        (403, {"error": "claim-refused", "text": "used already"}, ClaimRefused, "used already"),
        (403, {"error": "claim-expired", "text": "too old"}, ClaimExpired, "too old"),
        (410, {"error": "claim-expired"}, ClaimExpired, "new claim sheet"),
        (422, {"detail": [{"loc": ["claim_code"]}]}, ClaimRefused, "not accepted"),
        (503, {"error": "not-admitted", "text": "not admitted"}, EnrolmentUnreachable, "admitted"),
        (500, b"<html>", EnrolmentUnreachable, "HTTP 500"),
        (429, {}, EnrolmentUnreachable, "HTTP 429"),
        (404, b"<html>nothing here", NotOurServer, "HTTP 404"),
        (404, {"message": "no route"}, NotOurServer, "HTTP 404"),
        (302, b"", NotOurServer, "HTTP 302"),
        (200, b"<html>Welcome", NotOurServer, "HTTP 200"),
        (200, {"password": "a very secret word"}, NotOurServer, "not one of Packwitness"),
    ],
)
def test_each_refusal_has_its_own_words(
    server: Server, status: int, body: Any, kind: type[EnrolmentError], words: str
) -> None:
    server.say(status, body)
    with pytest.raises(kind, match=words) as raised:
        enroll(server.url, CODE)
    assert "\n" not in str(raised.value)
    assert "secret" not in str(raised.value)
    assert CODE not in str(raised.value)


def test_no_answer_is_worth_another_try() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(EnrolmentTransient, match="does not answer"):
        enroll(f"http://127.0.0.1:{port}", CODE)


def test_something_that_speaks_no_http() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            peer, _ = listener.accept()
            with peer:
                peer.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")
                peer.shutdown(socket.SHUT_WR)
                # What is left unread at the end would reset the connection, answer and all.
                while peer.recv(4096):
                    pass

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(NotOurServer, match="speaks no HTTP"):
            enroll(f"http://127.0.0.1:{listener.getsockname()[1]}", CODE)
        thread.join(5)


@pytest.mark.parametrize(
    ("url", "kind", "words"),
    [
        ("http://packwitness.example", UntrustedServer, "in clear"),
        ("http://10.0.0.5:8000", UntrustedServer, "in clear"),
        ("packwitness.example", NotOurServer, "https://example.com"),
        ("mqtt://packwitness.example", NotOurServer, "no address"),
        ("", NotOurServer, "no address"),
    ],
)
def test_addresses_that_are_refused_before_anything_is_sent(
    url: str, kind: type[EnrolmentError], words: str
) -> None:
    with pytest.raises(kind, match=words):
        enroll(url, CODE)


def test_a_code_of_the_wrong_shape_is_refused_before_anything_is_sent(server: Server) -> None:
    with pytest.raises(ClaimRefused, match="8 to 80"):
        enroll(server.url, "short")
    assert server.requests == []


@pytest.mark.parametrize(
    ("begins_in", "trusted", "kind"),
    [
        (timedelta(days=1), True, ClockBehind),
        (timedelta(days=-1), False, UntrustedServer),
        (timedelta(days=-60), True, UntrustedServer),
    ],
)
def test_a_certificate_that_does_not_hold(
    server: Server,
    tmp_path: Path,
    *,
    begins_in: timedelta,
    trusted: bool,
    kind: type[EnrolmentError],
) -> None:
    tls = certificate(tmp_path, datetime.now(UTC) + begins_in)
    serve_tls(server, tls.certificate, tls.key)
    with pytest.raises(kind):
        enroll(https(server), CODE, ca_file=tls.certificate if trusted else None)


def test_a_private_authority_is_trusted_when_given(server: Server, tmp_path: Path) -> None:
    tls = certificate(tmp_path, datetime.now(UTC) - timedelta(days=1))
    serve_tls(server, tls.certificate, tls.key)
    assert enroll(https(server), CODE, ca_file=tls.certificate).table_name == "Table 1"


def test_a_missing_authority_file_is_named(server: Server, tmp_path: Path) -> None:
    with pytest.raises(EnrolmentPermanent, match=r"absent\.pem"):
        enroll(server.url, CODE, ca_file=tmp_path / "absent.pem")


def test_an_enrolled_table_keeps_its_credentials(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "credentials.json"
    save_credentials(path, enroll(server.url, CODE))
    assert load_credentials(path).password.get_secret_value() == "a very secret word"


def test_through_a_proxy_that_asks(server: Server, tmp_path: Path, make_proxy: MakeProxy) -> None:
    tls = certificate(tmp_path, datetime.now(UTC) - timedelta(days=1))
    serve_tls(server, tls.certificate, tls.key)
    proxy = make_proxy(ports=(server.server_port,), asks=True)
    way = Proxy(proxy.host, proxy.port, USER, PASSWORD)
    assert enroll(https(server), CODE, ca_file=tls.certificate, proxy=way).partition == 7
    assert proxy.asked > 0


@pytest.mark.parametrize(
    ("user", "words"),
    [("", "asks for credentials"), ("stranger", "refuses the credentials")],
)
def test_a_proxy_that_refuses_has_its_own_words(
    server: Server, make_proxy: MakeProxy, user: str, words: str
) -> None:
    proxy = make_proxy(ports=(server.server_port,), asks=True)
    way = Proxy(proxy.host, proxy.port, user, PASSWORD)
    with pytest.raises(EnrolmentUnreachable, match=words) as refused:
        enroll(https(server), CODE, proxy=way)
    assert PASSWORD not in str(refused.value)


def test_a_proxy_that_forbids_and_one_that_is_down(server: Server, make_proxy: MakeProxy) -> None:
    proxy = make_proxy(ports=(1,))
    way = Proxy(proxy.host, proxy.port)
    with pytest.raises(EnrolmentUnreachable, match=r"\(403\): have CONNECT to it allowed"):
        enroll(https(server), CODE, proxy=way)
    proxy.stop()
    with pytest.raises(EnrolmentUnreachable, match=r"through the proxy 127\.0\.0\.1"):
        enroll(https(server), CODE, proxy=way)


def test_the_environment_names_no_proxy(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the settings say how the cloud is reached."""
    tls = certificate(tmp_path, datetime.now(UTC) - timedelta(days=1))
    serve_tls(server, tls.certificate, tls.key)
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    assert enroll(https(server), CODE, ca_file=tls.certificate).partition == 7


def serve_tls(server: Server, chain: Path, key: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    server.socket = context.wrap_socket(
        server.socket, server_side=True, do_handshake_on_connect=False
    )
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # failed handshakes are meant


def https(server: Server) -> str:
    return f"https://localhost:{server.server_port}"
