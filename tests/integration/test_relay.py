"""The relay that stands for the table's network."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from launcher.relay import HOST, Relay
from tests.support.waiting import eventually

DEADLINE_S = 10.0


@contextmanager
def echoing_server() -> Iterator[int]:
    """A server that answers one connection after the other with what it hears."""
    server = socket.create_server((HOST, 0))

    def serve() -> None:
        while True:
            try:
                line, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=echo, args=(line,), daemon=True).start()

    def echo(line: socket.socket) -> None:
        with line:
            try:
                while data := line.recv(4096):
                    line.sendall(data)
            except OSError:
                return

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield int(server.getsockname()[1])
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()


@pytest.fixture
def relay() -> Iterator[Relay]:
    with echoing_server() as port:
        made = Relay(port)
        made.connect()
        yield made
        made.close()


def test_bytes_pass_both_ways(relay: Relay) -> None:
    with socket.create_connection((HOST, relay.port), DEADLINE_S) as line:
        line.sendall(b"hello")
        assert line.recv(5, socket.MSG_WAITALL) == b"hello"


def test_a_cut_resets_connections_and_refuses_new_ones(relay: Relay) -> None:
    with socket.create_connection((HOST, relay.port), DEADLINE_S) as line:
        line.sendall(b"x")
        line.recv(1)
        relay.cut()
        with pytest.raises(ConnectionResetError):
            line.recv(1)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((HOST, relay.port), DEADLINE_S)


def test_nobody_else_gets_the_port_while_it_is_cut(relay: Relay) -> None:
    relay.cut()
    with socket.socket() as other, pytest.raises(OSError, match="in use"):
        other.bind((HOST, relay.port))


def test_after_a_cut_it_connects_again(relay: Relay) -> None:
    for _ in range(3):
        relay.cut()
        relay.connect()
    with socket.create_connection((HOST, relay.port), DEADLINE_S) as line:
        line.sendall(b"back")
        assert line.recv(4, socket.MSG_WAITALL) == b"back"


def test_an_end_on_one_side_is_passed_on() -> None:
    with echoing_server() as port:
        relay = Relay(port)
        relay.connect()
        line = socket.create_connection((HOST, relay.port), DEADLINE_S)
        line.shutdown(socket.SHUT_WR)
        assert line.recv(1) == b""
        line.close()
        relay.close()


def test_a_target_that_is_not_there_ends_the_connection() -> None:
    with socket.create_server((HOST, 0)) as gone:
        port = int(gone.getsockname()[1])
    relay = Relay(port)
    relay.connect()
    # The end may come so soon that connecting already sees it.
    with (
        contextlib.suppress(ConnectionResetError),
        socket.create_connection((HOST, relay.port), DEADLINE_S) as line,
    ):
        eventually(lambda: _is_over(line))
    relay.close()


def _is_over(line: socket.socket) -> bool:
    try:
        return line.recv(1) == b""
    except ConnectionResetError:
        return True
