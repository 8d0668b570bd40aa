"""A broker that does what a test tells it: odd limits, refusals, silence, resets.

It understands as much MQTT 5 as a test needs: CONNECT, SUBSCRIBE, PUBLISH, PINGREQ, DISCONNECT.
"""

import contextlib
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.support.waiting import eventually

CONNACK, PUBLISH, PUBACK, SUBACK, PINGRESP, DISCONNECT = 0x20, 0x30, 0x40, 0x90, 0xD0, 0xE0


@dataclass(frozen=True)
class Connect:
    """A CONNECT packet."""

    client_id: str
    clean_start: bool
    keepalive_s: int
    properties: bytes
    will_topic: str | None
    will_payload: bytes | None


@dataclass(frozen=True)
class Publish:
    """A PUBLISH packet; ``connection`` counts from 1."""

    connection: int
    topic: str
    payload: bytes
    qos: int
    packet_id: int
    packet_bytes: int


class Peer:
    """One client's connection, as handed to the test's functions."""

    def __init__(self, sock: socket.socket, number: int) -> None:
        self._sock = sock
        self.number = number

    def send(self, packet_type: int, body: bytes) -> None:
        """Send one packet."""
        self._sock.sendall(bytes([packet_type]) + _length(len(body)) + body)

    def puback(self, packet_id: int, code: int = 0) -> None:
        """Acknowledge a publish."""
        self.send(PUBACK, struct.pack(">HBB", packet_id, code, 0))

    def publish(self, topic: bytes, payload: bytes) -> None:
        """Send a message, QoS 0. The topic is given in bytes so that it may be malformed."""
        self.send(PUBLISH, struct.pack(">H", len(topic)) + topic + b"\0" + payload)

    def disconnect(self, code: int) -> None:
        """Send DISCONNECT and end the connection."""
        self.send(DISCONNECT, bytes([code, 0]))
        self.close()

    def reset(self) -> None:
        """End the connection with a TCP reset."""
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def close(self) -> None:
        """End the connection."""
        with contextlib.suppress(OSError):  # the client was faster
            self._sock.shutdown(socket.SHUT_RDWR)
        self._sock.close()


def take(peer: Peer, packet: Publish) -> None:
    """What a good broker does with a publish."""
    if packet.qos:
        peer.puback(packet.packet_id)


@dataclass
class ScriptedBroker:
    """Listens from ``with`` on. Change the fields at any time."""

    connack_code: int = 0
    connack_properties: bytes = b""
    session_present: bool = False
    suback_code: int = 1
    answers_connect: bool = True
    on_publish: Callable[[Peer, Publish], None] = take
    on_subscribe: Callable[[Peer], None] = lambda _peer: None
    connects: list[Connect] = field(default_factory=list)
    published: list[Publish] = field(default_factory=list)
    goodbyes: list[bytes] = field(default_factory=list)
    """Bodies of DISCONNECT packets."""
    peers: list[Peer] = field(default_factory=list)

    def __enter__(self) -> "ScriptedBroker":
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for peer in self.peers:
            peer.close()
        for thread in self._threads:
            thread.join(10)

    def wait_for(self, what: Callable[["ScriptedBroker"], Any]) -> None:
        """Wait until it has seen that."""
        eventually(lambda: bool(what(self)))

    def of_kind(self, kind: str) -> list[Publish]:
        """Publishes whose topic has this kind."""
        return [it for it in list(self.published) if it.topic.split("/")[5] == kind]

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            peer = Peer(sock, len(self.peers) + 1)
            self.peers.append(peer)
            thread = threading.Thread(target=self._serve, args=(sock, peer))
            self._threads.append(thread)
            thread.start()

    def _serve(self, sock: socket.socket, peer: Peer) -> None:
        stream = sock.makefile("rb")
        try:
            while (first := stream.read(1)) != b"":
                length, length_bytes = _read_length(stream)
                self._packet(peer, first[0], stream.read(length), 1 + length_bytes + length)
        except (OSError, ValueError):
            pass  # either side has ended it
        finally:
            stream.close()
            sock.close()

    def _packet(self, peer: Peer, first: int, body: bytes, packet_bytes: int) -> None:
        match first & 0xF0:
            case 0x10:
                self.connects.append(_connect(body))
                if self.answers_connect:
                    head = bytes([self.session_present, self.connack_code])
                    properties = self.connack_properties
                    peer.send(CONNACK, head + _length(len(properties)) + properties)
            case 0x80:
                peer.send(SUBACK, body[:2] + b"\0" + bytes([self.suback_code]))
                self.on_subscribe(peer)
            case 0x30:
                packet = _publish(peer.number, first, body, packet_bytes)
                self.published.append(packet)
                self.on_publish(peer, packet)
            case 0xC0:
                peer.send(PINGRESP, b"")
            case 0xE0:
                self.goodbyes.append(body)


def receive_maximum(value: int) -> bytes:
    """CONNACK property."""
    return b"\x21" + struct.pack(">H", value)


def maximum_packet_size(value: int) -> bytes:
    """CONNACK property."""
    return b"\x27" + struct.pack(">I", value)


def maximum_qos(value: int) -> bytes:
    """CONNACK property."""
    return bytes([0x24, value])


def _length(value: int) -> bytes:
    out = bytearray()
    while True:
        value, digit = divmod(value, 128)
        out.append(digit | (0x80 if value else 0))
        if not value:
            return bytes(out)


def _read_length(stream: Any) -> tuple[int, int]:
    value = 0
    for place in range(4):
        digit = stream.read(1)[0]
        value |= (digit & 0x7F) << (7 * place)
        if digit < 0x80:
            return value, place + 1
    raise ValueError("length")


def _field(body: bytes, at: int) -> tuple[bytes, int]:
    (size,) = struct.unpack_from(">H", body, at)
    return body[at + 2 : at + 2 + size], at + 2 + size


def _properties(body: bytes, at: int) -> tuple[bytes, int]:
    size, digits = 0, 0
    while True:
        digit = body[at + digits]
        size |= (digit & 0x7F) << (7 * digits)
        digits += 1
        if digit < 0x80:
            return body[at + digits : at + digits + size], at + digits + size


def _connect(body: bytes) -> Connect:
    _, at = _field(body, 0)
    flags = body[at + 1]
    (keepalive_s,) = struct.unpack_from(">H", body, at + 2)
    properties, at = _properties(body, at + 4)
    client_id, at = _field(body, at)
    will_topic = will_payload = None
    if flags & 0x04:
        _, at = _properties(body, at)
        will_topic, at = _field(body, at)
        will_payload, at = _field(body, at)
    return Connect(
        client_id=client_id.decode(),
        clean_start=bool(flags & 0x02),
        keepalive_s=keepalive_s,
        properties=properties,
        will_topic=None if will_topic is None else will_topic.decode(),
        will_payload=will_payload,
    )


def _publish(connection: int, first: int, body: bytes, packet_bytes: int) -> Publish:
    qos = (first >> 1) & 3
    topic, at = _field(body, 0)
    packet_id = 0
    if qos:
        (packet_id,) = struct.unpack_from(">H", body, at)
        at += 2
    _, at = _properties(body, at)
    return Publish(connection, topic.decode(), body[at:], qos, packet_id, packet_bytes)
