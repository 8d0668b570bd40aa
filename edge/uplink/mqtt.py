"""One MQTT 5 connection over paho; the only file on the table that imports it.

A ``Connection`` lives for one TCP connection and is thrown away with its paho client. So there is
no session to resume, and no queue of paho's that could send a message a second time: what has to go
out again is decided from the spool (edge-hardware 5.1, 1, 5 and 9).

paho's network thread is not used. The owner's thread turns the connection through paho's interface
for other event loops, so callbacks run where their results are read, nothing is locked, and there
is no second thread that could die unseen (edge-hardware 5.1, 7 and 8).
"""

import functools
import logging
import select
import socket
import struct
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ParamSpec, Protocol, cast

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from edge.uplink import reasons
from edge.uplink.errors import LinkLost, PacketTooLarge, ServerUnreachable
from edge.uplink.proxy import Proxy, tunnel
from edge.uplink.tls import tls_context, unreachable
from edge.uplink.waker import Waker
from edge.uplink.ways import Way

_logger = logging.getLogger(__name__)
_P = ParamSpec("_P")

_MOST_IN_PAHO = 2
_HEADER_SPARE_BYTES = 256
"""Beyond topic and payload: fixed header, packet id, properties (edge-hardware 5.1, 2)."""
_RECEIVE_MAXIMUM = 32
_LARGEST_RECEIVED_BYTES = 1024 * 1024
_DISCONNECT_WITH_WILL = 0x04
_UNSPECIFIED = 0x80


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where and how to connect."""

    way: Way
    ca_file: Path | None = None
    proxy: Proxy | None = None


@dataclass(frozen=True, slots=True)
class Login:
    """Who connects, and what the broker says when the connection breaks."""

    device_id: str
    password: str
    will_topic: str
    will_payload: bytes

    def __repr__(self) -> str:
        return f"Login(device_id={self.device_id!r})"


@dataclass(frozen=True, slots=True)
class Limits:
    """What the broker allows, from its CONNACK. paho does not obey it; we do."""

    receive_maximum: int
    packet_bytes: int | None
    """Largest packet; None if the broker named no limit."""
    qos: int

    @property
    def in_flight(self) -> int:
        """Messages that may be unacknowledged at once."""
        return min(_MOST_IN_PAHO, self.receive_maximum)


@dataclass(frozen=True, slots=True)
class Opened:
    """The broker accepted the connection."""

    limits: Limits


@dataclass(frozen=True, slots=True)
class Refused:
    """The broker refused something; the connection is over."""

    what: str
    code: int


@dataclass(frozen=True, slots=True)
class Subscribed:
    """The subscription is in place."""


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """The broker answered a publish (its PUBACK, good or bad)."""

    mid: int
    code: int


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message from the cloud."""

    topic: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Ended:
    """The connection is over. ``code`` is the reason of the broker's DISCONNECT, if it sent one."""

    code: int | None
    text: str


class _HasFileno(Protocol):
    def fileno(self) -> int: ...


Event = Opened | Refused | Subscribed | Acknowledged | Arrived | Ended


class _Client(paho.Client):
    """paho's client, that goes through a proxy if there is one."""

    proxy: Proxy | None = None

    def _create_socket_connection(self) -> socket.socket:
        """In place of paho's, which needs PySocks for proxies. TLS and WebSocket come on top."""
        if self.proxy is None:
            line = super()._create_socket_connection()
        else:
            line = tunnel(self.proxy, self.host, self.port, self.connect_timeout)
        # else the end of a slice waits some 40 ms for the acknowledgement of its beginning
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return line


class Connection:
    """One connection, turned by its owner's thread.

    Making one raises ServerUnreachable if the CA file cannot be used.
    """

    def __init__(
        self, endpoint: Endpoint, login: Login, *, keepalive_s: int, timeout_s: float
    ) -> None:
        self._endpoint = endpoint
        self._login = login
        self._keepalive_s = keepalive_s
        self._events: deque[Event] = deque()
        self._in_flight: set[int] = set()
        self._limits: Limits | None = None
        self._over = False
        self._client = self._make_client(timeout_s)

    def open(self) -> None:
        """Connect TCP and TLS and send CONNECT; ``Opened`` or ``Refused`` comes from ``turn``.

        Raises:
            CertificateNotYetValid: trying again after the clock is set will help.
            ServerUnreachable: anything else between here and the broker.
        """
        properties = _properties(PacketTypes.CONNECT)
        properties.ReceiveMaximum = _RECEIVE_MAXIMUM
        properties.MaximumPacketSize = _LARGEST_RECEIVED_BYTES
        try:
            self._client.connect(
                self._endpoint.way.host,
                self._endpoint.way.port,
                keepalive=self._keepalive_s,
                clean_start=True,
                properties=properties,
            )
        except paho.WebsocketConnectionError as error:
            raise ServerUnreachable(
                f"{self._endpoint.way}: what answers there speaks no MQTT over WebSocket"
            ) from error
        except (OSError, ValueError) as error:  # ValueError: a host name that cannot be one
            raise unreachable(str(self._endpoint.way), error) from error

    def turn(self, waker: Waker, timeout_s: float) -> Sequence[Event]:
        """Wait for the socket, the waker or the time, do what is due, and say what happened."""
        if not self._events:
            try:
                self._serve(waker, timeout_s)
            except (ValueError, IndexError, KeyError, struct.error) as error:
                # paho turns most malformed packets into an error code, not all of them
                self._end(None, f"the broker sent something malformed: {type(error).__name__}")
        if self._client.socket() is None and not self._over:
            self._end(None, "connection lost")
        events = tuple(self._events)
        self._events.clear()
        return events

    @property
    def room(self) -> int:
        """How many messages may be published now; 0 while not connected."""
        if self._limits is None or self._over:
            return 0
        return self._limits.in_flight - len(self._in_flight)

    def subscribe(self, topic_filter: str) -> None:
        """Ask for messages; ``Subscribed`` or ``Refused`` comes from ``turn``."""
        self._client.subscribe(topic_filter, qos=1)

    def publish(
        self, topic: str, payload: bytes, properties: Sequence[tuple[str, str]] = ()
    ) -> int:
        """Hand over one message and give its id, which ``Acknowledged`` names later.

        Raises:
            PacketTooLarge: it does not fit the broker's limit; nothing was sent.
            LinkLost: the connection is over or has no room; nothing was sent or kept.
        """
        if self._limits is None or self.room < 1:
            raise LinkLost("no room on the connection")
        self._check_size(topic, payload, properties)
        packed = _properties(PacketTypes.PUBLISH)
        if properties:
            packed.UserProperty = list(properties)
        info = self._client.publish(topic, payload, qos=min(1, self._limits.qos), properties=packed)
        if info.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
            # with QoS 1 paho has kept the message; it goes with this client (5.1, 5)
            self._end(None, paho.error_string(info.rc))
            raise LinkLost(paho.error_string(info.rc))
        if not any(
            isinstance(event, Acknowledged) and event.mid == info.mid for event in self._events
        ):
            self._in_flight.add(info.mid)
        return info.mid

    def close(self, *, with_will: bool) -> None:
        """Send DISCONNECT and give the socket back; with_will lets the broker publish the will."""
        self._over = True
        reason = ReasonCode(PacketTypes.DISCONNECT, identifier=_DISCONNECT_WITH_WILL)
        self._client.disconnect(reasoncode=reason if with_will else None)
        sock = self._client.socket()
        if sock is not None:  # the line is full or dead, so DISCONNECT could not be written
            sock.close()
        self._client.drop_out_messages()

    # --- paho ----------------------------------------------------------------------------------

    def _make_client(self, timeout_s: float) -> paho.Client:
        client = _Client(
            CallbackAPIVersion.VERSION2,
            client_id=self._login.device_id,
            protocol=paho.MQTTv5,
            transport=self._endpoint.way.transport,
            reconnect_on_failure=False,
        )
        client.proxy = self._endpoint.proxy
        client.connect_timeout = timeout_s
        client.suppress_exceptions = True
        client.username_pw_set(self._login.device_id, self._login.password)
        client.will_set(self._login.will_topic, self._login.will_payload, qos=1)
        if self._endpoint.way.tls:
            client.tls_set_context(tls_context(self._endpoint.ca_file))
        client.on_connect = _guarded(self._on_connect)
        client.on_subscribe = _guarded(self._on_subscribe)
        client.on_publish = _guarded(self._on_publish)
        client.on_message = _guarded(self._on_message)
        client.on_disconnect = _guarded(self._on_disconnect)
        return client

    def _serve(self, waker: Waker, timeout_s: float) -> None:
        sock = self._client.socket()
        if sock is None:
            return
        buffered = bool(getattr(sock, "pending", lambda: 0)())  # TLS may hold bytes select misses
        watched: list[_HasFileno] = [sock, waker]
        readable, writable, _ = select.select(
            watched,
            [sock] if self._client.want_write() else [],
            [],
            0 if buffered else max(0.0, timeout_s),
        )
        if waker in readable:
            waker.clear()
        if buffered or sock in readable:
            self._client.loop_read()
        if sock in writable and self._client.socket() is not None:
            self._client.loop_write()
        self._client.loop_misc()

    def _on_connect(
        self,
        _c: paho.Client,
        _u: object,
        flags: paho.ConnectFlags,
        code: ReasonCode,
        given: Properties | None,
    ) -> None:
        if code.is_failure:
            self._refuse("the connection", code.value)
            return
        if flags.session_present:
            _logger.warning("the broker resumed a session although a clean start was asked for")
        self._client.drop_out_messages()
        self._limits = _limits(given)
        self._events.append(Opened(self._limits))

    def _on_subscribe(
        self, _c: paho.Client, _u: object, _mid: int, codes: list[ReasonCode], _p: Properties | None
    ) -> None:
        failed = next((code for code in codes if code.is_failure), None)
        if failed is None:
            self._events.append(Subscribed())
        else:
            self._refuse("the subscription", failed.value)

    def _on_publish(
        self, _c: paho.Client, _u: object, mid: int, code: ReasonCode, _p: Properties
    ) -> None:
        self._in_flight.discard(mid)
        self._events.append(Acknowledged(mid, code.value))

    def _on_message(self, _c: paho.Client, _u: object, message: paho.MQTTMessage) -> None:
        self._events.append(Arrived(message.topic, bytes(message.payload)))

    def _on_disconnect(
        self,
        _c: paho.Client,
        _u: object,
        flags: paho.DisconnectFlags,
        code: ReasonCode,
        _p: Properties | None,
    ) -> None:
        if flags.is_disconnect_packet_from_server:
            self._end(code.value, reasons.explained(code.value))
        else:
            # paho says "Unspecified error" for every line that just ended
            self._end(None, "connection lost" if code.value == _UNSPECIFIED else str(code))

    def _refuse(self, what: str, code: int) -> None:
        self._over = True
        self._events.append(Refused(what, code))

    def _end(self, code: int | None, text: str) -> None:
        if not self._over:
            self._over = True
            self._events.append(Ended(code, text))

    def _check_size(
        self, topic: str, payload: bytes, properties: Sequence[tuple[str, str]]
    ) -> None:
        limit = self._limits.packet_bytes if self._limits is not None else None
        extra = sum(len(key.encode()) + len(value.encode()) + 5 for key, value in properties)
        size = len(topic.encode()) + len(payload) + extra + _HEADER_SPARE_BYTES
        if limit is not None and size > limit:
            raise PacketTooLarge(
                f"about {size} bytes exceed the broker's limit of {limit} a packet: raise it"
            )


def _properties(packet_type: int) -> Properties:
    return Properties(packet_type)  # type: ignore[no-untyped-call]  # paho left it without types


def _limits(given: Properties | None) -> Limits:
    """Limits of a CONNACK; what it does not name has MQTT's default."""
    return Limits(
        receive_maximum=int(getattr(given, "ReceiveMaximum", 65_535)),
        packet_bytes=cast("int | None", getattr(given, "MaximumPacketSize", None)),
        qos=int(getattr(given, "MaximumQoS", 2)),
    )


def _guarded(callback: Callable[_P, None]) -> Callable[_P, None]:
    @functools.wraps(callback)
    def call(*args: _P.args, **kwargs: _P.kwargs) -> None:
        try:
            callback(*args, **kwargs)
        # what a broker sends must not end the uplink, whatever it is
        except Exception:
            _logger.exception(
                "an MQTT packet could not be handled", extra={"callback": callback.__name__}
            )

    return call
