"""What every marketplace knows. Times are unix seconds of the sandbox's clock unless named `_ns`.

A platform extends these with fields of its own, and may narrow the type of an id.
"""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

Id = int | str
By = Literal["shop", "buyer"]


class Entity(BaseModel):
    """Something the sandbox stores, under `kind` and the values of its `key_fields`."""

    model_config = ConfigDict(extra="forbid")
    kind: ClassVar[str]
    key_fields: ClassVar[tuple[str, ...]]

    @property
    def key(self) -> str:
        """The name of this one among its kind."""
        return "/".join(str(getattr(self, name)) for name in self.key_fields)


class Shop(Entity):
    """A seller's shop."""

    kind = "shop"
    key_fields = ("shop_id",)
    shop_id: Id
    shop_name: str
    region: str


class Buyer(Entity):
    """Someone who buys and chats."""

    kind = "buyer"
    key_fields = ("user_id",)
    user_id: Id
    username: str
    full_name: str = "Buyer"


class OrderLine(BaseModel):
    """One line of an order as pages show it."""

    name: str
    quantity: int


class Order(Entity):
    """An order. What is abstract here is what pages and pushes need of any platform's order."""

    kind = "order"
    shop_id: Id
    buyer_id: Id

    @property
    @abstractmethod
    def number(self) -> str:
        """The order's number, its key."""

    @property
    @abstractmethod
    def state(self) -> str:
        """The platform's word for how far the order is."""

    @property
    @abstractmethod
    def lines(self) -> Sequence[OrderLine]:
        """What was ordered."""

    @property
    @abstractmethod
    def tracking_numbers(self) -> Sequence[str]:
        """One for each parcel; empty text for one not issued yet."""


class Return(Entity):
    """A return or refund that a buyer asked for; its words are the platform's."""

    kind = "return"
    key_fields = ("return_id",)
    return_id: str = Field(min_length=1)
    shop_id: Id
    order_number: str
    status: str
    reason: str = ""
    text: str = ""
    respond_by: int = 0
    """0: nothing is asked of the shop."""
    create_time: int
    update_time: int


class Contact(Entity):
    """What stands between one shop and one buyer, whether or not they ever chatted."""

    kind = "contact"
    key_fields = ("shop_id", "buyer_id")
    shop_id: Id
    buyer_id: Id
    blocked_by_buyer: bool = False
    blocked_by_shop: bool = False
    return_open: bool = False


class Conversation(Entity):
    """The chat of one shop with one buyer."""

    kind = "conversation"
    key_fields = ("conversation_id",)
    conversation_id: Id
    shop_id: Id
    buyer_id: Id
    unread_count: int = 0
    last_read_message_id: str = "0"


class Message(Entity):
    """One message.

    `content` is kept in the sandbox's own words, which the platform's views translate: `text`;
    `picture_id` of an uploaded picture (addresses are made on reading); `order_sn`, the number of
    an order shown as a card; `item_id`. `hidden_until` keeps the message out of the shop's reads
    (not of the buyer's view) until then.
    """

    kind = "message"
    key_fields = ("message_id",)
    message_id: Id
    conversation_id: Id
    shop_id: Id
    buyer_id: Id
    by: By
    message_type: str
    content: dict[str, Any]
    status: str = "normal"
    source: str = "api"
    created_ns: int
    hidden_until: float | None = None
    hidden: bool = False

    def readable(self, now: float) -> bool:
        """Whether the shop's reads show it."""
        return not self.hidden and (self.hidden_until is None or self.hidden_until <= now)

    @property
    def shown_to_buyer(self) -> bool:
        """Whether the buyer sees it."""
        return self.status == "normal"

    @property
    def about_order_sn(self) -> str | None:
        """The order that the message is about without being its card."""
        return None


class Picture(Entity):
    """What is known of an uploaded picture; its bytes are stored apart."""

    kind = "picture"
    key_fields = ("picture_id",)
    picture_id: str
    shop_id: Id
    sha256: str
    media_type: str
    width: int
    height: int
    size_bytes: int
    uploaded_at: float


class Limits(Entity):
    """The numbers and lists by which a marketplace judges; a platform adds its own."""

    kind = "limits"
    key_fields = ()
    requests_per_second: int | None = Field(None, ge=1, description="Per shop; null: no limit.")


class ClockShift(Entity):
    """How far the sandbox's two clocks are from the machine's, in seconds."""

    kind = "clock"
    key_fields = ()
    shift_s: float = 0.0
    request_shift_s: float = 0.0
