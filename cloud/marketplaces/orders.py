"""Orders as a marketplace gives them. Personal data stays out of the repr, and so out of logs."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class OrderTime(StrEnum):
    """Which of an order's times a window of orders is about."""

    CREATED = "created"
    UPDATED = "updated"


@dataclass(frozen=True, slots=True)
class Parcel:
    """One parcel of an order. `tracking_number` is empty until the carrier has issued it."""

    number: str
    tracking_number: str
    carrier: str
    status: str


@dataclass(frozen=True, slots=True)
class OrderItem:
    """One line of an order."""

    item_id: str
    name: str
    variant: str
    sku: str
    quantity: int
    image_url: str


@dataclass(frozen=True, slots=True)
class Recipient:
    """The receiver as shown to us: often masked, so never a key for anything."""

    name: str = field(repr=False)
    phone: str = field(repr=False)
    address: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Order:
    """An order. `status` is the marketplace's own word; `buyer_id` is the one its chat takes.

    `is_refunded`: the buyer gets the money back, or a return is under way. `is_packed`: its label
    was made or it has left, so that a tracking number that is missing comes soon. `is_shipped`: it
    has left, whatever became of it then.
    """

    number: str
    status: str
    created_at: datetime
    updated_at: datetime
    buyer_id: str
    buyer_name: str = field(repr=False)
    parcels: tuple[Parcel, ...]
    items: tuple[OrderItem, ...]
    is_cancelled: bool
    is_cancel_requested: bool
    recipient: Recipient | None
    is_refunded: bool = False
    is_packed: bool = False
    is_shipped: bool = False


@dataclass(frozen=True, slots=True)
class OrderPage:
    """Some orders of a window. `next_cursor` is opaque; it is empty on the last page."""

    orders: tuple[Order, ...]
    next_cursor: str
