"""What is said over one connection: birth, inventory, transfer, questions, health."""

import logging
import math
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from edge.events import LinkChanged
from edge.fault_points import Step, reached
from edge.spool.errors import PhotoDamaged, SpoolError
from edge.uplink import reasons
from edge.uplink.backoff import wait_s
from edge.uplink.conclusions import Conclusions
from edge.uplink.downlink import Downlink
from edge.uplink.errors import LinkLost, LinkRefused, PacketTooLarge
from edge.uplink.following import Following
from edge.uplink.inventory import inventory_parts
from edge.uplink.mqtt import (
    Acknowledged,
    Arrived,
    Connection,
    Ended,
    Event,
    Limits,
    Opened,
    Refused,
    Subscribed,
)
from edge.uplink.photo_reader import PhotoReader
from edge.uplink.questions import Questions
from edge.uplink.queue_view import SendableManifest, SendablePhoto
from edge.uplink.surroundings import Surroundings, presence
from edge.uplink.work import (
    Probe,
    Slice,
    Work,
)
from wire.messages import Inventory, PresenceState
from wire.slices import OVERHEAD_BYTES, SIZE_PROPERTY, slice_bytes
from wire.topics import Up

_logger = logging.getLogger(__name__)

_LISTED_PHOTOS = 200
_LISTED_MANIFESTS = 100
_RECEIPTS_UNTIL_MORE = 50
"""After so many a longer queue is read on."""
_UNHEARD_QUESTIONS = 3
"""So many times the patience with one answer is silence."""
_SAID_AGAIN = frozenset({Up.PRESENCE, Up.INVENTORY})
"""Without them the cloud answers nothing to the table; health comes again anyway."""
_MOST_FAULTS = 20
_LONGEST_FAULT = 100


@dataclass(frozen=True, slots=True)
class _Control:
    """A message that is not evidence: it may be lost with its connection."""

    kind: Up
    topic: str
    payload: bytes


class Session:
    """Turns events of a connection into publishes. All methods run in the uplink's thread."""

    def __init__(self, around: Surroundings, connection: Connection, number: int) -> None:
        self._around = around
        self._settings = around.settings
        self._connection = connection
        self._number = number
        self._transfer = around.transfer
        self._downlink = Downlink(around.post, around.receipts, around.clock)
        self._photos = PhotoReader(around.spool)
        self._conclusions = Conclusions(around.receipts, around.requests)
        self._following = Following(around.settings.follow_interval_s)
        self._controls: deque[_Control] = deque()
        self._unheard: list[_Control] = []
        self._unheard_at = math.inf
        self._unheard_times = 0
        self._in_flight: dict[int, tuple[Work | _Control, float]] = {}
        self._limits: Limits | None = None
        self._questions = Questions(f"{around.boot_count}-{number}", around.clock, around.hear_time)
        self._is_cut = False
        self._is_unheard = True
        self._began_at = self._now()
        self._health_at = 0.0
        self._refresh_at = 0.0
        self.ready = False
        """Subscribed: the table is connected in the sense of the packer's light."""
        self.stopped = False
        """The farewell was acknowledged."""

    # --- events --------------------------------------------------------------------------------

    def handle(self, event: Event) -> None:
        """Take in what happened.

        Raises:
            LinkRefused: the broker will not have us.
            LinkLost: the connection is over.
        """
        match event:
            case Opened(limits):
                self._limits = limits
                self._connection.subscribe(self._around.address.down_filter)
            case Refused(what, code):
                raise LinkRefused(f"{what} is refused: {reasons.explained(code)}", code)
            case Subscribed():
                self._begin()
            case Acknowledged(mid, code):
                self._acknowledged(mid, code)
            case Arrived(topic, payload):
                self._arrived(topic, payload)
            case Ended(code, text):
                raise LinkLost(text, code)

    def _begin(self) -> None:
        self.ready = True
        limit = self._limits.packet_bytes if self._limits is not None else None
        try:
            payload_bytes = slice_bytes(self._settings.slice_bytes, limit)
        except ValueError as error:
            raise LinkRefused(str(error), reasons.TOO_LARGE) from error
        self._control(Up.PRESENCE, presence(self._around, PresenceState.ONLINE, self._number))
        self._around.requests.take_spool()
        photos, manifests = self._read_spool()
        questions = [
            part.correlation
            for part in self._inventories(photos, manifests)
            if self._control(Up.INVENTORY, part.to_bytes())
        ]
        self._transfer.connected(payload_bytes, questions, self._now())
        self._say_health()
        self._around.post(LinkChanged(connected=True, at_ns=self._around.clock.monotonic_ns()))

    def _acknowledged(self, mid: int, code: int) -> None:
        what, _ = self._in_flight.pop(mid)
        reached(Step.ACKNOWLEDGED, type(what).__name__)
        verdict = reasons.puback_verdict(code)
        if verdict is reasons.Verdict.TAKEN:
            self._around.said_codes.clear()
        elif code not in self._around.said_codes:
            self._around.said_codes.add(code)
            _logger.warning("not taken by the broker: %s", reasons.explained(code))
        if isinstance(what, _Control):
            self._control_acknowledged(what, code)
        else:
            self._conclusions.carry_out(self._transfer.acknowledged(what, verdict, self._now()))

    def _control_acknowledged(self, what: _Control, code: int) -> None:
        if code == reasons.NOT_AUTHORIZED:
            # none of this table's photos is at fault, and none would fare better
            raise LinkRefused(f"publishing is refused: {reasons.explained(code)}", code)
        del self._around.control_strikes[what.kind]
        is_later = reasons.puback_verdict(code) is reasons.Verdict.LATER
        if is_later and what.kind in _SAID_AGAIN and not self._stopping:
            self._say_again(what)
        self.stopped = self.stopped or (what.kind is Up.PRESENCE and self._stopping)

    def _say_again(self, what: _Control) -> None:
        """Nobody took it in, mostly as the cloud is not back yet at a broker that is."""
        if not self._unheard:
            # the connections of tables are spread already, so the pauses need no draw of their own
            pause_s = wait_s(self._settings.transfer.pause, self._unheard_times, 1.0)
            self._unheard_at = self._now() + pause_s
            self._unheard_times += 1
        self._unheard.append(what)

    def _arrived(self, topic: str, payload: bytes) -> None:
        answer = self._downlink.take(topic, payload)
        if answer is not None:
            self._is_unheard = False
            self._questions.answered(answer)
            # Before the receipts in it: those are the restored cloud's own.
            if answer.restored:
                self._around.receipts.offer_again(answer.restored)
            self._conclusions.carry_out(self._transfer.answered(answer, self._now()))

    def ended(self, *, suspicious: bool) -> None:
        """The connection is over; ``suspicious`` as for ``Transfer.disconnected``."""
        for what, _ in self._in_flight.values():
            if isinstance(what, _Control) and suspicious:
                self._around.control_strikes[what.kind] += 1
        outcomes = self._transfer.disconnected(suspicious=suspicious, now=self._now())
        self._conclusions.carry_out(outcomes)
        if self.ready:
            now_ns = self._around.clock.monotonic_ns()
            self._around.post(LinkChanged(connected=False, at_ns=now_ns))

    # --- publishing ----------------------------------------------------------------------------

    def pump(self) -> None:
        """Publish what is due as far as there is room.

        Raises:
            LinkLost: the connection is over, or the broker has gone silent.
        """
        now = self._now()
        self._check_silence(now)
        if not self.ready:
            return
        self._check_answers(now)
        if not self._stopping:
            self._take_requests(now)
        while self._connection.room > 0 and (what := self._next(now)) is not None:
            if isinstance(what, _Control):
                self._hand_over(what, what.topic, what.payload)
            else:
                self._publish_work(what)

    def farewell(self) -> None:
        """Say that the table stops on purpose; nothing else is started any more."""
        self._stopping = True
        self._controls.clear()
        if self.ready:
            self._control(Up.PRESENCE, presence(self._around, PresenceState.STOPPED, self._number))
        else:
            self.stopped = True

    def next_time(self) -> float:
        """Monotonic seconds when ``pump`` has something to do if no event comes."""
        if not self.ready:
            return self._began_at + self._settings.connect_timeout_s
        times = [self._refresh_at, self._health_at, self._following.due_at, self._unheard_at]
        times.append(self._questions.time_due_at)
        times += [
            sent_at + self._settings.puback_timeout_s for _, sent_at in self._in_flight.values()
        ]
        return min(self._transfer.next_time(self._now()), *times)

    _stopping = False

    def _next(self, now: float) -> Work | _Control | None:
        if self._controls:
            return self._controls.popleft()
        if self._stopping:
            return None
        work = self._transfer.next(now)
        if work is None and not self._in_flight:
            self._photos.forget()
        return work

    def _publish_work(self, work: Work) -> None:
        if isinstance(work, Slice):
            self._publish_slice(work)
        elif isinstance(work, Probe):
            question = self._questions.about(work.photos, work.proofs)
            self._hand_over(work, self._around.address.up(Up.INVENTORY), question)
        else:
            self._hand_over(work, self._around.address.proof(work.proof_id), work.raw)

    def _publish_slice(self, work: Slice) -> None:
        try:
            jpeg = self._photos.read(work.sha256)
        except PhotoDamaged as error:
            _logger.error("photo %s is lost: %s", work.sha256, error)  # noqa: TRY400 - the text says all
            self._around.receipts.photo_lost(work.sha256)
            self._transfer.photo_lost(work, self._now())
        except SpoolError as error:
            self._conclusions.carry_out(self._transfer.unreadable(work, str(error), self._now()))
        else:
            topic = self._around.address.photo_slice(work.sha256, work.start)
            size = ((SIZE_PROPERTY, str(work.size_bytes)),)
            self._hand_over(work, topic, jpeg[work.start : work.end], size)

    def _hand_over(
        self,
        what: Work | _Control,
        topic: str,
        payload: bytes,
        properties: tuple[tuple[str, str], ...] = (),
    ) -> None:
        try:
            mid = self._connection.publish(topic, payload, properties)
        except PacketTooLarge as error:
            if isinstance(what, _Control):
                _logger.warning("%s is left out: %s", what.kind, error)
            else:
                self._conclusions.carry_out(self._transfer.too_large(what, str(error)))
        else:
            self._in_flight[mid] = (what, self._now())
            reached(Step.PUBLISHED, type(what).__name__)

    def _control(self, kind: Up, payload: bytes) -> bool:
        """Queue a message that is no evidence; False if its kind broke too many connections."""
        if self._around.control_strikes[kind] >= self._settings.transfer.poison_strikes:
            _logger.error("%s is left out: it broke several connections", kind)
            return False
        self._controls.append(_Control(kind, self._around.address.up(kind), payload))
        return True

    def _check_silence(self, now: float) -> None:
        if not self.ready and now > self._began_at + self._settings.connect_timeout_s:
            raise LinkLost("the broker did not answer the connection")
        oldest = min((sent_at for _, sent_at in self._in_flight.values()), default=now)
        if now > oldest + self._settings.puback_timeout_s:
            raise LinkLost("the broker acknowledges nothing any more")

    def _check_answers(self, now: float) -> None:
        """Not even the inventory was answered: it is asked again, and a person may have to look."""
        answers_s = _UNHEARD_QUESTIONS * self._settings.transfer.answer_timeout_s
        if self._is_unheard and now > self._began_at + answers_s:
            self._is_unheard = False  # said, on this connection
            _logger.warning(
                "the cloud answers nothing: it is away or overloaded, or the broker does not let "
                "this table read %s",
                self._around.address.down_filter,
            )

    # --- what the table wants ------------------------------------------------------------------

    def _take_requests(self, now: float) -> None:
        for lookup in self._around.requests.take_lookups(now - self._settings.lookup_age_s):
            self._control(Up.LOOKUP, lookup.to_bytes())
        more = self._is_cut and self._conclusions.receipted >= _RECEIPTS_UNTIL_MORE
        if self._around.requests.take_spool() or more or now >= self._refresh_at:
            self._read_spool()
        if self._around.requests.take_health():
            self._health_at = min(self._health_at, self._health_soonest)
        if now >= self._unheard_at:
            self._controls.extend(self._unheard)
            self._unheard, self._unheard_at = [], math.inf
            self._transfer.asked_again(now)
        if now >= self._health_at:
            self._say_health()
        if now >= self._following.due_at:
            self._follow()
        if now >= self._questions.time_due_at:
            self._control(Up.INVENTORY, self._questions.about())

    _health_soonest = 0.0

    def _say_health(self) -> None:
        now = self._now()
        self._health_at = now + self._settings.health_interval_s
        self._health_soonest = now + self._settings.health_shortest_s
        health = self._around.health()
        aside = [
            f"{it.what} {it.id[:8]} set aside: {it.reason}"[:_LONGEST_FAULT]
            for it in self._transfer.set_aside
        ]
        faults = [*health.faults, *aside][:_MOST_FAULTS]
        self._control(Up.HEALTH, health.model_copy(update={"faults": faults}).to_bytes())

    def _read_spool(self) -> tuple[Iterable[SendablePhoto], Iterable[SendableManifest]]:
        self._refresh_at = self._now() + self._settings.refresh_interval_s
        self._conclusions.receipted = 0
        spool = self._around.spool
        try:
            photos = spool.photos_to_send(_LISTED_PHOTOS)
            manifests = spool.manifests_to_send(_LISTED_MANIFESTS)
        except SpoolError as error:
            _logger.warning("the spool cannot be read now: %s", error)
            return (), ()
        self._is_cut = len(photos) == _LISTED_PHOTOS or len(manifests) == _LISTED_MANIFESTS
        if len(photos) == _LISTED_PHOTOS:
            # a later manifest may name a photo that is not listed yet, and must not overtake it
            last = photos[-1].sequence
            manifests = [it for it in manifests if it.sequence < last]
        self._transfer.offer(photos, manifests)
        return photos, manifests

    def _follow(self) -> None:
        parts = self._inventories((), ())
        if any(part.following for part in parts):
            for part in parts:
                self._control(Up.INVENTORY, part.to_bytes())

    def _followed(self) -> Sequence[str]:
        try:
            followed = self._around.spool.following()
        except SpoolError as error:
            _logger.warning("the spool cannot be read now: %s", error)
            followed = ()
        return self._following.page(followed, self._now())

    def _inventories(
        self, photos: Iterable[SendablePhoto], manifests: Iterable[SendableManifest]
    ) -> list[Inventory]:
        limit = self._limits.packet_bytes if self._limits is not None else None
        return list(
            inventory_parts(
                photos,
                manifests,
                self._followed(),
                room_bytes=None if limit is None else limit - OVERHEAD_BYTES,
                correlation=self._questions.correlation(),
            )
        )

    def _now(self) -> float:
        return self._around.clock.monotonic_ns() / 1e9
