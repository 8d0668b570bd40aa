"""Several tables that publish photos as fast as they are receipted, four unreceipted each."""

import hashlib
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from tests.support.mosquitto import Mosquitto
from wire.messages import Answer, PhotoResult
from wire.slices import DEFAULT_SLICE_BYTES, SIZE_PROPERTY, cut
from wire.topics import Address

UNRECEIPTED = 4
PATIENCE_S = 120.0


class PublishingTable:
    """One table; calls back when all its photos are receipted."""

    def __init__(self, broker: Mosquitto, address: Address) -> None:
        self._address = address
        self._waiting: list[bytes] = []
        self._open = 0
        self._when_done: Callable[[], None] = lambda: None
        self._lock = threading.Lock()
        self._client = paho.Client(
            CallbackAPIVersion.VERSION2, client_id=address.device_id, protocol=paho.MQTTv5
        )
        self._client.username_pw_set(address.device_id, broker.users[address.device_id])
        self._client.on_message = self._on_message
        self._ready = threading.Event()
        self._client.on_subscribe = lambda *_: self._ready.set()
        self._client.on_connect = lambda client, *_: client.subscribe(address.down_filter, qos=1)
        self._client.connect(broker.host, broker.port, clean_start=True)
        self._client.loop_start()
        if not self._ready.wait(PATIENCE_S):
            raise TimeoutError(f"{address.device_id} is not connected")

    def begin(self, photos: Sequence[bytes], when_done: Callable[[], None]) -> None:
        """Publish the first photos; the others follow their receipts."""
        with self._lock:
            self._waiting = list(photos)
            self._when_done = when_done
            for _ in range(UNRECEIPTED):
                self._next()

    def close(self) -> None:
        """Disconnect."""
        self._client.disconnect()
        self._client.loop_stop()

    def _next(self) -> None:
        if not self._waiting:
            return
        data = self._waiting.pop()
        self._open += 1
        sha256 = hashlib.sha256(data).hexdigest()
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho's
        properties.UserProperty = (SIZE_PROPERTY, str(len(data)))
        for start, end in cut([(0, len(data))], DEFAULT_SLICE_BYTES):
            topic = self._address.photo_slice(sha256, start)
            self._client.publish(topic, data[start:end], qos=1, properties=properties)

    def _on_message(self, _client: paho.Client, _userdata: Any, message: paho.MQTTMessage) -> None:
        for photo in Answer.from_bytes(bytes(message.payload)).photos:
            if photo.result is not PhotoResult.RECEIPTED:
                raise RuntimeError(f"a photo was not receipted: {photo}")
            with self._lock:
                self._open -= 1
                self._next()
                is_done = self._open == 0
            if is_done:
                self._when_done()


def publish_all(tables: Sequence[PublishingTable], photos: Sequence[Sequence[bytes]]) -> float:
    """All tables at once; bytes receipted per second."""
    left = threading.Semaphore(0)
    began_s = time.perf_counter()
    for table, ones in zip(tables, photos, strict=True):
        table.begin(ones, left.release)
    for _ in tables:
        if not left.acquire(timeout=PATIENCE_S):
            raise TimeoutError("not every photo was receipted")
    return sum(map(len, (one for ones in photos for one in ones))) / (time.perf_counter() - began_s)
