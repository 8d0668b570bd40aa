"""The cloud's MQTT 5 connection; the only file of the cloud that imports paho.

Every connection starts clean, and acknowledgements are given by hand, so that the broker never
hands over more than the announced Receive Maximum (stack A.3; edge-hardware 5.1).
"""

import logging
import queue
import ssl
import threading
from dataclasses import dataclass
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from cloud.link.settings import LinkSettings
from wire.slices import SIZE_PROPERTY
from wire.topics import up_filter

logger = logging.getLogger(__name__)

_MOST_UNACKNOWLEDGED = 2000
_RECONNECT_FIRST_S, _RECONNECT_LONGEST_S = 1, 20


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message from a table. ``generation`` is the connection it came over."""

    topic: str
    payload: bytes
    size_bytes: int | None
    """The slice's user property: size of the whole photo."""
    packet_id: int
    qos: int
    generation: int


class CloudConnection:
    """Receives what tables publish into ``inbox`` and publishes answers.

    Nothing is kept for a broker that is away: tables ask again for what they need.
    """

    def __init__(self, settings: LinkSettings) -> None:
        self._settings = settings
        self.inbox: queue.Queue[Incoming | None] = queue.Queue()
        self._generation = 0
        self._connected = threading.Event()
        self._outgoing = 0
        # Never held while paho is called: paho calls back with locks of its own held.
        self._outgoing_lock = threading.Lock()
        self._client = self._new_client()
        self._thread = threading.Thread(target=self._turn, name="link-mqtt", daemon=True)

    def start(self) -> None:
        """Begin to connect; connecting goes on until ``stop``."""
        self._thread.start()

    def wait_connected(self, timeout_s: float) -> bool:
        """Whether the connection stands, waiting for it up to ``timeout_s``."""
        return self._connected.wait(timeout_s)

    def alive(self) -> bool:
        """Whether the network thread turns (``is_connected`` may lie after its death)."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """Disconnect and wake the reader of ``inbox`` with None."""
        self._client.disconnect()
        if self._thread.is_alive():
            self._thread.join(5)
        self.inbox.put(None)

    def publish(self, topic: str, payload: bytes) -> bool:
        """Publish at QoS 1. False: there is no connection, or too much waits; nothing is kept."""
        if not self._connected.is_set():
            return False
        with self._outgoing_lock:
            full = self._outgoing >= _MOST_UNACKNOWLEDGED
            self._outgoing += not full
        if full:
            logger.warning("the broker takes no answers; one is dropped")
            return False
        self._client.publish(topic, payload, qos=1)
        return True

    def acknowledge(self, message: Incoming) -> None:
        """Let the broker send another one; a message of an earlier connection is passed over."""
        if message.qos > 0 and message.generation == self._generation:
            self._client.ack(message.packet_id, message.qos)

    # --- the network thread ---------------------------------------------------------------------

    def _new_client(self) -> paho.Client:
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=self._settings.username,
            protocol=paho.MQTTv5,
            manual_ack=True,
        )
        client.suppress_exceptions = True
        client.enable_logger(logging.getLogger("cloud.link.paho"))
        client.username_pw_set(self._settings.username, self._settings.password)
        client.reconnect_delay_set(_RECONNECT_FIRST_S, _RECONNECT_LONGEST_S)
        client.max_inflight_messages_set(100)
        if self._settings.tls:
            context = ssl.create_default_context(
                cafile=str(self._settings.ca_file) if self._settings.ca_file else None
            )
            client.tls_set_context(context)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.on_publish = self._on_publish
        return client

    def _turn(self) -> None:
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho's
        properties.ReceiveMaximum = self._settings.receive_maximum
        self._client.connect_async(
            self._settings.host,
            self._settings.port,
            keepalive=self._settings.keepalive_s,
            clean_start=True,
            properties=properties,
        )
        self._client.loop_forever(retry_first_connection=True)

    def _on_connect(
        self,
        client: paho.Client,
        _userdata: Any,
        _flags: paho.ConnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        if reason.is_failure:
            logger.error("the broker refuses the cloud", extra={"reason": str(reason)})
            return
        self._generation += 1
        options = SubscribeOptions(qos=1)
        client.subscribe([(up_filter(part), options) for part in self._settings.partitions])
        self._connected.set()
        logger.info("connected to the broker")

    def _on_disconnect(
        self,
        client: paho.Client,
        _userdata: Any,
        _flags: paho.DisconnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        self._connected.clear()
        # What paho still holds would go out again beside the answers to the next inventories.
        client.drop_out_messages()
        with self._outgoing_lock:
            self._outgoing = 0
        logger.warning("lost the broker", extra={"reason": str(reason)})

    def _on_message(self, _client: paho.Client, _userdata: Any, message: paho.MQTTMessage) -> None:
        self.inbox.put(
            Incoming(
                topic=message.topic,
                payload=bytes(message.payload),
                size_bytes=_size_property(message.properties),
                packet_id=message.mid,
                qos=message.qos,
                generation=self._generation,
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
        with self._outgoing_lock:
            self._outgoing = max(0, self._outgoing - 1)
        if reason.is_failure:
            logger.error("the broker refused an answer", extra={"reason": str(reason)})


def _size_property(properties: Properties | None) -> int | None:
    pairs = getattr(properties, "UserProperty", [])
    for name, value in pairs:
        if name == SIZE_PROPERTY and value.isascii() and value.isdigit() and len(value) < 12:
            return int(value)
    return None


def can_connect(host: str, port: int, username: str, password: str, timeout_s: float) -> bool:
    """Whether the broker accepts these credentials now; used to prove an enrolment."""
    accepted: queue.Queue[bool] = queue.Queue()
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id=username, protocol=paho.MQTTv5)
    client.username_pw_set(username, password)
    client.on_connect = lambda _c, _u, _f, reason, _p: accepted.put(not reason.is_failure)
    try:
        client.connect(host, port, clean_start=True)
    except OSError:
        return False
    client.loop_start()
    try:
        return accepted.get(timeout=timeout_s)
    except queue.Empty:
        return False
    finally:
        client.disconnect()
        client.loop_stop()
