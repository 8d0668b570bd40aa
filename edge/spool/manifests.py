"""What a manifest says, and which may follow which (invariant 7). Pure."""

import hashlib
from collections.abc import Collection, Sequence
from datetime import timedelta

from pydantic import ValidationError

from edge.clock import Moment
from edge.spool.errors import BadProof, WrongState
from edge.spool.records import PhotoRow, ProofRow, StoredManifest
from wire.messages import MAX_PHOTOS_PER_PROOF, Area, Closing, Manifest, ManifestPhoto

INCOMPLETE_WARNING = "another-photo-lost"
"""Another photo of the same proof was damaged on the table before the cloud had it."""


def corrected(moment: Moment, reference: Moment) -> Moment:
    """A moment of an unsynchronised clock, seen from a later synchronised one of the same boot.

    The monotonic clock tells the distance, so the corrected time is as good as the reference
    (edge-hardware 6.3). Without such a reference the moment stays as it is, marked unsynchronised.
    """
    if moment.synced or not reference.synced or moment.boot_id != reference.boot_id:
        return moment
    distance = timedelta(microseconds=(reference.monotonic_ns - moment.monotonic_ns) / 1000)
    return Moment(reference.wall - distance, moment.monotonic_ns, moment.boot_id, synced=True)


def build(
    proof: ProofRow,
    photos: Sequence[PhotoRow],
    *,
    closing: Closing,
    closed: Moment,
    revision: int,
    sequence: int,
    area: Area | None = None,
) -> StoredManifest:
    """The manifest that closes an open proof; its bytes are final. ``area``: what buyers are
    shown of each photo; None: all of it.

    Raises:
        BadProof: a field does not fit the wire; the text names it.
    """
    opened = corrected(proof.opened, closed)
    try:
        manifest = Manifest(
            proof_id=proof.proof_id,
            revision=revision,
            closing=closing,
            mode=proof.mode,
            code=proof.code,
            photos=[_photo(photo, closed, area) for photo in photos],
            sequence=sequence,
            opened_at=opened.wall,
            closed_at=closed.wall,
            clock_synced=closed.synced,
            boot_id=closed.boot_id,
            packer=proof.packer,
        )
    except ValidationError as error:
        raise BadProof(_first(error)) from None
    return seal(manifest)


def withdrawal(previous: StoredManifest, *, at: Moment, sequence: int) -> StoredManifest:
    """The manifest that takes a sent one back; it names the same photos."""
    manifest = Manifest.from_bytes(previous.raw).model_copy(
        update={
            "revision": previous.revision + 1,
            "closing": Closing.WITHDRAWN,
            "sequence": sequence,
            "closed_at": at.wall,
            "clock_synced": at.synced,
            "boot_id": at.boot_id,
        }
    )
    return seal(manifest)


def without(previous: StoredManifest, lost: Collection[str], *, sequence: int) -> StoredManifest:
    """The next manifest of a proof of which photos are lost; the others say so.

    What was to be sent is still sent, unless no photo is left of it.
    """
    said = Manifest.from_bytes(previous.raw)
    left = [_incomplete(photo) for photo in said.photos if photo.sha256 not in lost]
    is_empty = said.closing is Closing.SEND and not left
    manifest = said.model_copy(
        update={
            "revision": said.revision + 1,
            "closing": Closing.UNSENT if is_empty else said.closing,
            "photos": left,
            "sequence": sequence,
        }
    )
    return seal(manifest)


def _incomplete(photo: ManifestPhoto) -> ManifestPhoto:
    warnings = [one for one in photo.warnings if one != INCOMPLETE_WARNING]
    return photo.model_copy(update={"warnings": [*warnings, INCOMPLETE_WARNING]})


def seal(manifest: Manifest) -> StoredManifest:
    """Fix the bytes of a manifest and their digest."""
    raw = manifest.to_bytes()
    return StoredManifest(
        proof_id=manifest.proof_id,
        revision=manifest.revision,
        closing=manifest.closing,
        sequence=manifest.sequence,
        raw=raw,
        digest=hashlib.sha256(raw).hexdigest(),
    )


def require_closable(proof: ProofRow, photos: Sequence[PhotoRow], closing: Closing) -> None:
    """Check that an open proof may be closed like this.

    Raises:
        WrongState: it is closed already, has no photo to send, or is to be withdrawn unsent.
    """
    if not proof.is_open:
        raise WrongState(f"proof {proof.proof_id} is closed already")
    if closing is Closing.WITHDRAWN:
        raise WrongState("only a sent proof is withdrawn; an open one is cancelled")
    if closing is Closing.SEND and not photos:
        raise WrongState(f"proof {proof.proof_id} has no photo to send")


def require_room(proof: ProofRow, photos: Sequence[PhotoRow]) -> None:
    """Check that an open proof may take one more photo.

    Raises:
        WrongState: it is closed, or has all its photos.
    """
    if not proof.is_open:
        raise WrongState(f"proof {proof.proof_id} is closed; a photo cannot be added")
    if len(photos) >= MAX_PHOTOS_PER_PROOF:
        raise WrongState(f"proof {proof.proof_id} has {MAX_PHOTOS_PER_PROOF} photos already")


def require_describable(proof: ProofRow) -> None:
    """Check a proof's words against the wire while it can still be refused.

    Raises:
        BadProof: a field does not fit; the text names it.
    """
    build(proof, (), closing=Closing.UNSENT, closed=proof.opened, revision=1, sequence=0)


def require_fitting(photo: PhotoRow) -> PhotoRow:
    """The same photo, its words checked against the wire while it can still be refused.

    Raises:
        BadProof: a field does not fit; the text names it.
    """
    try:
        _photo(photo, photo.taken, None)
    except ValidationError as error:
        raise BadProof(_first(error)) from None
    return photo


def _photo(photo: PhotoRow, closed: Moment, area: Area | None) -> ManifestPhoto:
    taken = corrected(photo.taken, closed)
    return ManifestPhoto(
        sha256=photo.sha256,
        size_bytes=photo.size_bytes,
        taken_at=taken.wall,
        clock_synced=taken.synced,
        source=photo.source,
        warnings=list(photo.warnings),
        packing_area=area,
    )


def _first(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
