"""A small stand-in for the cloud's MQTT side: assembles slices, answers, can be told to fail."""

import hashlib
import threading
from collections.abc import Callable
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from tests.support.mosquitto import CLOUD, Mosquitto
from tests.support.waiting import eventually
from wire.messages import (
    Advice,
    AdviceKind,
    Answer,
    Health,
    Inventory,
    Lookup,
    Manifest,
    Message,
    PhotoAnswer,
    PhotoResult,
    Presence,
    ProofAnswer,
    ProofResult,
)
from wire.slices import SIZE_PROPERTY, Range, add_range, missing_ranges
from wire.topics import Address, Down, Up, UpTopic, parse_up, up_filter


class FakeCloud:
    """Subscribes to one partition. All that it saw is in its lists, in order of arrival."""

    def __init__(self, broker: Mosquitto, partition: int = 7) -> None:
        self.lock = threading.RLock()
        self.slices: list[tuple[str, Range]] = []
        self.manifests: list[tuple[str, int]] = []
        self.presences: list[Presence] = []
        self.healths: list[Health] = []
        self.inventories: list[Inventory] = []
        self.lookups: list[Lookup] = []
        self.order: list[str] = []
        """Kind and id of each message, in order."""
        self.photos: dict[str, bytes] = {}
        self.proofs: dict[tuple[str, int], str] = {}
        self.open: dict[str, tuple[bytearray, list[Range]]] = {}
        self.answering = True
        """False: it takes everything in and says nothing."""
        self.advice: AdviceKind = AdviceKind.CANCELLED
        """What it says about every code."""
        self.equivalents: list[str] = []
        """The other numbers of every order."""
        self.deaf = False
        """True: everything is lost on the way."""
        self.photo_result: Callable[[str], PhotoResult | None] = lambda _sha: None
        """Gives another answer than the true one for a complete photo."""
        self.proof_result: Callable[[str], ProofResult | None] = lambda _proof: None
        self._subscribed = threading.Event()
        self._client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
        self._client.username_pw_set(CLOUD, broker.users[CLOUD])
        self._client.reconnect_delay_set(1, 1)
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = self._on_message
        self._partition = partition
        self._client.connect(broker.host, broker.port, clean_start=True)

    def __enter__(self) -> "FakeCloud":
        self._client.loop_start()
        assert self._subscribed.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def wait_for(self, what: Callable[["FakeCloud"], Any]) -> None:
        """Wait until it has seen that."""

        def seen() -> bool:
            with self.lock:
                return bool(what(self))

        eventually(seen)

    def wait_subscribed(self) -> None:
        """After a restart of the broker."""
        assert self._subscribed.wait(10)

    def expect_reconnect(self) -> None:
        """Before a restart of the broker."""
        self._subscribed.clear()

    def say(self, address: Address, kind: Down, message: Message) -> None:
        """Publish to a table."""
        self._client.publish(address.down(kind), message.to_bytes(), qos=1)

    def say_raw(self, topic: str, payload: bytes) -> None:
        """Publish anything."""
        self._client.publish(topic, payload, qos=1)

    # --- paho's thread ---------------------------------------------------------------------------

    def _on_connect(
        self, client: paho.Client, _u: Any, _f: Any, _code: ReasonCode, _p: Properties | None
    ) -> None:
        client.subscribe(up_filter(self._partition), qos=1)

    def _on_subscribe(self, *_: Any) -> None:
        self._subscribed.set()

    def _on_message(self, _c: paho.Client, _u: Any, message: paho.MQTTMessage) -> None:
        topic = parse_up(message.topic)
        with self.lock:
            if self.deaf:
                return
            self.order.append(f"{topic.kind}:{(topic.sha256 or topic.proof_id or '')[:8]}")
            match topic.kind:
                case Up.PHOTO:
                    self._slice(topic, message)
                case Up.PROOF:
                    self._manifest(topic, bytes(message.payload))
                case _:
                    self._other(topic, bytes(message.payload))

    def _other(self, topic: UpTopic, payload: bytes) -> None:
        match topic.kind:
            case Up.PRESENCE:
                self.presences.append(Presence.from_bytes(payload))
            case Up.HEALTH:
                self.healths.append(Health.from_bytes(payload))
            case Up.INVENTORY:
                self._inventory(topic, Inventory.from_bytes(payload))
            case Up.LOOKUP:
                self._lookup(topic, Lookup.from_bytes(payload))
            case _:
                raise AssertionError(topic)

    def _slice(self, topic: UpTopic, message: paho.MQTTMessage) -> None:
        assert topic.sha256 is not None
        assert topic.offset is not None
        size = int(dict(message.properties.UserProperty)[SIZE_PROPERTY])  # type: ignore[union-attr]  # always there with MQTT 5
        piece = (topic.offset, topic.offset + len(message.payload))
        self.slices.append((topic.sha256, piece))
        data, have = self.open.get(topic.sha256) or (bytearray(size), [])
        data[piece[0] : piece[1]] = message.payload
        have = add_range(have, piece)
        self.open[topic.sha256] = (data, have)
        if not missing_ranges(have, size):
            self._photo_complete(topic.address, topic.sha256, bytes(data))

    def _photo_complete(self, address: Address, sha256: str, data: bytes) -> None:
        del self.open[sha256]
        result = self.photo_result(sha256)
        if result is None:
            right = hashlib.sha256(data).hexdigest() == sha256
            result = PhotoResult.RECEIPTED if right else PhotoResult.WRONG_HASH
        if result is PhotoResult.RECEIPTED:
            self.photos[sha256] = data
        self._answer(address, Answer(photos=[PhotoAnswer(sha256=sha256, result=result)]))

    def _manifest(self, topic: UpTopic, payload: bytes) -> None:
        assert topic.proof_id is not None
        manifest = Manifest.from_bytes(payload)
        key = (topic.proof_id, manifest.revision)
        self.manifests.append(key)
        missing = [photo.sha256 for photo in manifest.photos if photo.sha256 not in self.photos]
        result = self.proof_result(topic.proof_id)
        if result is None:
            result = ProofResult.MISSING if missing else ProofResult.RECEIPTED
        if result is ProofResult.RECEIPTED:
            self.proofs[key] = hashlib.sha256(payload).hexdigest()
        answer = ProofAnswer(proof_id=key[0], revision=key[1], result=result, missing=missing)
        self._answer(topic.address, Answer(proofs=[answer]))

    def _inventory(self, topic: UpTopic, inventory: Inventory) -> None:
        self.inventories.append(inventory)
        photos = [self._photo_state(it.sha256, it.size_bytes) for it in inventory.photos]
        proofs = [
            ProofAnswer(
                proof_id=it.proof_id,
                revision=it.revision,
                result=ProofResult.RECEIPTED
                if (it.proof_id, it.revision) in self.proofs
                else ProofResult.UNKNOWN,
            )
            for it in inventory.proofs
        ]
        self._answer(
            topic.address,
            Answer(correlation=inventory.correlation, photos=photos, proofs=proofs),
        )

    def _photo_state(self, sha256: str, size_bytes: int) -> PhotoAnswer:
        if sha256 in self.photos:
            return PhotoAnswer(sha256=sha256, result=PhotoResult.RECEIPTED)
        have = self.open[sha256][1] if sha256 in self.open else []
        return PhotoAnswer(
            sha256=sha256, result=PhotoResult.PARTIAL, missing=missing_ranges(have, size_bytes)
        )

    def _lookup(self, topic: UpTopic, lookup: Lookup) -> None:
        self.lookups.append(lookup)
        advice = Advice(
            code=lookup.code,
            correlation=lookup.correlation,
            kind=self.advice,
            equivalents=self.equivalents,
        )
        self.say(topic.address, Down.ADVICE, advice)

    def _answer(self, address: Address, answer: Answer) -> None:
        if self.answering:
            self.say(address, Down.ANSWER, answer)
