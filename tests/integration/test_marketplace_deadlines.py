"""The request's deadline and the outcome of broken connections, over real sockets."""

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from cloud.marketplaces.access import AppCredentials, ShopAccess
from cloud.marketplaces.chats import OutgoingMessage, TextPart
from cloud.marketplaces.errors import (
    MarketplaceError,
    NotConnected,
    OutcomeUnknown,
    TransientError,
)
from cloud.marketplaces.http_clients import HttpClients
from cloud.marketplaces.interface import Marketplace
from cloud.marketplaces.registry import marketplace_for

ACCESS = ShopAccess(AppCredentials("1", "key"), "2", "SG", "token")
TEXT = OutgoingMessage("3", "231115ABCDEF12", TextPart("hello"))
SENT = b'{"error": "", "response": {"message_id": "5"}}'
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"

Serve = Callable[[socket.socket, threading.Event], None]


@pytest.fixture
def clients() -> Iterator[HttpClients]:
    made = HttpClients()
    yield made
    made.close()


@contextmanager
def server(serve: Serve) -> Iterator[str]:
    """Answers each connection by `serve`, and yields its address. Ends what is still going on."""
    listener = socket.create_server(("127.0.0.1", 0))
    done = threading.Event()
    threads: list[threading.Thread] = []

    def handle(connection: socket.socket) -> None:
        with connection:
            connection.settimeout(60)
            # The client gives up first, which is what some tests are about.
            with suppress(OSError):
                serve(connection, done)

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=handle, args=(connection,))
            threads.append(thread)
            thread.start()

    acceptor = threading.Thread(target=accept)
    acceptor.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        done.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for thread in [acceptor, *threads]:
            thread.join(30)


def read_request(connection: socket.socket) -> None:
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(65536)
    head, _, body = received.partition(b"\r\n\r\n")
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")]
    left = int(lengths[0].split(b":")[1]) - len(body) if lengths else 0
    while left > 0:
        left -= len(connection.recv(65536))


def answer(connection: socket.socket, done: threading.Event) -> None:
    read_request(connection)
    length = b"content-length: " + str(len(SENT)).encode()
    connection.sendall(HEAD + length + b"\r\n\r\n" + SENT)
    done.wait()


def silence(connection: socket.socket, done: threading.Event) -> None:
    read_request(connection)
    done.wait()


def reset(connection: socket.socket, done: threading.Event) -> None:
    read_request(connection)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def hang_up(connection: socket.socket, done: threading.Event) -> None:
    read_request(connection)


def half_a_body(connection: socket.socket, done: threading.Event) -> None:
    read_request(connection)
    connection.sendall(HEAD + b"content-length: 1000\r\n\r\n" + SENT)


def nonsense(connection: socket.socket, done: threading.Event) -> None:
    read_request(connection)
    connection.sendall(b"220 mail ready\r\n")


def trickled_head(connection: socket.socket, done: threading.Event) -> None:
    read_request(connection)
    connection.sendall(HEAD + b"x-slow: ")
    while not done.wait(0.01):
        connection.sendall(b"x")


def trickled_body(connection: socket.socket, done: threading.Event) -> None:
    read_request(connection)
    connection.sendall(HEAD + b"content-length: 1000000000\r\n\r\n")
    while not done.wait(0.01):
        connection.sendall(b" ")


def shopee(clients: HttpClients, base_url: str) -> Marketplace:
    return marketplace_for("shopee", http=clients.get(), base_url=base_url)


BROKEN = [silence, reset, hang_up, half_a_body, nonsense, trickled_head, trickled_body]


def test_an_answered_send_is_sent_and_the_connection_is_used_again(clients: HttpClients) -> None:
    connections: list[object] = []

    def serve(connection: socket.socket, done: threading.Event) -> None:
        connections.append(connection)
        length = b"content-length: " + str(len(SENT)).encode()
        for _ in range(2):
            read_request(connection)
            connection.sendall(HEAD + length + b"\r\nset-cookie: a=b\r\n\r\n" + SENT)
        done.wait()

    with server(serve) as base_url:
        for _ in range(2):
            assert shopee(clients, base_url).send(ACCESS, TEXT, deadline_s=30).message_id == "5"
    assert len(connections) == 1
    assert not list(clients.get().cookies.jar)


@pytest.mark.parametrize("serve", BROKEN)
def test_a_send_that_is_not_answered_in_full_is_unknown(serve: Serve, clients: HttpClients) -> None:
    with server(serve) as base_url, pytest.raises(OutcomeUnknown):
        shopee(clients, base_url).send(ACCESS, TEXT, deadline_s=0.5)


@pytest.mark.parametrize("serve", [reset, hang_up, half_a_body, nonsense])
def test_a_read_that_is_not_answered_in_full_may_be_repeated(
    serve: Serve, clients: HttpClients
) -> None:
    with server(serve) as base_url, pytest.raises(MarketplaceError) as caught:
        shopee(clients, base_url).conversations(ACCESS)
    assert type(caught.value) is TransientError


def test_a_refused_connection_is_a_known_not_sent(clients: HttpClients) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    with pytest.raises(NotConnected):
        shopee(clients, f"http://127.0.0.1:{port}").send(ACCESS, TEXT, deadline_s=5)


def test_a_server_that_never_speaks_tls_is_a_known_not_sent(clients: HttpClients) -> None:
    def mute(connection: socket.socket, done: threading.Event) -> None:
        done.wait()

    with server(mute) as base_url:
        adapter = shopee(clients, base_url.replace("http:", "https:"))
        with pytest.raises(NotConnected):
            adapter.send(ACCESS, TEXT, deadline_s=0.5)


def test_a_name_that_takes_too_long_to_resolve_is_a_known_not_sent(
    clients: HttpClients, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve = socket.getaddrinfo
    arrived = threading.Event()

    def slow(*args: object, **options: object) -> object:
        threading.Event().wait(0.05)
        return resolve(*args, **options)  # type: ignore[arg-type]  # passed through as given

    def note(connection: socket.socket, done: threading.Event) -> None:
        if connection.recv(1):
            arrived.set()

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    with server(note) as base_url, pytest.raises(NotConnected):
        shopee(clients, base_url).send(ACCESS, TEXT, deadline_s=0.02)
    assert not arrived.is_set()
