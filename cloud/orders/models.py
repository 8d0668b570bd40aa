"""Tables of orders, their items and parcels."""

from datetime import datetime

from sqlalchemy import ColumnElement, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from cloud.database.base import Base, BigId, OrganisationOwned, primary_key
from cloud.database.sight import Narrowed, OfShop, Sight, belongs

BUYER_NAME_LENGTH = 200
"""A longer one, which only its owner can have meant, is cut."""
ITEM_TEXT_LENGTH = 300
ITEM_URL_LENGTH = 1000
RETURN_STATUS_LENGTH = 200
RETURN_REASON_LENGTH = 300


class Order(OrganisationOwned, OfShop, Base):
    """An order as the marketplace told it last."""

    __tablename__ = "orders"
    __table_args__ = (
        UniqueConstraint("shop_id", "order_number"),
        Index("ix_orders_organisation_number", "organisation_id", "order_number"),
        Index("ix_orders_proof_found", "organisation_id", "proof_found", "shipped_at", "id"),
        Index("ix_orders_buyer", "organisation_id", "buyer_id"),
        Index("ix_orders_buyer_name", "organisation_id", "buyer_name"),
    )

    id: Mapped[int] = primary_key()
    shop_id: Mapped[int] = mapped_column(BigId, ForeignKey("shops.id"))
    order_number: Mapped[str] = mapped_column(String(40))
    status: Mapped[str] = mapped_column(String(40))
    """The marketplace's own word."""
    cancelled: Mapped[bool] = mapped_column(default=False)
    refunded: Mapped[bool] = mapped_column(default=False)
    buyer_id: Mapped[str] = mapped_column(String(40), default="")
    buyer_name: Mapped[str] = mapped_column(String(BUYER_NAME_LENGTH), default="")
    recipient_name: Mapped[str] = mapped_column(String(BUYER_NAME_LENGTH), default="")
    """As the marketplace shows it, mostly masked: for people to read, a key for nothing."""
    ordered_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    """At the marketplace."""
    read_at: Mapped[datetime]
    """When we read it."""
    shipped_at: Mapped[datetime | None]
    """When the marketplace first told us of it as shipped; None: it has not."""
    proof_found: Mapped[bool | None]
    """Whether a shipped order has a proof; None: not decided yet (reports.unproven)."""
    erased_at: Mapped[datetime | None]
    """Since when nothing is kept of who ordered, and what; nor taken in again."""


class Parcel(OrganisationOwned, Narrowed, Base):
    """A parcel of an order. Tracking numbers come late and are reused over the years."""

    __tablename__ = "parcels"
    __table_args__ = (
        UniqueConstraint("order_id", "package_number"),
        Index("ix_parcels_organisation_tracking", "organisation_id", "tracking_number"),
        Index("ix_parcels_ask", "organisation_id", "ask_at"),
    )

    id: Mapped[int] = primary_key()
    order_id: Mapped[int] = mapped_column(BigId, ForeignKey("orders.id"), index=True)
    package_number: Mapped[str] = mapped_column(String(60))
    tracking_number: Mapped[str | None] = mapped_column(String(200))
    due_since: Mapped[datetime | None]
    """Since when the parcel is packed without a number; None: it has one, or needs none yet."""
    ask_at: Mapped[datetime | None]
    """When the marketplace is asked for the number again; None: not any more."""
    read_at: Mapped[datetime]

    @classmethod
    def seen_by(cls, sight: Sight) -> ColumnElement[bool]:
        """Those of orders that are seen."""
        return belongs(cls, Order.id == cls.order_id, Order.seen_by(sight))


class OrderItem(OrganisationOwned, Narrowed, Base):
    """One line of an order, as the marketplace told it last."""

    __tablename__ = "order_items"
    __table_args__ = (UniqueConstraint("order_id", "position"),)

    id: Mapped[int] = primary_key()
    order_id: Mapped[int] = mapped_column(BigId, ForeignKey("orders.id"))
    position: Mapped[int]
    """Place in the order, from 0."""
    item_id: Mapped[str] = mapped_column(String(80))
    name: Mapped[str] = mapped_column(String(ITEM_TEXT_LENGTH))
    variant: Mapped[str] = mapped_column(String(ITEM_TEXT_LENGTH))
    sku: Mapped[str] = mapped_column(String(ITEM_TEXT_LENGTH))
    quantity: Mapped[int]
    image_url: Mapped[str] = mapped_column(String(ITEM_URL_LENGTH))

    @classmethod
    def seen_by(cls, sight: Sight) -> ColumnElement[bool]:
        """Those of orders that are seen."""
        return belongs(cls, Order.id == cls.order_id, Order.seen_by(sight))


class BuyerReturn(OrganisationOwned, OfShop, Base):
    """A return or refund that a buyer asked for, as told last; nothing of what the buyer wrote."""

    __tablename__ = "buyer_returns"
    __table_args__ = (
        UniqueConstraint("shop_id", "return_id"),
        Index("ix_buyer_returns_open", "organisation_id", "is_open", "respond_by", "id"),
    )

    id: Mapped[int] = primary_key()
    shop_id: Mapped[int] = mapped_column(BigId, ForeignKey("shops.id"))
    return_id: Mapped[str] = mapped_column(String(80))
    order_number: Mapped[str] = mapped_column(String(80))
    """The order may be older than what was read."""
    status: Mapped[str] = mapped_column(String(RETURN_STATUS_LENGTH))
    """The marketplace's own word."""
    is_open: Mapped[bool]
    reason: Mapped[str] = mapped_column(String(RETURN_REASON_LENGTH))
    respond_by: Mapped[datetime | None]
    """Until when the shop has to answer, where the marketplace tells it."""
    opened_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    """At the marketplace."""
    read_at: Mapped[datetime]
