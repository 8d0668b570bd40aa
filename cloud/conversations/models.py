"""Tables of the outbox. What must never be is refused here, whoever writes."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    Enum,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    or_,
)
from sqlalchemy.orm import Mapped, mapped_column

from cloud.conversations.states import DispatchKind, DispatchState, MessageKind, MessageState
from cloud.database.base import Base, BigId, OrganisationOwned, primary_key
from cloud.database.sight import Narrowed, OfShop, Sight, belongs, in_shops

NOTE_LENGTH = 200
MOST_PHOTOS_IN_PICTURE = 3
_PHOTOS_LENGTHS = tuple(65 * count - 1 for count in range(1, MOST_PHOTOS_IN_PICTURE + 1))
"""Of so many hashes of 64 digits with a space between them."""


def _words(kind: type[StrEnum], name: str) -> Enum:
    """A column that holds the words of ``kind`` and nothing else, readable in the database."""
    return Enum(
        kind,
        name=name,
        native_enum=False,
        create_constraint=True,
        length=20,
        values_callable=lambda words: [word.value for word in words],
    )


class Conversation(OrganisationOwned, OfShop, Base):
    """The talk between a shop and one buyer."""

    __tablename__ = "conversations"
    __table_args__ = (
        UniqueConstraint("shop_id", "buyer_id"),
        Index("ix_conversations_external", "shop_id", "external_id"),
    )

    id: Mapped[int] = primary_key()
    shop_id: Mapped[int] = mapped_column(BigId, ForeignKey("shops.id"))
    buyer_id: Mapped[str] = mapped_column(String(40))
    buyer_name: Mapped[str] = mapped_column(String(200), default="")
    external_id: Mapped[str | None] = mapped_column(String(80))
    """The marketplace's id; None until the first message is there."""
    unanswered: Mapped[int] = mapped_column(default=0)
    """Messages of ours, and of people in the Seller Centre, since the buyer last wrote."""
    checked_at: Mapped[datetime | None]
    """When ``unanswered`` was last read from the marketplace."""


class Dispatch(OrganisationOwned, Narrowed, Base):
    """An ordered group of messages that somebody asked for.

    ``state`` is derived from its messages by conversations.outbox and stored for the log.
    """

    __tablename__ = "dispatches"
    __table_args__ = (
        Index("ix_dispatches_proof_newest", "organisation_id", "proof_id", "id"),
        Index("ix_dispatches_log", "organisation_id", "id"),
        Index("ix_dispatches_state", "organisation_id", "state", "id"),
        Index("ix_dispatches_proofs", "organisation_id", "state", "proof_id"),
        Index("ix_dispatches_shop_proofs", "organisation_id", "shop_id", "state", "proof_id"),
        Index("ix_dispatches_order", "organisation_id", "order_id", "id"),
        Index("ix_dispatches_due", "state", "next_check_at"),
    )

    id: Mapped[int] = primary_key()
    kind: Mapped[DispatchKind] = mapped_column(_words(DispatchKind, "kind"))
    proof_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("proofs.id"))
    proof_key: Mapped[str | None] = mapped_column(String(32))
    device_id: Mapped[str | None] = mapped_column(String(40))
    """The table that hears of every change, and its own id of the proof."""
    code: Mapped[str] = mapped_column(String(200), default="")
    """As scanned; what the order is looked for by."""
    shop_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("shops.id"), index=True)
    order_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("orders.id"))
    parcel_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("parcels.id"))
    conversation_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("conversations.id"), index=True
    )
    state: Mapped[DispatchState] = mapped_column(_words(DispatchState, "state"))
    reason: Mapped[str] = mapped_column(String(40), default="")
    """A word of conversations.states.Reason, or empty."""
    detail: Mapped[str] = mapped_column(String(300), default="")
    """The marketplace's own words, without secrets or personal data."""
    request_key: Mapped[str] = mapped_column(String(100), unique=True)
    """Makes asking idempotent: the same request gives the same dispatch."""
    asked_by_member_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("members.id"))
    resend_of_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("dispatches.id"))
    everything: Mapped[bool] = mapped_column(default=False)
    """A resend of all parts, also of those that the buyer has."""
    in_batch: Mapped[bool] = mapped_column(default=False)
    """Asked for together with others; goes only where its shop lets batches go."""
    note: Mapped[str] = mapped_column(String(NOTE_LENGTH), default="")
    """Why a person wanted everything again; theirs to read, never sent."""
    by_hand_member_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("members.id"))
    by_hand_at: Mapped[datetime | None]
    """A person says that they sent the photos themselves, in the Seller Centre."""
    asked_at: Mapped[datetime]
    """When the person pressed F4 or Resend, as far as the clocks allow."""
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    withdrawn: Mapped[bool] = mapped_column(default=False)
    """Taken back: what is on its way now is not sent again, whatever becomes of it."""
    next_check_at: Mapped[datetime | None]
    """When to look again: for its order, at what holds it, or at what became of it in the chat."""
    looked_at_until: Mapped[datetime | None]
    """Until then one process looks; the others leave it, and later ones of its code, alone."""
    sent_count: Mapped[int] = mapped_column(default=0)
    total_count: Mapped[int] = mapped_column(default=0)

    @classmethod
    def seen_by(cls, sight: Sight) -> ColumnElement[bool]:
        """Of the shops, once the order is known; and of one's own browsers."""
        return or_(in_shops(cls.shop_id, sight), cls.device_id.in_(sorted(sight.own_devices)))


class Message(OrganisationOwned, OfShop, Base):
    """One message to a buyer. `sent` needs the marketplace's id; an id belongs to one message."""

    __tablename__ = "messages"
    __table_args__ = (
        CheckConstraint(
            "state NOT IN ('sent', 'not-shown') OR marketplace_message_id IS NOT NULL",
            name="sent_has_id",
        ),
        CheckConstraint(
            "state NOT IN ('claimed', 'sending') OR (claimed_by IS NOT NULL"
            " AND lease_until IS NOT NULL)",
            name="claim_has_lease",
        ),
        CheckConstraint(
            f"kind = 'image' AND length(photos) IN {_PHOTOS_LENGTHS}"
            " OR kind <> 'image' AND photos = ''",
            name="image_has_photos",
        ),
        UniqueConstraint("shop_id", "marketplace_message_id"),
        UniqueConstraint("dispatch_id", "position"),
        # Not partial: SQLite uses a partial index only for a state written into the statement.
        Index("ix_messages_ready", "shop_id", "state", "dispatch_id", "position"),
        Index("ix_messages_state", "state", "lease_until"),
    )

    id: Mapped[int] = primary_key()
    dispatch_id: Mapped[int] = mapped_column(BigId, ForeignKey("dispatches.id"))
    conversation_id: Mapped[int] = mapped_column(BigId, ForeignKey("conversations.id"), index=True)
    shop_id: Mapped[int] = mapped_column(BigId, ForeignKey("shops.id"))
    position: Mapped[int]
    """Place in the dispatch, from 0; sent in this order."""
    kind: Mapped[MessageKind] = mapped_column(_words(MessageKind, "kind"))
    text: Mapped[str] = mapped_column(String(2000), default="")
    photos: Mapped[str] = mapped_column(String(_PHOTOS_LENGTHS[-1]), default="")
    """SHA-256 of the photos that the picture shows, in their order, with spaces between."""
    order_number: Mapped[str] = mapped_column(String(40), default="")
    state: Mapped[MessageState] = mapped_column(_words(MessageState, "state"))
    not_before: Mapped[datetime]
    claimed_by: Mapped[str | None] = mapped_column(String(60))
    """The sender process that holds the lease."""
    lease_until: Mapped[datetime | None]
    fence: Mapped[int] = mapped_column(default=0)
    """Grows with each claim; a writer with an older number is refused."""
    tries: Mapped[int] = mapped_column(default=0)
    """Requests that really went out."""
    uploaded_url: Mapped[str | None] = mapped_column(String(2000))
    """Of this message's own upload, never shared; a second try uses it again."""
    uploaded_width_px: Mapped[int | None]
    uploaded_height_px: Mapped[int | None]
    """The picture's size, where the marketplace wants to hear it with the address."""
    uploaded_at: Mapped[datetime | None]
    marketplace_message_id: Mapped[str | None] = mapped_column(String(80))
    sent_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(String(40), default="")
    detail: Mapped[str] = mapped_column(String(300), default="")


class Attempt(OrganisationOwned, Narrowed, Base):
    """One request to send one message: written before it goes out, completed after."""

    __tablename__ = "attempts"
    __table_args__ = (UniqueConstraint("message_id", "number"),)

    id: Mapped[int] = primary_key()
    message_id: Mapped[int] = mapped_column(BigId, ForeignKey("messages.id"))
    number: Mapped[int]
    fence: Mapped[int]
    sender: Mapped[str] = mapped_column(String(60))
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    """Written by the caller itself: proof that its request is over."""
    outcome: Mapped[str] = mapped_column(String(20), default="")
    """A word of states.AttemptOutcome; empty while it runs or when its caller died."""
    reason: Mapped[str] = mapped_column(String(40), default="")
    detail: Mapped[str] = mapped_column(String(300), default="")
    """The marketplace's error name and text, without secrets."""
    read_back_at: Mapped[datetime | None]
    read_back: Mapped[str] = mapped_column(String(20), default="")
    """found, absent, incomplete."""

    @classmethod
    def seen_by(cls, sight: Sight) -> ColumnElement[bool]:
        """Those of messages that are seen."""
        return belongs(cls, Message.id == cls.message_id, Message.seen_by(sight))
