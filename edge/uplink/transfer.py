"""Decides what is published next. Pure: no I/O, time and randomness are given.

A PUBACK proves nothing (edge-hardware 5.2): a photo is done when the cloud's answer says so, and
what the cloud has after a break is asked for, not remembered. Times are monotonic seconds.
"""

import math
from collections.abc import Callable, Iterable, Sequence

from edge.uplink.backoff import wait_s
from edge.uplink.holdings import Holdings, ProofKey
from edge.uplink.jobs import Parkable, PhotoJob
from edge.uplink.queue_view import SendableManifest, SendablePhoto
from edge.uplink.reasons import Verdict
from edge.uplink.settings import TransferLimits
from edge.uplink.suspects import Suspects
from edge.uplink.work import (
    Outcome,
    PhotoReceipted,
    PhotosMissing,
    Probe,
    ProofReceipted,
    ProofRefused,
    SendManifest,
    SetAside,
    Slice,
    SlicesLost,
    Work,
)
from wire.messages import (
    Answer,
    PhotoAnswer,
    PhotoResult,
    PhotoState,
    ProofAnswer,
    ProofResult,
)

_NEVER = math.inf


class Transfer:
    """The photos and manifests without receipt, and what is under way of them."""

    def __init__(self, limits: TransferLimits, draw: Callable[[], float]) -> None:
        self._limits = limits
        self._draw = draw
        self._held = Holdings()
        self._in_flight: list[Work] = []
        self._suspects = Suspects()
        self._unanswered: set[str] = set()
        self._gate_until = 0.0
        self._paused_until = 0.0
        self._pauses = 0
        self._probe_at = 0.0
        self._probes = 0

    def offer(self, photos: Iterable[SendablePhoto], manifests: Iterable[SendableManifest]) -> None:
        """Take in what the spool lists, oldest first; what it lists no more is forgotten."""
        self._held.offer(photos, manifests)

    @property
    def set_aside(self) -> tuple[SetAside, ...]:
        """What is not published for now, with the reason."""
        return self._held.set_aside

    # --- the connection ------------------------------------------------------------------------

    def connected(self, payload_bytes: int, questions: Iterable[str], now: float) -> None:
        """A connection is up and the inventory is on its way, in parts with these correlations.

        Nothing is published until they are answered, or the answer's time is over.
        """
        self._suspects.connected(payload_bytes)
        self._unanswered = set(questions)
        self._gate_until = now + self._limits.answer_timeout_s
        self._paused_until, self._pauses = 0.0, 0
        self._probe_at = 0.0
        for job in self._held.all_jobs():
            job.connected()
        for photo in self._held.photos.values():
            photo.fresh = True

    def asked_again(self, now: float) -> None:
        """The inventory goes out once more, as nobody heard it: its answer is waited for as before.

        What was published after it would be missing in its answer, and go out twice.
        """
        self._gate_until = now + self._limits.answer_timeout_s

    def disconnected(self, *, suspicious: bool, now: float) -> list[Outcome]:
        """The connection ended. What was under way is to be published again.

        ``suspicious`` unless the reason given cannot have to do with what was under way.
        """
        outcomes: list[Outcome] = []
        under_way, self._in_flight = self._in_flight, []
        for work in under_way:
            self._put_back(work)
            if suspicious and not isinstance(work, Probe):
                outcomes += self._strike(work, "broke the connection", now)
        return outcomes

    # --- what next -----------------------------------------------------------------------------

    def next(self, now: float) -> Work | None:
        """The next thing to publish, which is under way from now on; None if nothing is due."""
        if now < self._paused_until or (self._unanswered and now < self._gate_until):
            return None
        if any(self._suspects.is_suspect(work.key) for work in self._in_flight):
            return None
        for job in self._held.all_jobs():
            job.unpark_if_due(now)
        work = self._next_probe(now) or self._next_manifest(now) or self._next_slice(now)
        if work is not None:
            self._in_flight.append(work)
        return work

    def _alone_if_suspect(self, key: str) -> bool:
        """A packet that may have broken a connection travels alone, so that it is found out."""
        return not self._in_flight or not self._suspects.is_suspect(key)

    def _next_probe(self, now: float) -> Probe | None:
        if now < self._probe_at:
            return None
        waiting = [job for job in self._held.photos.values() if job.waiting]
        if not any(job.ask_at is not None and now >= job.ask_at for job in waiting):
            return None
        self._probe_at = (
            now
            + self._limits.answer_timeout_s
            + wait_s(self._limits.probe, self._probes, self._draw())
        )
        self._probes += 1
        return Probe(
            tuple(PhotoState(sha256=job.sha256, size_bytes=job.size_bytes) for job in waiting)
        )

    def _next_manifest(self, now: float) -> SendManifest | None:
        open_now = sum(job.waiting for job in self._held.manifests.values())
        for key, job in self._held.manifests.items():
            if not job.is_due(now) or not self._held.photos_went(job):
                continue
            if not job.waiting and open_now >= self._limits.unreceipted_manifests:
                continue
            return job.take() if self._alone_if_suspect(f"{key[0]}/{key[1]}") else None
        return None

    def _next_slice(self, now: float) -> Slice | None:
        places = self._limits.unreceipted_photos - sum(
            job.started for job in self._held.photos.values()
        )
        for job in self._held.photos.values():
            if not job.wanted or job.parked_until is not None or now < job.not_before:
                continue
            if not job.started and places <= 0:
                continue
            if not self._alone_if_suspect(f"{job.sha256}/{job.wanted[0][0]}"):
                return None
            return job.take(self._suspects.payload_bytes)
        return None

    def next_time(self, now: float) -> float:
        """When ``next`` should be asked again if nothing else happens; may be infinity."""
        times = [self._paused_until, self._probe_at]
        if self._unanswered:
            times.append(self._gate_until)
        for photo in self._held.photos.values():
            times += [photo.ask_at or 0.0, photo.not_before, photo.parked_until or 0.0]
        for manifest in self._held.manifests.values():
            times += [manifest.due_at, manifest.parked_until or 0.0]
        return min((time for time in times if time > now), default=_NEVER)

    # --- what the broker said ------------------------------------------------------------------

    def acknowledged(self, work: Work, verdict: Verdict, now: float) -> list[Outcome]:
        """The broker's PUBACK of something under way."""
        self._in_flight.remove(work)
        if verdict is Verdict.TAKEN:
            self._pauses = 0
            self._suspects.taken(work.key, is_slice=isinstance(work, Slice))
            self._landed(work, now)
            self._drop_if_settled(work)
            return []
        self._put_back(work)
        if verdict is Verdict.BAD and not isinstance(work, Probe):
            return self._strike(work, "is refused by the broker", now)
        self._pause(now)
        return []

    def unreadable(self, work: Slice, reason: str, now: float) -> list[Outcome]:
        """Its photo cannot be read now: it is left alone for a while, and the rest goes on."""
        return self._take_off(work, now + self._limits.unreadable_s, reason)

    def too_large(self, work: Work, reason: str) -> list[Outcome]:
        """It exceeds a limit of this broker, and is left alone until the next connection."""
        outcomes = self._take_off(work, _NEVER, reason)
        job: Parkable | None = None
        if isinstance(work, SendManifest):
            job = self._held.manifests.get((work.proof_id, work.revision))
        elif isinstance(work, Slice):
            job = self._held.photos.get(work.sha256)
        if job is not None:
            job.is_too_large = True
        return outcomes

    def _take_off(self, work: Work, until: float, reason: str) -> list[Outcome]:
        self._in_flight.remove(work)
        self._put_back(work)
        return self._park(work, until, reason)

    def photo_lost(self, work: Slice, now: float) -> None:
        """Its photo is damaged: nothing more of it is sent, and its manifest tells the cloud."""
        self._in_flight.remove(work)
        self._put_back(work)
        self._settle_photo(work.sha256, now)

    def _landed(self, work: Work, now: float) -> None:
        if isinstance(work, Slice):
            photo = self._held.photos[work.sha256]
            photo.landed(work)
            if photo.waiting:
                photo.ask_at = now + self._limits.answer_timeout_s
        elif isinstance(work, SendManifest):
            manifest = self._held.manifests[work.proof_id, work.revision]
            manifest.in_flight, manifest.published = False, True
            manifest.due_at = (
                now
                + self._limits.answer_timeout_s
                + wait_s(self._limits.probe, manifest.tries, self._draw())
            )
            manifest.tries += 1

    def _put_back(self, work: Work) -> None:
        if isinstance(work, Slice):
            self._held.photos[work.sha256].put_back(work)
        elif isinstance(work, SendManifest):
            self._held.manifests[work.proof_id, work.revision].in_flight = False
        self._drop_if_settled(work)

    def _drop_if_settled(self, work: Work) -> None:
        if isinstance(work, Slice):
            self._held.drop_if_settled(work.sha256)
        elif isinstance(work, SendManifest):
            self._held.drop_if_settled((work.proof_id, work.revision))

    def _pause(self, now: float) -> None:
        self._paused_until = now + wait_s(self._limits.pause, self._pauses, self._draw())
        self._pauses += 1

    def _strike(self, work: Slice | SendManifest, what: str, now: float) -> list[Outcome]:
        """Count a packet as suspect; a slice is cut smaller, which cures limits nobody named."""
        size = work.end - work.start if isinstance(work, Slice) else None
        strikes = self._suspects.strike(work.key, size)
        if strikes < self._limits.poison_strikes:
            return []
        self._suspects.last_chance(work.key, strikes)
        return self._park(work, now + self._limits.quarantine_s, f"{what} {strikes} times")

    def _park(self, work: Work, until: float, reason: str) -> list[Outcome]:
        if isinstance(work, Slice) and work.sha256 in self._held.photos:
            self._held.photos[work.sha256].park(until, reason)
            return [SetAside("photo", work.sha256, reason)]
        if (
            isinstance(work, SendManifest)
            and (work.proof_id, work.revision) in self._held.manifests
        ):
            self._held.manifests[work.proof_id, work.revision].park(until, reason)
            return [SetAside("proof", work.proof_id, reason)]
        return []  # receipted meanwhile

    # --- what the cloud said -------------------------------------------------------------------

    def answered(self, answer: Answer, now: float) -> list[Outcome]:
        """Receipts and what is missing."""
        self._probes = 0
        outcomes: list[Outcome] = []
        for photo in answer.photos:
            outcomes += self._photo_answered(photo, now)
        for proof in answer.proofs:
            outcomes += self._proof_answered(proof, now)
        if answer.correlation is not None:
            self._unanswered.discard(answer.correlation)
        return outcomes

    def _photo_answered(self, answer: PhotoAnswer, now: float) -> Sequence[Outcome]:
        job = self._held.photos.get(answer.sha256)
        if answer.result is PhotoResult.RECEIPTED:
            self._settle_photo(answer.sha256, now)
            return [PhotoReceipted(answer.sha256)]
        if job is None or job.parked_until is not None:
            return []
        if answer.result is PhotoResult.REFUSED:
            return self._park_photo(job, f"refused by the cloud: {answer.reason}")
        if job.in_flight or not (job.waiting or job.fresh):
            return []  # it speaks of what has changed since
        if answer.result is PhotoResult.WRONG_HASH:
            return self._hash_differs(job)
        is_lost = job.waiting
        self._resume(job, answer, now)
        return [SlicesLost(job.sha256)] if is_lost else []

    def _settle_photo(self, sha256: str, now: float) -> None:
        self._held.settle_photo(sha256)
        self._suspects.forget(sha256)
        for manifest in self._held.manifests.values():
            if manifest.photos_missed and self._held.photos_went(manifest):
                manifest.due_at = now

    def _resume(self, job: PhotoJob, answer: PhotoAnswer, now: float) -> None:
        if job.want_missing(answer.missing):
            job.fruitless_rounds = 0
            return
        job.not_before = now + wait_s(self._limits.probe, job.fruitless_rounds, self._draw())
        job.fruitless_rounds += 1

    def _hash_differs(self, job: PhotoJob) -> list[Outcome]:
        job.wrong_hashes += 1
        if job.wrong_hashes >= self._limits.wrong_hash_tries:
            return self._park_photo(job, "the cloud computes another hash each time")
        job.want_all()
        return []

    def _park_photo(self, job: PhotoJob, reason: str) -> list[Outcome]:
        job.want_all()
        job.park(_NEVER, reason)
        return [SetAside("photo", job.sha256, reason)]

    def _proof_answered(self, answer: ProofAnswer, now: float) -> Sequence[Outcome]:
        key = (answer.proof_id, answer.revision)
        match answer.result:
            case ProofResult.RECEIPTED:
                self._settle_proof(key)
                return [ProofReceipted(*key)]
            case ProofResult.CONFLICT | ProofResult.REFUSED:
                return self._proof_refused(answer)
            case ProofResult.MISSING:
                return self._photos_missing(key, answer.missing, now)
            case ProofResult.UNKNOWN:
                self._repeat(key, now)
        return []

    def _proof_refused(self, answer: ProofAnswer) -> list[Outcome]:
        """Revision 0: the cloud could not even read it, so it means what was published of it."""
        keys = [
            key
            for key, job in self._held.manifests.items()
            if key[0] == answer.proof_id
            and (key[1] == answer.revision or (answer.revision == 0 and job.went))
        ]
        for key in keys:
            self._settle_proof(key)
        reason = f"{answer.result}: {answer.reason}" if answer.reason else str(answer.result)
        return [ProofRefused(*key, reason) for key in keys]

    def _settle_proof(self, key: ProofKey) -> None:
        self._held.settle_proof(key)
        self._suspects.forget(f"{key[0]}/{key[1]}")

    def _photos_missing(
        self, key: ProofKey, missing: Sequence[str], now: float
    ) -> Sequence[Outcome]:
        if key not in self._held.manifests:
            return []
        job = self._held.manifests[key]
        job.photos_missed = True
        job.due_at = now + wait_s(self._limits.probe, job.tries, self._draw())
        gone: list[str] = []
        for sha256 in missing:
            photo = self._held.photos.get(sha256)
            if photo is None:
                self._held.unsettle_photo(sha256)
                gone.append(sha256)
            elif photo.waiting:
                # its slices may be on their way to the cloud's disk: ask before repeating them
                photo.ask_at = now
        return [PhotosMissing(*key, tuple(gone))] if gone else []

    def _repeat(self, key: ProofKey, now: float) -> None:
        job = self._held.manifests.get(key)
        if job is not None and not job.in_flight:
            job.due_at, job.tries = now, 0
