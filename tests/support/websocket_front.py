"""A WebSocket front before a TCP broker: the way past firewalls that a load balancer offers.

Debian's mosquitto 2.0.11 does not start a WebSocket listener everywhere, so tests bring their own.
"""

import base64
import contextlib
import hashlib
import socket
import struct
import threading
from typing import BinaryIO

_MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_BINARY = 0x82


class WebSocketFront:
    """Listens from ``with`` on and passes MQTT on to ``host``:``port``."""

    def __init__(self, host: str, port: int) -> None:
        self._behind = (host, port)
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> "WebSocketFront":
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        for sock in (self._listener, *self._sockets):
            with contextlib.suppress(OSError):  # closed by the other side
                sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
        for sock in (self._listener, *self._sockets):
            sock.close()

    def _start(self, work: object, *args: object) -> None:
        thread = threading.Thread(target=work, args=args)  # type: ignore[arg-type]  # always callable
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # shut down
            while True:
                client, _ = self._listener.accept()
                broker = socket.create_connection(self._behind)
                self._sockets += [client, broker]
                stream = client.makefile("rb")
                client.sendall(_welcome(stream))
                self._start(self._inward, stream, broker)
                self._start(self._outward, broker, client)

    def _inward(self, stream: BinaryIO, broker: socket.socket) -> None:
        with contextlib.suppress(OSError, IndexError, struct.error), stream:
            while (payload := _frame(stream)) is not None:
                broker.sendall(payload)

    def _outward(self, broker: socket.socket, client: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while payload := broker.recv(60_000):
                size = len(payload)
                short = struct.pack(">BB", _BINARY, size) if size < 126 else b""
                client.sendall((short or struct.pack(">BBH", _BINARY, 126, size)) + payload)


def _welcome(stream: BinaryIO) -> bytes:
    key = b""
    while (line := stream.readline().strip()) != b"":
        name, _, value = line.partition(b": ")
        if name.lower() == b"sec-websocket-key":
            key = value
    accept = base64.b64encode(hashlib.sha1(key + _MAGIC, usedforsecurity=False).digest())
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Protocol: mqtt\r\nSec-WebSocket-Accept: " + accept + b"\r\n\r\n"
    )


def _frame(stream: BinaryIO) -> bytes | None:
    """Payload of a client's frame; None when it closes."""
    head = stream.read(2)
    if len(head) < 2 or head[0] & 0x0F == 8:
        return None
    length = head[1] & 0x7F
    if length == 126:
        (length,) = struct.unpack(">H", stream.read(2))
    elif length == 127:
        (length,) = struct.unpack(">Q", stream.read(8))
    mask = stream.read(4)
    data = stream.read(length)
    key = (mask * (length // 4 + 1))[:length]
    return (int.from_bytes(data, "big") ^ int.from_bytes(key, "big")).to_bytes(length, "big")
