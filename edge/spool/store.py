"""The spool: what a table has photographed, until the cloud has it and retention lets it go.

Write order of a photo: temporary file, fsync, rename, fsync of the folder, commit of the journal.
One thread (the store thread) calls the writing methods; the reading ones may be called from any.

Every writing method that raises has changed nothing that was stored before, and what it was asked
to do is not done. One case cannot be told apart by anybody: a commit whose sync failed may be found
done if the power goes right then. Repeating the call is therefore always allowed: a proof that is
closed already gives its manifest again. A photo that was refused never joins a proof that is sent
later without having been shown at the table first.
"""

import logging
from collections.abc import Callable, Collection
from contextlib import ExitStack
from dataclasses import replace
from datetime import tzinfo
from pathlib import Path
from typing import Self

from edge.clock import Clock, Moment
from edge.events import DiskLevel
from edge.spool import manifests, proofs, rows
from edge.spool.answered import AnsweredSpool
from edge.spool.disk import DEFAULT_RESERVE_BYTES, level_of, missing_bytes
from edge.spool.errors import NoSpace, SamePictureAgain
from edge.spool.files import (
    FileSystem,
    OsFileSystem,
    discard,
    make_directory,
    write_durable,
)
from edge.spool.freeing import free
from edge.spool.journal import FILE_NAME, Connect, Journal, connect
from edge.spool.jpeg import require_complete
from edge.spool.lock import LOCK_NAME, SpoolLock
from edge.spool.opening import (
    Opened,
    Owner,
    change_owner,
    make_directories,
    open_journal,
)
from edge.spool.photos import describe
from edge.spool.records import (
    PhotoRow,
    ProofRow,
    Recovery,
    ReopenedProof,
    RetentionResult,
    StoredManifest,
    StoredPhoto,
)
from edge.spool.retention import Retention
from wire.messages import Area, Closing, Mode

logger = logging.getLogger(__name__)


class Spool(AnsweredSpool):
    """One table's spool, opened and locked. Open it with ``Spool.open``."""

    def __init__(
        self,
        directory: Path,
        opened: Opened,
        reader: Journal,
        *,
        lock: SpoolLock,
        files: FileSystem,
        retention: Retention,
        reserve_bytes: int,
        zone: tzinfo | None,
        owner: str,
    ) -> None:
        """Take over what ``open`` has prepared."""
        super().__init__(directory, opened, reader, files)
        self.recovery: Recovery = opened.recovery
        """What this start had to put in order."""
        self._lock = lock
        self._retention = retention
        self._reserve_bytes = reserve_bytes
        self._zone = zone
        self.owner = owner
        """The device that sends what is in it."""
        self._folders: set[Path] = set()

    @classmethod
    def open(
        cls,
        directory: Path,
        *,
        device_id: str,
        clock: Clock,
        files: FileSystem | None = None,
        retention: Retention | None = None,
        reserve_bytes: int = DEFAULT_RESERVE_BYTES,
        zone: tzinfo | None = None,
        adopt: bool = False,
        formerly: tuple[str, ...] = (),
        connect: Connect = connect,
    ) -> Self:
        """Open or make a spool, lock it, and put in order what a crash left (``recovery``).

        ``zone`` is the one of names of files, None the machine's own. ``adopt`` takes over the
        spool of another device; ``formerly`` are names that this machine had. A damaged journal is
        rebuilt, not raised (see ``opening``).

        Raises:
            SpoolLocked, SpoolForeign, SpoolTooNew: nothing was changed.
            SpoolDamaged: the new journal is damaged too: a worn card.
            NoSpace, ReadOnlyDisk, DiskFault, JournalBusy: as the names say.
        """
        files = files or OsFileSystem()
        make_directories(files, directory)
        with ExitStack() as undo:
            lock = SpoolLock(directory / LOCK_NAME)
            undo.callback(lock.release)
            opened = open_journal(
                directory,
                files=files,
                owner=Owner(device_id, adopt, formerly),
                now=clock.now(),
                zone=zone,
                connect=connect,
            )
            undo.callback(opened.journal.close)
            reader = Journal.open_reader(directory / FILE_NAME, connect=connect)
            undo.pop_all()
        return cls(
            directory,
            opened,
            reader,
            lock=lock,
            files=files,
            retention=retention or Retention(),
            reserve_bytes=reserve_bytes,
            zone=zone,
            owner=device_id,
        )

    def close(self) -> None:
        """Close journal and lock. Harmless when repeated; nothing depends on its being called."""
        super().close()
        self._journal.close()
        self._lock.release()

    # --- the uplink's side ----------------------------------------------------------------------

    def hand_over(self, device_id: str, formerly: tuple[str, ...]) -> None:
        """What is in it is sent by this device from now on; may be called from any thread.

        Raises:
            SpoolForeign: it belongs to a device that this one was not ``formerly``.
            NoSpace, ReadOnlyDisk, DiskFault, JournalBusy, SpoolDamaged: it is the earlier one's.
        """
        Owner(device_id, formerly=formerly).require(self._directory, self.owner)
        if device_id != self.owner:
            change_owner(self._journal, device_id, self.owner)
            self.owner = device_id

    # --- the packer's side ----------------------------------------------------------------------

    def open_proof(
        self, proof_id: str, code: str, mode: Mode, opened: Moment, packer: str | None = None
    ) -> None:
        """Begin a proof.

        Raises:
            NoSpace: only the reserve is left; the open proof may still be finished.
            BadProof: the id is taken, or a field does not fit the wire.
        """
        if self.disk_level() is DiskLevel.RESERVE:
            raise NoSpace("only the disk's reserve is left; no new proof is taken")
        sequence = next(self._numbers)
        proof = ProofRow(sequence, proof_id, code, mode, packer, is_open=True, opened=opened)
        manifests.require_describable(proof)
        with self._journal.transaction("opening a proof") as connection:
            proofs.begin(connection, proof)

    def save_photo(
        self,
        proof_id: str,
        capture_id: int,
        jpeg: bytes,
        taken: Moment,
        source: str,
        *,
        judge: Callable[[], tuple[str, ...]] = tuple,
    ) -> StoredPhoto:
        """Store a photo of an open proof; once this returns it survives a power cut.
        ``judge`` gives its warnings, and is asked when the file is written.

        Raises:
            BadJpeg, BadProof: the bytes are cut short; source or warnings do not fit the wire.
            UnknownProof, WrongState: there is no such proof; it is closed, or full.
            SamePictureAgain: the camera gave the same bytes twice, so it took no new picture.
            NoSpace, ReadOnlyDisk, DiskFault, JournalBusy, SpoolDamaged: it is not stored.
        """
        require_complete(jpeg)
        with self._journal.reading("looking for the proof") as connection:
            proof = rows.proof(connection, proof_id)
            before = rows.live_photos(connection, proof_id)
        manifests.require_room(proof, before)
        photo = describe(
            proof,
            jpeg,
            taken,
            number=next(self._numbers),
            source=source,
            zone=self._zone,
        )
        if photo.sha256 in {other.sha256 for other in before}:
            raise SamePictureAgain(f"the camera gave the same picture twice for {proof_id}")
        path = self._directory / photo.path
        self._require_folder(path.parent)
        write_durable(self._files, path, jpeg)
        try:
            judged = manifests.require_fitting(replace(photo, warnings=judge()))
            with self._journal.transaction("noting a photo") as connection:
                rows.insert_photo(connection, judged)
        except BaseException:
            discard(self._files, path)
            raise
        ids = {"proof": proof_id, "capture_id": capture_id, "sha8": photo.sha256[:8]}
        logger.info("photo saved", extra=ids)
        self._wake()
        return self._stored(photo)

    def _require_folder(self, folder: Path) -> None:
        # once per start and day: that it exists does not say that its name was ever synced
        if folder not in self._folders:
            make_directory(self._files, folder)
            self._folders.add(folder)

    def _stored(self, photo: PhotoRow) -> StoredPhoto:
        path = self._directory / photo.path
        return StoredPhoto(photo.sha256, photo.size_bytes, photo.sequence, path)

    def drop_photo(self, proof_id: str, sha256: str) -> None:
        """Undo a photo of an open proof; its file stays until retention takes it.

        Raises:
            UnknownProof: there is no such proof, or it does not show such a photo.
            WrongState: the proof is closed.
        """
        with self._journal.transaction("undoing a photo") as connection:
            proofs.drop_photo(connection, proof_id, sha256)

    def close_proof(
        self,
        proof_id: str,
        closing: Closing,
        closed: Moment,
        *,
        photos: Collection[str] | None = None,
        area: Area | None = None,
    ) -> StoredManifest:
        """Close a proof and fix the bytes of its manifest; once this returns it will be sent.

        ``photos`` are the hashes of exactly those that the packer saw; a photo that the proof
        holds beyond them (saved after its deadline) counts as undone. None means all.
        ``area`` is what buyers are shown of each; None: all of it.
        A proof that was closed the same way already gives its manifest again.

        Raises:
            UnknownProof, WrongState: no such proof, or not with these photos; it cannot be closed
                like this.
            NoSpace, ReadOnlyDisk, DiskFault, JournalBusy, SpoolDamaged: it is still open.
        """
        with self._journal.transaction("closing a proof") as connection:
            manifest = proofs.close(
                connection, proof_id, closing, closed, self._numbers, shown=photos, area=area
            )
        self._settled(manifest)
        return manifest

    def withdraw(self, proof_id: str, at: Moment) -> StoredManifest:
        """Take a sent proof back; whether it was too late the cloud will say. Ends a hold.

        Raises:
            UnknownProof, WrongState: there is no such proof; it was not closed to be sent.
            NoSpace, ReadOnlyDisk, DiskFault, JournalBusy, SpoolDamaged: it stays sent.
        """
        with self._journal.transaction("withdrawing a proof") as connection:
            manifest = proofs.withdraw(connection, proof_id, at, self._numbers)
        with self._held_lock:
            self._held.discard(proof_id)
        self._settled(manifest)
        return manifest

    def _settled(self, manifest: StoredManifest) -> None:
        ids = {"proof": manifest.proof_id, "revision": manifest.revision}
        logger.info("proof settled", extra={**ids, "closing": manifest.closing})
        self._wake()

    def reopen(self, code: str, at: Moment, mode: Mode = Mode.PACKING) -> ReopenedProof | None:
        """Open the youngest proof of a code again if it is unsent, with the photos it has.

        None if there is nothing to bring back: no such proof, a later one was sent, or it was only
        made from files that a start found. Its next close has a higher revision.
        """
        with self._journal.transaction("reopening a proof") as connection:
            reopened = proofs.reopen(connection, code, mode, at, self._numbers)
        if reopened is None:
            return None
        proof, kept = reopened
        return ReopenedProof(
            proof.proof_id,
            proof.code,
            proof.mode,
            proof.packer,
            proof.opened,
            tuple(self._stored(photo) for photo in kept),
        )

    def packed_without_photo(self, code: str, at: Moment) -> None:
        """Note that an order went through while no camera worked."""
        with self._journal.transaction("noting an order without photo") as connection:
            rows.insert_note(connection, "packed-without-photo", code, at, next(self._numbers))

    # --- room -----------------------------------------------------------------------------------

    def apply_retention(self, now: Moment) -> RetentionResult:
        """Free what may go and should; nothing while the clock is unsynchronised or has jumped.

        Raises:
            NoSpace, ReadOnlyDisk, DiskFault, JournalBusy, SpoolDamaged: as the names say.
        """
        short_bytes = missing_bytes(self.disk_use(), reserve_bytes=self._reserve_bytes)
        self._folders.clear()  # an empty one goes too
        return free(
            self._journal,
            self._files,
            self._directory,
            self._retention,
            now,
            short_bytes=short_bytes,
        )

    def disk_level(self) -> DiskLevel:
        """Whether new proofs are taken; at RESERVE they are not.

        Raises:
            DiskFault: the file system does not say.
        """
        return level_of(self.disk_use(), reserve_bytes=self._reserve_bytes)
