"""One MQTT 5 connection of the cloud over paho; the only file of the cloud that imports it.

A ``Line`` lives for one TCP connection and is thrown away with its paho client: no session, and no
queue of paho's that could say something old (edge-hardware 5.1, 1, 5 and 9). One thread owns it.
paho's own thread is not used: it waits by ``select``, which fails from the 1,024th open file on,
and its death is silent (5.1, 7). Acknowledgements are given by hand, after the work (stack A.3).
"""

import logging
import select
import socket
import ssl
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from cloud.link.broker_limits import Announced, what_it_lacks
from cloud.link.errors import LineLost
from cloud.link.settings import LinkSettings
from cloud.link.waker import Waker
from wire.slices import SIZE_PROPERTY
from wire.topics import up_filter

logger = logging.getLogger(__name__)

_MOST_IN_FLIGHT = 100
_HEADER_SPARE_BYTES = 256
"""Beyond topic and payload: fixed header, packet id, properties (edge-hardware 5.1, 2)."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message from a table."""

    topic: str
    payload: bytes
    size_bytes: int | None
    """The slice's user property: size of the whole photo."""
    packet_id: int
    qos: int
    line: int
    """Number of the connection that it came over."""


class Line:
    """One connection. All methods are called by the thread that owns it."""

    def __init__(
        self, settings: LinkSettings, number: int, on_message: Callable[[Incoming], None]
    ) -> None:
        self._settings = settings
        self._number = number
        self._on_incoming = on_message
        self.ready = False
        """The broker has accepted the connection."""
        self._followed: frozenset[int] = frozenset()
        self._unanswered: set[int] = set()
        """Packet ids of subscriptions that the broker has not granted yet."""
        self._lost = ""
        self._in_flight = 0
        self._refusals: set[str] = set()
        """Reasons that this line has told of."""
        self._most_in_flight = _MOST_IN_FLIGHT
        self.shortcomings = ""
        """What the broker lacks that it should have, as a sentence; empty: nothing."""
        self._most_packet_bytes: int | None = None
        self._qos = 1
        self._poll = select.poll()
        self._client = self._new_client()

    def open(self) -> None:
        """Connect TCP and TLS and send CONNECT; ``ready`` becomes true in a later ``turn``.

        Raises:
            LineLost: the broker is not there, or its certificate is not good.
        """
        properties = _properties(PacketTypes.CONNECT)
        properties.ReceiveMaximum = self._settings.receive_maximum
        try:
            self._client.connect(
                self._settings.host,
                self._settings.port,
                keepalive=self._settings.keepalive_s,
                clean_start=True,
                properties=properties,
            )
        except (OSError, ValueError) as error:  # ValueError: a host name that cannot be one
            raise LineLost(f"the broker cannot be reached: {error}") from error
        sock = self._client.socket()
        if isinstance(sock, socket.socket):
            # else an answer waits some 40 ms for the acknowledgement of the one before
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def turn(self, waker: Waker, timeout_s: float, *, reading: bool = True) -> None:
        """Wait for the socket, the waker or the time, and do what is due.

        With ``reading`` false, what the broker sends stays in the socket for now.

        Raises:
            LineLost: the connection is over; the text says why.
        """
        sock = self._client.socket()
        if sock is None:
            raise LineLost(self._lost or "the connection to the broker ended")
        with _malformed_packets():
            self._serve(sock, waker, timeout_s, reading)

    def follow(self, partitions: frozenset[int]) -> None:
        """Subscribe to the tables of these partitions and to no others."""
        if not self.ready or partitions == self._followed:
            return
        gone = sorted(self._followed - partitions)
        new = sorted(partitions - self._followed)
        self._followed = partitions
        if gone:
            self._client.unsubscribe([up_filter(one) for one in gone])
        if new:
            filters = [(up_filter(one), SubscribeOptions(qos=1)) for one in new]
            _, packet_id = self._client.subscribe(filters)
            if packet_id is not None:
                self._unanswered.add(packet_id)

    def hears(self, partitions: frozenset[int]) -> bool:
        """Whether the broker has granted the subscriptions to exactly these."""
        return self.ready and partitions == self._followed and not self._unanswered

    @property
    def room(self) -> int:
        """How many messages may be published now (the broker's Receive Maximum is obeyed)."""
        return self._most_in_flight - self._in_flight if self.ready else 0

    def publish(self, topic: str, payload: bytes) -> None:
        """Publish one message; without a connection it is lost."""
        size_bytes = len(topic.encode()) + len(payload) + _HEADER_SPARE_BYTES
        if self._most_packet_bytes is not None and size_bytes > self._most_packet_bytes:
            logger.error(
                "a message is larger than the broker takes",
                extra={"topic": topic, "bytes": size_bytes, "limit": self._most_packet_bytes},
            )
            return
        self._in_flight += 1
        self._client.publish(topic, payload, qos=self._qos)

    def acknowledge(self, packet_id: int, qos: int) -> None:
        """Let the broker send another message in place of this one."""
        self._client.ack(packet_id, qos)

    def close(self) -> None:
        """Say goodbye and give the socket back."""
        self._client.disconnect()
        sock = self._client.socket()
        if sock is not None:  # the line is full or dead, so DISCONNECT could not be written
            sock.close()
        self._client.drop_out_messages()

    # --- paho -----------------------------------------------------------------------------------

    def _new_client(self) -> paho.Client:
        settings = self._settings
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=settings.client_id or settings.username,
            protocol=paho.MQTTv5,
            manual_ack=True,
            reconnect_on_failure=False,
        )
        client.enable_logger(logging.getLogger("cloud.link.paho"))
        client.username_pw_set(settings.username, settings.password)
        client.max_inflight_messages_set(_MOST_IN_FLIGHT)
        if settings.tls:
            cafile = str(settings.ca_file) if settings.ca_file else None
            try:
                client.tls_set_context(ssl.create_default_context(cafile=cafile))
            except OSError as error:
                raise LineLost(f"the broker's CA file cannot be used: {error}") from error
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.on_publish = self._on_publish
        return client

    def _serve(self, sock: Any, waker: Waker, timeout_s: float, reading: bool) -> None:
        descriptor = sock.fileno()
        wanted = select.POLLIN if reading else 0
        wanted |= select.POLLOUT if self._client.want_write() else 0
        self._poll.register(descriptor, wanted)
        self._poll.register(waker, select.POLLIN)
        # TLS holds bytes that poll misses.
        buffered = reading and bool(getattr(sock, "pending", lambda: 0)())
        happened = dict(self._poll.poll(0 if buffered else timeout_s * 1000))
        if waker.fileno() in happened:
            waker.clear()
        mask = happened.get(descriptor, 0)
        if buffered or mask & ~select.POLLOUT:
            self._client.loop_read()
        if mask & select.POLLOUT and self._client.socket() is not None:
            self._client.loop_write()
        self._client.loop_misc()

    def _on_connect(
        self,
        client: paho.Client,
        _userdata: Any,
        _flags: paho.ConnectFlags,
        reason: ReasonCode,
        properties: Properties | None,
    ) -> None:
        if reason.is_failure:
            self._lost = f"the broker refuses the cloud: {reason}"
            return
        lacks = what_it_lacks(announced_by(properties))
        if lacks.unusable:
            self._lost = f"the broker cannot be used: {lacks.unusable}"
            client.disconnect()
            return
        self.shortcomings = lacks.shortcomings
        announced = int(getattr(properties, "ReceiveMaximum", _MOST_IN_FLIGHT))
        self._most_in_flight = min(_MOST_IN_FLIGHT, announced)
        self._most_packet_bytes = getattr(properties, "MaximumPacketSize", None)
        self._qos = min(1, int(getattr(properties, "MaximumQoS", 1)))
        self.ready = True

    def _on_subscribe(
        self,
        client: paho.Client,
        _userdata: Any,
        packet_id: int,
        reasons: list[ReasonCode],
        _properties: Properties | None,
    ) -> None:
        refused = next((reason for reason in reasons if reason.is_failure), None)
        self._unanswered.discard(packet_id)
        if refused is not None:
            self._lost = f"the broker does not let the cloud hear its tables: {refused}"
            client.disconnect()

    def _on_disconnect(
        self,
        _client: paho.Client,
        _userdata: Any,
        _flags: paho.DisconnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        self.ready = False
        self._lost = self._lost or f"the connection to the broker ended: {reason}"

    def _on_message(self, client: paho.Client, _userdata: Any, message: paho.MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            client.ack(message.mid, message.qos)
            return
        self._on_incoming(
            Incoming(
                topic=topic,
                payload=bytes(message.payload),
                size_bytes=_size_property(message.properties),
                packet_id=message.mid,
                qos=message.qos,
                line=self._number,
            )
        )

    def _on_publish(
        self,
        _client: paho.Client,
        _userdata: Any,
        _packet_id: int,
        reason: ReasonCode,
        _properties: Properties,
    ) -> None:
        self._in_flight = max(0, self._in_flight - 1)
        if reason.is_failure and str(reason) not in self._refusals:
            # Once: a node of a cluster that is lost refuses all that is for its tables.
            self._refusals.add(str(reason))
            logger.warning("the broker refuses answers", extra={"reason": str(reason)})


def announced_by(properties: Properties | None) -> Announced:
    """What a broker says of itself in CONNACK; what it leaves out is as MQTT 5 says (3.2.2.3)."""
    return Announced(
        maximum_qos=int(getattr(properties, "MaximumQoS", 2)),
        wildcards=bool(getattr(properties, "WildcardSubscriptionAvailable", 1)),
        packet_bytes=getattr(properties, "MaximumPacketSize", None),
        receive_maximum=int(getattr(properties, "ReceiveMaximum", 65_535)),
    )


def can_connect(settings: LinkSettings, device_id: str, password: str, timeout_s: float) -> bool:
    """Whether the broker accepts these credentials now; used to prove an enrolment."""
    as_device = replace(settings, username=device_id, client_id="", password=password)
    waker = Waker()
    end_s = time.monotonic() + timeout_s
    try:
        line = Line(as_device, 0, lambda _message: None)
        try:
            line.open()
            while not line.ready and (left_s := end_s - time.monotonic()) > 0:
                line.turn(waker, left_s)
            return line.ready
        finally:
            line.close()
    except LineLost:
        return False
    finally:
        waker.close()


@contextmanager
def _malformed_packets() -> Iterator[None]:
    """Most malformed packets become an error code in paho, not all of them."""
    try:
        yield
    except (ValueError, IndexError, KeyError, struct.error) as error:
        raise LineLost(f"the broker sent something malformed: {type(error).__name__}") from error


def _properties(packet_type: int) -> Properties:
    return Properties(packet_type)  # type: ignore[no-untyped-call]  # paho left it without types


def _size_property(properties: Properties | None) -> int | None:
    for name, value in getattr(properties, "UserProperty", []):
        if name == SIZE_PROPERTY and value.isascii() and value.isdigit() and len(value) < 12:
            return int(value)
    return None
