"""A table for tests of the link: says anything over a real broker, and keeps what it is told."""

import hashlib
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import count
from typing import Any, TypeVar

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from tests.support.mosquitto import Mosquitto
from tests.support.waiting import eventually
from wire.messages import (
    Advice,
    Answer,
    Closing,
    Inventory,
    Manifest,
    ManifestPhoto,
    Message,
    PhotoAnswer,
    Progress,
    ProofAnswer,
)
from wire.slices import SIZE_PROPERTY
from wire.topics import Address, Down, Up, parse_down

T = TypeVar("T")

AT = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)
SLICE_BYTES = 4096


def jpeg(number: int, size_bytes: int = 20_000) -> bytes:
    """Bytes that begin and end as a JPEG does and differ for each number."""
    filler = hashlib.sha256(str(number).encode()).digest() * (size_bytes // 32 + 1)
    return b"\xff\xd8\xff" + filler[: size_bytes - 5] + b"\xff\xd9"


def sha_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def manifest(
    proof_id: str,
    photos: Sequence[bytes],
    *,
    revision: int = 1,
    closing: Closing = Closing.SEND,
    code: str = "250301ABCDEF",
    **more: Any,
) -> Manifest:
    """A manifest that names these pictures."""
    return Manifest(
        proof_id=proof_id,
        revision=revision,
        closing=closing,
        code=code,
        photos=[
            ManifestPhoto(
                sha256=sha_of(data),
                size_bytes=len(data),
                taken_at=AT,
                clock_synced=True,
                source="simulated",
            )
            for data in photos
        ],
        sequence=revision,
        opened_at=AT,
        closed_at=AT,
        clock_synced=True,
        **more,
    )


class LinkTable:
    """Connects as a device. What it heard is in its lists, in order of arrival."""

    def __init__(
        self, broker: Mosquitto | tuple[str, int], address: Address, password: str | None = None
    ) -> None:
        self.address = address
        self.answers: list[Answer] = []
        self.progress: list[Progress] = []
        self.advice: list[Advice] = []
        self.lock = threading.RLock()
        self._barriers = count()
        self._subscribed = threading.Event()
        self._client = paho.Client(
            CallbackAPIVersion.VERSION2, client_id=address.device_id, protocol=paho.MQTTv5
        )
        host, port = broker if isinstance(broker, tuple) else (broker.host, broker.port)
        if not isinstance(broker, tuple):
            password = password or broker.users[address.device_id]
        self._client.username_pw_set(address.device_id, password)
        self._client.reconnect_delay_set(1, 1)
        self._client.on_connect = lambda client, *_: client.subscribe(address.down_filter, qos=1)
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_message = self._on_message
        self._client.connect(host, port, clean_start=True)

    def __enter__(self) -> "LinkTable":
        self._client.loop_start()
        assert self._subscribed.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    # --- says -----------------------------------------------------------------------------------

    def say(self, kind: Up, message: Message) -> None:
        self.say_raw(self.address.up(kind), message.to_bytes())

    def say_raw(self, topic: str, payload: bytes, *, qos: int = 1, size: str | None = None) -> None:
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho's
        if size is not None:
            properties.UserProperty = (SIZE_PROPERTY, size)
        self._client.publish(topic, payload, qos=qos, properties=properties)

    def send_slice(
        self,
        data: bytes,
        start: int,
        end: int,
        *,
        sha256: str | None = None,
        size: int | None = None,
    ) -> None:
        """Send bytes [start, end) of a photo; hash and size are the true ones unless given."""
        topic = self.address.photo_slice(sha256 or sha_of(data), start)
        self.say_raw(topic, data[start:end], size=str(len(data) if size is None else size))

    def send_photo(self, data: bytes, *, sha256: str | None = None) -> str:
        for start in range(0, len(data), SLICE_BYTES):
            self.send_slice(data, start, min(start + SLICE_BYTES, len(data)), sha256=sha256)
        return sha256 or sha_of(data)

    def send_manifest(self, about: Manifest) -> None:
        self.say_raw(self.address.proof(about.proof_id), about.to_bytes())

    def ask(self, correlation: str, **inventory: Any) -> Answer:
        """Send an inventory and wait for its answer."""
        self.say(Up.INVENTORY, Inventory(correlation=correlation, **inventory))
        return eventually(lambda: self._answer_to(correlation))

    # --- hears ----------------------------------------------------------------------------------

    def photo_answers(self, sha256: str) -> list[PhotoAnswer]:
        """What it was told about a photo, inventories aside."""
        with self.lock:
            own = [answer for answer in self.answers if answer.correlation is None]
            return [it for answer in own for it in answer.photos if it.sha256 == sha256]

    def proof_answers(self, proof_id: str) -> list[ProofAnswer]:
        with self.lock:
            own = [answer for answer in self.answers if answer.correlation is None]
            return [it for answer in own for it in answer.proofs if it.proof_id == proof_id]

    def wait_photo(self, sha256: str, least: int = 1) -> PhotoAnswer:
        """The newest of at least ``least`` answers about a photo."""
        return self._wait(lambda: self.photo_answers(sha256), least)

    def wait_proof(self, proof_id: str, least: int = 1) -> ProofAnswer:
        return self._wait(lambda: self.proof_answers(proof_id), least)

    def wait_until_link_has_seen_all(self) -> None:
        """Everything said before is dealt with: the link answers one device in order."""
        self.ask(f"barrier-{next(self._barriers)}")

    def wait_reconnected(self) -> None:
        assert self._subscribed.wait(15)

    def expect_reconnect(self) -> None:
        self._subscribed.clear()

    @property
    def connected(self) -> bool:
        return self._client.is_connected()

    def _wait(self, read: Callable[[], list[T]], least: int) -> T:
        return eventually(lambda: found[-1] if len(found := read()) >= least else None)

    def _answer_to(self, correlation: str) -> Answer | None:
        with self.lock:
            found = [answer for answer in self.answers if answer.correlation == correlation]
        return found[0] if found else None

    def _on_message(self, _c: paho.Client, _u: Any, message: paho.MQTTMessage) -> None:
        kind, payload = parse_down(message.topic), bytes(message.payload)
        with self.lock:
            match kind:
                case Down.ANSWER:
                    self.answers.append(Answer.from_bytes(payload))
                case Down.PROGRESS:
                    self.progress.append(Progress.from_bytes(payload))
                case Down.ADVICE:
                    self.advice.append(Advice.from_bytes(payload))
                case _:
                    raise AssertionError(kind)
