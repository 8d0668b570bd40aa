"""Tables of shops. Tokens and keys are sealed before they come here (database/secrets.py)."""

from datetime import date, datetime

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from cloud.database.base import Base, BigId, OrganisationOwned, primary_key
from cloud.database.sight import Narrowed, OfShop, Sight, in_shops


class AppCredential(OrganisationOwned, Base):
    """The organisation's own app at a marketplace (Shopee gives chat only to such apps)."""

    __tablename__ = "app_credentials"
    __table_args__ = (
        UniqueConstraint("organisation_id", "channel", "purpose"),
        Index("ix_app_credentials_push_id", "push_id", unique=True),
    )

    id: Mapped[int] = primary_key()
    channel: Mapped[str] = mapped_column(String(20))
    purpose: Mapped[str] = mapped_column(String(20))
    app_id: Mapped[str] = mapped_column(String(80))
    sealed_key: Mapped[bytes] = mapped_column(LargeBinary)
    base_url: Mapped[str] = mapped_column(String(200))
    """Of a sandbox; empty: where the marketplace answers apps of the shop's country."""
    service_id: Mapped[str] = mapped_column(String(80), default="")
    """The app's id in the authorize link, where that is not `app_id` (TikTok Shop)."""
    push_id: Mapped[str | None] = mapped_column(String(43))
    """Names the app in the address of its pushes; nobody can guess it."""
    sealed_push_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Signs pushes, where that is not the app's own key."""


class Shop(OrganisationOwned, Narrowed, Base):
    """A shop on a marketplace."""

    __tablename__ = "shops"
    __table_args__ = (
        UniqueConstraint("channel", "country", "external_id"),
        CheckConstraint("picture_side_px BETWEEN 320 AND 8000", name="picture_side"),
    )

    id: Mapped[int] = primary_key()
    channel: Mapped[str] = mapped_column(String(20))
    country: Mapped[str] = mapped_column(String(2))
    external_id: Mapped[str] = mapped_column(String(80))
    """The marketplace's id of the shop, always a string."""
    name: Mapped[str] = mapped_column(String(200))
    sending_enabled: Mapped[bool] = mapped_column(default=False)
    batches_enabled: Mapped[bool] = mapped_column(default=False)
    """What somebody asks for together with others is sent too."""
    preset_message: Mapped[str] = mapped_column(String(2000), default="")
    kept_free_for_people: Mapped[int] = mapped_column(default=2)
    """Unanswered messages that the engine leaves for people."""
    picture_side_px: Mapped[int | None]
    """Longest side of pictures for the chat; None: as the cloud's settings say."""
    picture_strip: Mapped[bool | None]
    """Order, time and table in a strip below them; None: as the cloud's settings say."""
    orders_synced_until: Mapped[datetime | None]
    """All orders changed before this are known here; None: never synchronised."""
    returns_synced_until: Mapped[datetime | None]
    """The same of returns and refunds."""
    returns_due: Mapped[bool] = mapped_column(default=False)
    """Something happened to one of them: they are read at the next turn."""
    created_at: Mapped[datetime]

    @classmethod
    def seen_by(cls, sight: Sight) -> ColumnElement[bool]:
        """The shops themselves."""
        return in_shops(cls.id, sight)


class Authorization(OrganisationOwned, OfShop, Base):
    """A shop's permission to us, for one purpose: ``orders`` or ``chat``."""

    __tablename__ = "authorizations"
    __table_args__ = (UniqueConstraint("shop_id", "purpose"),)

    id: Mapped[int] = primary_key()
    shop_id: Mapped[int] = mapped_column(BigId, ForeignKey("shops.id"), index=True)
    purpose: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(20))
    sealed_access_token: Mapped[bytes | None] = mapped_column(LargeBinary)
    sealed_refresh_token: Mapped[bytes | None] = mapped_column(LargeBinary)
    access_expires_at: Mapped[datetime | None]
    refresh_expires_at: Mapped[datetime | None]
    refreshing_until: Mapped[datetime | None]
    """Lease of the one process that refreshes now (single flight)."""
    generation: Mapped[int] = mapped_column(default=0)
    """Counts stored pairs, so that a caller knows whether its token was already replaced."""
    shop_cipher: Mapped[str] = mapped_column(String(200), default="")
    """Picks the shop in calls where one token serves several shops (TikTok Shop)."""
    ends_at: Mapped[datetime | None]
    """When the seller has to authorize again, whatever is refreshed; None: not told."""
    warned: Mapped[int] = mapped_column(default=0)
    """Of how many thresholds before that end people were warned (standing.WARN_BEFORE)."""
    changed_at: Mapped[datetime]


class AuthorizationRequest(OrganisationOwned, Base):
    """A seller on the way to a marketplace's consent page. Only a hash of its state is kept."""

    __tablename__ = "authorization_requests"

    id: Mapped[int] = primary_key()
    state_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    channel: Mapped[str] = mapped_column(String(20))
    country: Mapped[str] = mapped_column(String(2))
    purpose: Mapped[str] = mapped_column(String(20))
    shop_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("shops.id"))
    """The shop to authorize again; None: a new one."""
    member_id: Mapped[int] = mapped_column(BigId, ForeignKey("members.id", ondelete="CASCADE"))
    expires_at: Mapped[datetime]


class SendingDecision(OrganisationOwned, OfShop, Base):
    """Who switched a shop's sending on or off, with which notice about its marketplace in view."""

    __tablename__ = "sending_decisions"

    id: Mapped[int] = primary_key()
    shop_id: Mapped[int] = mapped_column(BigId, ForeignKey("shops.id"), index=True)
    member_id: Mapped[int] = mapped_column(BigId, ForeignKey("members.id"))
    sends: Mapped[str] = mapped_column(String(20))
    """What was switched: a word of shops.decisions.Sends."""
    is_on: Mapped[bool]
    rule: Mapped[str] = mapped_column(String(40))
    """Name of the notice that was shown; empty where there is none."""
    decided_at: Mapped[datetime]


class SendingPace(OrganisationOwned, OfShop, Base):
    """When the shop may send next: one row per shop, moved by each send and by rate limits."""

    __tablename__ = "sending_paces"

    shop_id: Mapped[int] = mapped_column(BigId, ForeignKey("shops.id"), primary_key=True)
    free_at: Mapped[datetime]
    gap_ms: Mapped[int]
    backoff_level: Mapped[int] = mapped_column(default=0)
    last_claimed_at: Mapped[datetime | None]
    """Orders the round over shops."""


class DailyRequests(OrganisationOwned, OfShop, Base):
    """Requests of a shop that its marketplace counts by the day, taken by any process."""

    __tablename__ = "daily_requests"

    shop_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("shops.id", ondelete="CASCADE"), primary_key=True
    )
    call: Mapped[str] = mapped_column(String(20), primary_key=True)
    """A word of marketplaces.daily.Counted."""
    day: Mapped[date]
    """The marketplace's own."""
    taken: Mapped[int]
