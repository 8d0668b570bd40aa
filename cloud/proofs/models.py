"""Tables of proofs and photos."""

from datetime import datetime, timedelta

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    or_,
)
from sqlalchemy.orm import Mapped, mapped_column

from cloud.conversations.models import Dispatch
from cloud.database.base import Base, BigId, OrganisationOwned, primary_key
from cloud.database.sight import Narrowed, Sight, belongs
from cloud.proofs.platforms import Platform

STEP = timedelta(hours=1)
PACKER_LENGTH = 80
VIEW_NAME_LENGTH = 60
VIEW_QUERY_LENGTH = 1000
HOLD_REASON_LENGTH = 200


class Photo(OrganisationOwned, Narrowed, Base):
    """A photo that is durably in the photo store under organisation/SHA-256."""

    __tablename__ = "photos"
    __table_args__ = (
        UniqueConstraint("organisation_id", "sha256"),
        Index("ix_photos_age", "organisation_id", "stored_at", "id"),
    )

    id: Mapped[int] = primary_key()
    sha256: Mapped[str] = mapped_column(String(64))
    size_bytes: Mapped[int]
    device_id: Mapped[str] = mapped_column(String(40))
    """The device that sent it first."""
    stored_at: Mapped[datetime]

    @classmethod
    def seen_by(cls, sight: Sight) -> ColumnElement[bool]:
        """Those that a proof shows which is seen."""
        shows = ProofPhoto.sha256 == cls.sha256
        return belongs(
            cls, shows, ProofPhoto.organisation_id == cls.organisation_id, ProofPhoto.seen_by(sight)
        )


class LeavingPhoto(OrganisationOwned, Base):
    """A photo whose row is deleted and whose bytes are to follow, or are gone already.

    Until this row goes, too, the photo is not taken in again: its bytes may vanish any moment.
    """

    __tablename__ = "leaving_photos"
    __table_args__ = (UniqueConstraint("organisation_id", "sha256"),)

    id: Mapped[int] = primary_key()
    sha256: Mapped[str] = mapped_column(String(64))
    size_bytes: Mapped[int]
    run_id: Mapped[int] = mapped_column(BigId, ForeignKey("retention_runs.id"))
    """To which the bytes are counted once they are gone."""


class Proof(OrganisationOwned, Narrowed, Base):
    """What a table says of one packed order; the newest accepted manifest."""

    __tablename__ = "proofs"
    __table_args__ = (
        UniqueConstraint("organisation_id", "proof_key"),
        Index("ix_proofs_code", "organisation_id", "code"),
        Index("ix_proofs_log", "organisation_id", "id"),
        Index("ix_proofs_table", "organisation_id", "table_id", "id"),
        Index("ix_proofs_packer", "organisation_id", "packer", "id"),
        Index("ix_proofs_photo_count", "organisation_id", "photo_count", "id"),
        # Days are stretches of ids, found by when proofs came; those that do not fit, by day.
        Index("ix_proofs_received", "organisation_id", "received_at", "id"),
        Index("ix_proofs_off_step", "organisation_id", "off_step", "packed_at", "id"),
        Index("ix_proofs_closing", "organisation_id", "closing", "id"),
    )

    id: Mapped[int] = primary_key()
    proof_key: Mapped[str] = mapped_column(String(32))
    """The table's own id of the proof."""
    device_id: Mapped[str] = mapped_column(String(40))
    """For a browser's proof a name of its own ("webcam-7"), which no device has."""
    table_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("packing_tables.id"))
    """None: it was packed with a browser."""
    platform: Mapped[str] = mapped_column(String(10), default=Platform.TABLE)
    """What it was captured with: table, webcam or phone."""
    code: Mapped[str] = mapped_column(String(200))
    closing: Mapped[str] = mapped_column(String(20))
    """send, unsent, cancelled or withdrawn."""
    mode: Mapped[str] = mapped_column(String(20))
    revision: Mapped[int]
    sequence: Mapped[int]
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime]
    """By the table's clock."""
    clock_synced: Mapped[bool]
    packer: Mapped[str | None] = mapped_column(String(PACKER_LENGTH))
    photo_count: Mapped[int] = mapped_column(default=0)
    """How many photos its manifest names; they may be deleted by now."""
    received_at: Mapped[datetime]
    """When it was first heard of; goes up with ``id``."""
    packed_at: Mapped[datetime]
    """What its day goes by: `closed_at` where that clock was right, else `received_at`."""
    off_step: Mapped[bool]
    """It came more than `STEP` before or after it was packed: a table was offline, for one."""

    def close(self, closed_at: datetime, *, clock_synced: bool) -> None:
        """Note when the table closed it, by its own clock; `received_at` is set before."""
        self.closed_at = closed_at
        self.clock_synced = clock_synced
        self.packed_at = closed_at if clock_synced else self.received_at
        self.off_step = abs(self.received_at - self.packed_at) > STEP

    @classmethod
    def seen_by(cls, sight: Sight) -> ColumnElement[bool]:
        """Those with a dispatch that is seen, and all of one's own browsers.

        A proof has no shop of its own: its order says which, when that is found.
        """
        dispatched = belongs(cls, Dispatch.proof_id == cls.id, Dispatch.seen_by(sight))
        return or_(cls.device_id.in_(sorted(sight.own_devices)), dispatched)


class ProofPhoto(OrganisationOwned, Narrowed, Base):
    """A photo's place in a proof."""

    __tablename__ = "proof_photos"
    __table_args__ = (
        UniqueConstraint("proof_id", "position"),
        CheckConstraint(
            "(area_left IS NULL) = (area_top IS NULL)"
            " AND (area_left IS NULL) = (area_width IS NULL)"
            " AND (area_left IS NULL) = (area_height IS NULL)"
            " AND coalesce(area_width, 1) > 0 AND coalesce(area_height, 1) > 0",
            name="area_is_whole",
        ),
    )

    id: Mapped[int] = primary_key()
    proof_id: Mapped[int] = mapped_column(BigId, ForeignKey("proofs.id"))
    position: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    size_bytes: Mapped[int]
    taken_at: Mapped[datetime]
    clock_synced: Mapped[bool]
    source: Mapped[str] = mapped_column(String(60))
    warnings: Mapped[str] = mapped_column(String(500), default="")
    area_left: Mapped[int | None]
    """The packing area, in ten-thousandths of the sides of the upright photo; None: all of it."""
    area_top: Mapped[int | None]
    area_width: Mapped[int | None]
    area_height: Mapped[int | None]
    deleted_at: Mapped[datetime | None]
    """Since when the photo is not kept any more, with the cause; None: it is kept."""
    deleted_for: Mapped[str | None] = mapped_column(String(20))
    """A word of privacy.kinds.Cause."""

    @classmethod
    def seen_by(cls, sight: Sight) -> ColumnElement[bool]:
        """Those of proofs that are seen."""
        return belongs(cls, Proof.id == cls.proof_id, Proof.seen_by(sight))


class AcceptedManifest(OrganisationOwned, Narrowed, Base):
    """A manifest as received. Remembered for ever, so that the same again gets the same answer."""

    __tablename__ = "accepted_manifests"
    __table_args__ = (UniqueConstraint("organisation_id", "proof_key", "revision"),)

    id: Mapped[int] = primary_key()
    proof_key: Mapped[str] = mapped_column(String(32))
    revision: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64))
    device_id: Mapped[str] = mapped_column(String(40))
    raw: Mapped[bytes] = mapped_column(LargeBinary)
    effect: Mapped[str] = mapped_column(String(20))
    """What it did: applied, or outdated (a higher revision was there already)."""
    received_at: Mapped[datetime]

    @classmethod
    def seen_by(cls, sight: Sight) -> ColumnElement[bool]:
        """Those of proofs that are seen."""
        return _of_proof_key(cls, sight)


class QuarantinedManifest(OrganisationOwned, Narrowed, Base):
    """A manifest that contradicts one already accepted; kept for a person, never acted on."""

    __tablename__ = "quarantined_manifests"
    __table_args__ = (UniqueConstraint("organisation_id", "proof_key", "revision", "digest"),)

    id: Mapped[int] = primary_key()
    proof_key: Mapped[str] = mapped_column(String(32))
    revision: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64))
    device_id: Mapped[str] = mapped_column(String(40))
    raw: Mapped[bytes] = mapped_column(LargeBinary)
    reason: Mapped[str] = mapped_column(String(200))
    received_at: Mapped[datetime]

    @classmethod
    def seen_by(cls, sight: Sight) -> ColumnElement[bool]:
        """Those of proofs that are seen."""
        return _of_proof_key(cls, sight)


def _of_proof_key(
    model: type[AcceptedManifest] | type[QuarantinedManifest], sight: Sight
) -> ColumnElement[bool]:
    return belongs(
        model,
        Proof.proof_key == model.proof_key,
        Proof.organisation_id == model.organisation_id,
        Proof.seen_by(sight),
    )


class LogView(OrganisationOwned, Base):
    """A filter of the log with its columns, kept by a member under a name."""

    __tablename__ = "log_views"
    __table_args__ = (UniqueConstraint("organisation_id", "member_id", "name"),)

    id: Mapped[int] = primary_key()
    member_id: Mapped[int] = mapped_column(BigId, ForeignKey("members.id"))
    name: Mapped[str] = mapped_column(String(VIEW_NAME_LENGTH))
    query: Mapped[str] = mapped_column(String(VIEW_QUERY_LENGTH))
    """As in the log's address, without the part of the log."""
    is_shared: Mapped[bool]
    """Offered to all members of the organisation; only its owner changes it."""
    saved_at: Mapped[datetime]


class CaptureDecision(OrganisationOwned, Base):
    """A switch of ParcelGuard as somebody put it. The newest of each switch counts."""

    __tablename__ = "capture_decisions"
    __table_args__ = (Index("ix_capture_decisions_newest", "organisation_id", "switch", "id"),)

    id: Mapped[int] = primary_key()
    switch: Mapped[str] = mapped_column(String(20))
    is_on: Mapped[bool]
    member_id: Mapped[int] = mapped_column(BigId, ForeignKey("members.id"))
    decided_at: Mapped[datetime]


class ProofHold(OrganisationOwned, Narrowed, Base):
    """Somebody keeps a proof from deletion. The proof's row stays as long as this one."""

    __tablename__ = "proof_holds"
    __table_args__ = (Index("ix_proof_holds_proof", "proof_id", "id"),)

    id: Mapped[int] = primary_key()
    proof_id: Mapped[int] = mapped_column(BigId, ForeignKey("proofs.id"))
    reason: Mapped[str] = mapped_column(String(HOLD_REASON_LENGTH))
    placed_by_member_id: Mapped[int] = mapped_column(BigId, ForeignKey("members.id"))
    placed_at: Mapped[datetime]
    released_by_member_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("members.id"))
    released_at: Mapped[datetime | None]
    """None: it is in force."""

    @classmethod
    def seen_by(cls, sight: Sight) -> ColumnElement[bool]:
        """Those of proofs that are seen."""
        return belongs(cls, Proof.id == cls.proof_id, Proof.seen_by(sight))


class HeldPhoto(OrganisationOwned, Narrowed, Base):
    """A photo that a hold in force needs: the database refuses to delete the photo's row."""

    __tablename__ = "held_photos"
    __table_args__ = (
        UniqueConstraint("hold_id", "sha256"),
        ForeignKeyConstraint(
            ["organisation_id", "sha256"],
            ["photos.organisation_id", "photos.sha256"],
            name="fk_held_photos_photo",
        ),
        Index("ix_held_photos_photo", "organisation_id", "sha256"),
    )

    id: Mapped[int] = primary_key()
    hold_id: Mapped[int] = mapped_column(BigId, ForeignKey("proof_holds.id"))
    sha256: Mapped[str] = mapped_column(String(64))

    @classmethod
    def seen_by(cls, sight: Sight) -> ColumnElement[bool]:
        """Those of holds that are seen."""
        return belongs(cls, ProofHold.id == cls.hold_id, ProofHold.seen_by(sight))
