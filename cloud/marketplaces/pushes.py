"""What marketplaces tell us by themselves, in words that all of them share.

A push says that something happened, not how things stand now: pushes come twice, late, in another
order, or never. Whoever works one off reads what it is about.
"""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class OrdersChanged:
    """Orders are new, or something about them is: mostly one, several where a parcel has them."""

    order_numbers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReturnsChanged:
    """Returns or refunds of orders are new, or something about them is."""

    order_numbers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TrackingNumberIssued:
    """A parcel has its tracking number. `parcel_number` is empty where the parcel is not named."""

    order_number: str
    parcel_number: str
    tracking_number: str


@dataclass(frozen=True, slots=True)
class ChatMessageCame:
    """A message is in a conversation: of the buyer, of a person at the shop, or one we sent.

    `buyer_id` is empty where the push does not name the buyer by the id that the chat takes.
    """

    conversation_id: str
    message_id: str
    buyer_id: str
    is_by_buyer: bool


@dataclass(frozen=True, slots=True)
class ShopAuthorized:
    """A seller has authorized our app; the tokens come with the seller's return to us."""


@dataclass(frozen=True, slots=True)
class AuthorizationRevoked:
    """The seller, or the marketplace, has ended the authorization."""


@dataclass(frozen=True, slots=True)
class AuthorizationExpiring:
    """The authorization ends soon: at this time or before it; None where none is named."""

    ends_by: datetime | None


@dataclass(frozen=True, slots=True)
class Verification:
    """The marketplace tries out whether we answer. Nothing happened."""


@dataclass(frozen=True, slots=True)
class SomethingElse:
    """Nothing that we act upon. `kind` is the marketplace's own word."""

    kind: str


PushEvent = (
    OrdersChanged
    | ReturnsChanged
    | TrackingNumberIssued
    | ChatMessageCame
    | ShopAuthorized
    | AuthorizationRevoked
    | AuthorizationExpiring
    | Verification
    | SomethingElse
)


@dataclass(frozen=True, slots=True)
class Push:
    """One push, as told at `told_at`.

    `key` is the same whenever this push is delivered again, and another for every other push of the
    app. `shop_ids` are the marketplace's ids of the shops it is about, mostly one; `country` (two
    letters, upper case) tells shops of one id apart, and is empty where the push does not say it.
    """

    event: PushEvent
    key: str
    told_at: datetime
    shop_ids: tuple[str, ...]
    country: str = ""


@dataclass(frozen=True, slots=True)
class LostPushes:
    """Pushes that did not reach us, as `read_push` takes them, oldest first.

    `last_id` confirms these and all before; it is empty where there are none.
    """

    raw_bodies: tuple[bytes, ...]
    last_id: str
    has_more: bool
