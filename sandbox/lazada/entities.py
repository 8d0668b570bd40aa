"""What Lazada knows. Times are unix seconds of the sandbox's clock unless named `_ns`.

Ids are text here; orders and their lines have numbers where Lazada's replies have them.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from sandbox.market import entities as market
from sandbox.market.entities import Entity, OrderLine

Region = Literal["MY", "SG", "PH", "TH", "VN", "ID"]
Category = Literal["seller_in_house", "in_house_im", "erp", "erp_im", "both"]
ItemStatus = Literal[
    "unpaid",
    "pending",
    "packed",
    "repacked",
    "ready_to_ship",
    "topack",
    "toship",
    "shipped",
    "delivered",
    "canceled",
    "returned",
    "failed",
    "lost",
]
MessageStatus = Literal["normal", "safety_check", "recalled"]
NOT_SHOWN: tuple[MessageStatus, ...] = ("safety_check",)

IM_CATEGORIES = frozenset({"in_house_im", "erp_im", "both"})
ORDER_CATEGORIES = frozenset({"seller_in_house", "erp", "both"})
SUBSCRIBED_CATEGORIES = frozenset({"erp", "erp_im"})


class App(Entity):
    """A developer's application.

    Chat needs a category of its own. `both` has orders and chat: no such category is documented,
    but the worked signatures use one app for all calls. `is_online` is false for an app in test,
    whose tokens live shorter.
    """

    kind = "app"
    key_fields = ("app_key",)
    app_key: str = Field(pattern="^[0-9]+$")
    app_secret: str = Field(repr=False, min_length=8)
    name: str = "App"
    category: Category = "both"
    is_online: bool = True

    @property
    def may_chat(self) -> bool:
        """Whether chat calls are in its permission group."""
        return self.category in IM_CATEGORIES

    @property
    def may_read_orders(self) -> bool:
        """Whether calls about orders are in its permission group."""
        return self.category in ORDER_CATEGORIES


class Shop(market.Shop):
    """A seller's shop in one country. Shops of one `account` are authorized together."""

    shop_id: str = Field(pattern="^[0-9]+$", description="The seller id.")
    region: Region = "MY"
    account: str = ""
    short_code: str = ""
    status: Literal["ACTIVE", "INACTIVE", "UNVERIFIED"] = "ACTIVE"

    @property
    def account_name(self) -> str:
        """The account it belongs to; a shop without one is its own."""
        return self.account or f"seller{self.shop_id}@example.test"


class Authorization(Entity):
    """A seller's consent that an app may act for a shop."""

    kind = "authorization"
    key_fields = ("app_key", "shop_id")
    app_key: str
    shop_id: str
    ends_at: float
    revoked: bool = False
    expiry_told_at: float | None = Field(None, description="When push 8 last warned of its end.")
    list_reads_withdrawn: bool = Field(
        False, description="The app has polled: lists of chats are closed to it."
    )


class AuthCode(Entity):
    """The code that a seller's consent brings back to the app."""

    kind = "code"
    key_fields = ("code",)
    code: str = Field(repr=False)
    app_key: str
    account: str
    expires_at: float
    used: bool = False


class AccessToken(Entity):
    """A token for calls on behalf of all shops of an account."""

    kind = "access_token"
    key_fields = ("token",)
    token: str = Field(repr=False)
    app_key: str
    shop_ids: list[str] = Field(min_length=1)
    expires_at: float


class RefreshToken(Entity):
    """A token for new access tokens until `expires_at`, which no refresh puts off."""

    kind = "refresh_token"
    key_fields = ("token",)
    token: str = Field(repr=False)
    app_key: str
    shop_ids: list[str] = Field(min_length=1)
    expires_at: float
    used: bool = False


class ListRead(Entity):
    """When an app began to read one of a shop's lists of chats, as far as that still counts."""

    kind = "list_read"
    key_fields = ("app_key", "shop_id", "what")
    app_key: str
    shop_id: str
    what: str
    times: list[float] = Field(default_factory=list)


class Buyer(market.Buyer):
    """Someone who buys and chats."""

    user_id: str = Field(pattern="^[0-9]+$")
    phone: str = "60100000000"
    city: str = "Kuala Lumpur"
    post_code: str = "50000"
    address: str = "1 Jalan Contoh"


class Item(BaseModel):
    """One line of an order; Lazada gives one object for each unit of it."""

    model_config = ConfigDict(extra="forbid")
    name: str
    sku: str = ""
    sku_id: str = "1"
    quantity: int = Field(1, ge=1)
    price: float = Field(10.0, ge=0)
    image_url: str = ""
    package_id: str = Field("", description="Its package; empty: the order's first, if any.")


class Package(BaseModel):
    """One parcel of an order. An empty tracking code is one not issued yet."""

    model_config = ConfigDict(extra="forbid")
    package_id: str = Field(min_length=1)
    tracking_code: str = ""
    shipment_provider: str = "LEX MY"


class Order(market.Order):
    """An order. `order_id` is unique per shop only; here it is single all over."""

    key_fields = ("order_id",)
    order_id: str = Field(pattern="^[0-9]{1,18}$")
    shop_id: str
    buyer_id: str
    status: ItemStatus = "pending"
    currency: str = "MYR"
    created_at: float
    updated_at: float
    remarks: str = ""
    items: list[Item] = Field(min_length=1)
    packages: list[Package] = Field(default_factory=list)

    @property
    def number(self) -> str:
        """The order's number, its key."""
        return self.order_id

    @property
    def state(self) -> str:
        """How far the order is."""
        return self.status

    @property
    def lines(self) -> list[OrderLine]:
        """What was ordered."""
        return [OrderLine(name=item.name, quantity=item.quantity) for item in self.items]

    @property
    def tracking_numbers(self) -> list[str]:
        """One for each parcel; empty text for one not issued yet."""
        return [package.tracking_code for package in self.packages]

    @property
    def unit_ids(self) -> list[int]:
        """An id for each unit of each line, after the order's own."""
        units = sum(item.quantity for item in self.items)
        return [int(self.order_id) * 1000 + index for index in range(units)]

    def package_of(self, item: Item, line: int) -> Package | None:
        """The parcel a line goes in; without a name line by line, the rest in the last parcel."""
        named = [one for one in self.packages if one.package_id == item.package_id]
        if named or not self.packages:
            return named[0] if named else None
        return self.packages[min(line, len(self.packages) - 1)]


class Conversation(market.Conversation):
    """A session: the chat of one shop with one buyer. The buyer has read up to `buyer_read_ns`."""

    conversation_id: str
    shop_id: str
    buyer_id: str
    buyer_read_ns: int = 0


class Message(market.Message):
    """One message."""

    message_id: str
    conversation_id: str
    shop_id: str
    buyer_id: str
    status: MessageStatus = "normal"
    auto_reply: bool = False
