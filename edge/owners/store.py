"""The thread that owns the journal: encodes, saves, closes, and notes what the cloud said.

Jobs are done one after the other: those of the packer first, then what the cloud said, each in the
order in which they came. A backlog of receipts keeps nobody waiting.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from queue import Empty, PriorityQueue

from edge.camera.errors import EncodeFailed
from edge.clock import Clock, Moment
from edge.effects import (
    CloseProof,
    DropPhoto,
    Hold,
    NoteWithoutPhoto,
    OpenProof,
    Release,
    SavePhoto,
    Withdraw,
)
from edge.events import (
    DiskChanged,
    DiskLevel,
    PhotoFailed,
    PhotoSaved,
    Post,
    ProofOpened,
    ProofSettled,
    StoreFailed,
    WaitingChanged,
)
from edge.owners.frames import FrameTray
from edge.pulse import Pulse
from edge.spool.errors import (
    BadJpeg,
    BadProof,
    SamePictureAgain,
    SpoolDamaged,
    SpoolError,
    UnknownProof,
    WrongState,
)
from edge.spool.records import SpoolCounts
from edge.spool.store import Spool
from wire.messages import Area, DispatchState, Mode

logger = logging.getLogger(__name__)

StoreEffect = (
    OpenProof | SavePhoto | DropPhoto | CloseProof | Withdraw | Hold | Release | NoteWithoutPhoto
)
CheckPhoto = Callable[[bytes], tuple[str, ...]]
OfferPhoto = Callable[[int, bytes], None]
"""Takes a saved photo for reading, by capture id. Returns at once and never raises."""
Job = Callable[[], None]

_NOT_THE_DISK = (BadJpeg, BadProof, SamePictureAgain, UnknownProof, WrongState)
"""Refusals that say nothing about the disk: the light need not call the lead for them."""
_PACKER, _CLOUD, _END = range(3)
_REST_S = 5.0
_PATIENCE_S = 120.0
"""A worn card may take seconds for one flush, and one job has several (edge-hardware 6.1)."""
_RETENTION_S = 600.0
_RETENTION_AT_RESERVE_S = 30.0
"""No order is taken there, so what the cloud has receipted makes room soon."""


class StoreOwner:
    """Carries out effects on the spool and answers by event. Also takes the uplink's receipts."""

    def __init__(
        self,
        spool: Spool,
        tray: FrameTray,
        post: Post,
        clock: Clock,
        *,
        jpeg_quality: int,
        check: CheckPhoto,
        offer: OfferPhoto = lambda _capture_id, _jpeg: None,
        packing_area: Area | None = None,
    ) -> None:
        """``packing_area``: what buyers are shown of a photo; None: all of it."""
        self._spool = spool
        self._tray = tray
        self._post = post
        self._clock = clock
        self._quality = jpeg_quality
        self._check = check
        self._offer = offer
        self._packing_area = packing_area
        self._checks = ThreadPoolExecutor(1, thread_name_prefix="photo-checks")
        self._jobs: PriorityQueue[tuple[int, int, Job | None]] = PriorityQueue()
        self._numbers = count()
        self._thread = threading.Thread(target=self._run, name="store", daemon=True)
        self._level: DiskLevel | None = None
        self._waiting: Moment | None = None
        self._started_ns = clock.monotonic_ns()
        self._pulse = Pulse(clock.monotonic_ns, _PATIENCE_S)
        self._retained_ns: int | None = None
        self.counts = SpoolCounts(0, None, 0)
        """What waited in the spool after the last job; read from any thread."""
        self.used_percent = 0.0

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    def alive(self) -> bool:
        """Whether the thread runs and turns."""
        return self._thread.is_alive() and self._pulse.is_felt()

    def stop(self, deadline_s: float) -> bool:
        """Finish all jobs and end; False if that took longer."""
        self._enqueue(_END, None)
        self._thread.join(deadline_s)
        self._checks.shutdown(wait=False)
        return not self._thread.is_alive()

    def do(self, effect: StoreEffect) -> None:
        """Put an effect in line."""
        match effect:
            case OpenProof():
                self._put(lambda: self._open(effect), effect.proof_id)
            case SavePhoto():
                self._enqueue(_PACKER, lambda: self._save(effect))
            case DropPhoto():
                self._enqueue(_PACKER, lambda: self._drop(effect))
            case CloseProof():
                self._put(lambda: self._close(effect), effect.proof_id)
            case Withdraw():
                self._put(lambda: self._withdraw(effect), effect.proof_id)
            case Hold(proof_id=proof_id):
                self._put(lambda: self._spool.hold(proof_id), None)
            case Release(proof_id=proof_id):
                self._put(lambda: self._spool.release(proof_id), None)
            case NoteWithoutPhoto(code=code):
                self._put(lambda: self._spool.packed_without_photo(code, self._now()), None)

    # --- what the cloud said (edge.uplink.queue_view.Receipts) ------------------------------------

    def photo_receipted(self, sha256: str) -> None:
        """See ``Receipts``."""
        self._note(lambda: self._spool.photo_receipted(sha256))

    def photo_lost(self, sha256: str) -> None:
        """See ``Receipts``."""
        self._note(lambda: self._spool.photo_lost(sha256))

    def photos_missing(self, proof_id: str, revision: int, sha256s: Sequence[str]) -> None:
        """See ``Receipts``."""
        self._note(lambda: self._photos_missing(proof_id, revision, sha256s))

    def proof_receipted(self, proof_id: str, revision: int) -> None:
        """See ``Receipts``."""
        self._note(lambda: self._spool.proof_receipted(proof_id, revision))

    def offer_again(self, restoration: str) -> None:
        """See ``Receipts``."""
        self._note(lambda: self._spool.offer_again(restoration))

    def proof_refused(self, proof_id: str, revision: int, reason: str) -> None:
        """See ``Receipts``."""
        self._note(lambda: self._spool.proof_refused(proof_id, revision, reason))

    def note_progress(self, proof_id: str, state: DispatchState, reason: str) -> None:
        """See ``Receipts``."""
        self._note(lambda: self._spool.note_progress(proof_id, state, reason))

    # --- the thread -----------------------------------------------------------------------------

    def _note(self, job: Job) -> None:
        self._put(job, None, _CLOUD)

    def _put(self, job: Job, proof_id: str | None, line: int = _PACKER) -> None:
        def guarded() -> None:
            try:
                job()
            except SpoolError as error:
                self._failed(error, proof_id)

        self._enqueue(line, guarded)

    def _enqueue(self, line: int, job: Job | None) -> None:
        self._jobs.put((line, next(self._numbers), job))

    def _run(self) -> None:
        self._look_around()
        while True:
            self._pulse.beat()
            try:
                _, _, job = self._jobs.get(timeout=_REST_S)
            except Empty:
                self._rest()
                continue
            if job is None:
                return
            job()
            if self._jobs.empty():
                self._look_around()

    def _failed(self, error: SpoolError, proof_id: str | None) -> None:
        if proof_id is None and isinstance(error, _NOT_THE_DISK):
            logger.warning("store has nothing to note", extra={"reason": str(error)})
            return
        logger.error("store refused", extra={"proof": proof_id, "reason": str(error)})
        if isinstance(error, SpoolDamaged):
            raise error  # this thread ends, and with it the daemon: the next start rebuilds
        self._post(StoreFailed(str(error), self._ns(), proof_id))

    def _open(self, effect: OpenProof) -> None:
        sent = effect.mode is Mode.PACKING and self._spool.already_sent(effect.code)
        now = self._now()
        back = self._spool.reopen(effect.code, now, effect.mode)
        if back is None:
            self._spool.open_proof(effect.proof_id, effect.code, effect.mode, now, effect.packer)
        proof_id = back.proof_id if back else effect.proof_id
        photos = tuple(photo.sha256 for photo in back.photos) if back else ()
        opened = ProofOpened(effect.proof_id, proof_id, self._ns(), photos, already_sent=sent)
        ids = {"proof": proof_id, "code": effect.code, "photos": len(photos)}
        logger.info("proof opened", extra=ids)
        self._post(opened)

    def _save(self, effect: SavePhoto) -> None:
        taken = self._tray.take(effect.capture_id)
        if taken is None:
            self._no_photo(effect, "the frame was dropped")
            return
        try:
            jpeg = taken.frame.jpeg(self._quality)
            # while the file is written: a card is busy with it for longer than the checks take
            warnings = self._checks.submit(self._check, jpeg)
            photo = self._spool.save_photo(
                effect.proof_id,
                effect.capture_id,
                jpeg,
                taken.taken,
                taken.source,
                judge=warnings.result,
            )
        except EncodeFailed as error:
            self._no_photo(effect, str(error))
        except _NOT_THE_DISK as error:
            self._no_photo(effect, str(error))
        except SpoolError as error:
            self._no_photo(effect, str(error))
            self._failed(error, None)
        else:
            self._post(PhotoSaved(effect.capture_id, photo.sha256, self._ns(), warnings.result()))
            self._offer(effect.capture_id, jpeg)

    def _no_photo(self, effect: SavePhoto, reason: str) -> None:
        extra = {"capture_id": effect.capture_id, "proof": effect.proof_id, "reason": reason}
        logger.warning("photo not saved", extra=extra)
        self._post(PhotoFailed(effect.capture_id, reason, self._ns()))

    def _drop(self, effect: DropPhoto) -> None:
        try:
            self._spool.drop_photo(effect.proof_id, effect.sha256)
        except (UnknownProof, WrongState):
            # the close was quicker and named the photos that count, without this one
            logger.info("photo was out already", extra={"proof": effect.proof_id})
        except SpoolError as error:
            self._failed(error, effect.proof_id)

    def _close(self, effect: CloseProof) -> None:
        self._spool.close_proof(
            effect.proof_id,
            effect.closing,
            self._now(),
            photos=effect.photos,
            area=self._packing_area,
        )
        self._post(ProofSettled(effect.proof_id, self._ns()))

    def _withdraw(self, effect: Withdraw) -> None:
        self._spool.withdraw(effect.proof_id, self._now())
        self._post(ProofSettled(effect.proof_id, self._ns()))

    def _photos_missing(self, proof_id: str, revision: int, sha256s: Sequence[str]) -> None:
        self._spool.photos_missing(proof_id, revision, sha256s, self._now())

    # --- how the disk is ------------------------------------------------------------------------

    def _rest(self) -> None:
        if self._is_retention_due():
            self._retained_ns = self._ns()
            self._guard(self._retain)
        self._look_around()

    def _is_retention_due(self) -> bool:
        at_reserve = self._level is DiskLevel.RESERVE
        wait_s = _RETENTION_AT_RESERVE_S if at_reserve else _RETENTION_S
        return self._retained_ns is None or self._ns() - self._retained_ns >= wait_s * 1e9

    def _retain(self) -> None:
        result = self._spool.apply_retention(self._now())
        if result.freed_photos:
            logger.info(
                "old copies freed",
                extra={"photos": result.freed_photos, "bytes": result.freed_bytes},
            )

    def _look_around(self) -> None:
        self._guard(self._look)

    def _guard(self, look: Job) -> None:
        try:
            look()
        except SpoolError as error:
            self._level = None  # the next look that succeeds is news, and ends the fault
            self._failed(error, None)

    def _look(self) -> None:
        use = self._spool.disk_use()
        self.used_percent = use.used_percent
        level = self._spool.disk_level()
        if level is not self._level:
            self._level = level
            self._post(DiskChanged(level, self._ns()))
        self.counts = self._spool.counts()
        oldest = self.counts.oldest_waiting
        if oldest != self._waiting:
            self._waiting = oldest
            self._post(WaitingChanged(self._since_ns(oldest), self._ns()))

    def _since_ns(self, oldest: Moment | None) -> int | None:
        """Since when a proof waits, in this boot's monotonic time."""
        if oldest is None:
            return None
        now = self._now()
        if oldest.boot_id == now.boot_id:
            return oldest.monotonic_ns
        if oldest.synced and now.synced:
            return now.monotonic_ns - round((now.wall - oldest.wall).total_seconds() * 1e9)
        return self._started_ns

    def _now(self) -> Moment:
        return self._clock.now()

    def _ns(self) -> int:
        return self._clock.monotonic_ns()
