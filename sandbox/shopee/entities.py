"""What Shopee knows. Times are unix seconds of the sandbox's clock unless named `_ns`."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from sandbox.market import entities as market
from sandbox.market.entities import Entity, OrderLine

Region = Literal["MY", "SG", "PH", "TH", "VN", "ID", "TW", "BR", "MX"]
OrderStatus = Literal[
    "UNPAID",
    "READY_TO_SHIP",
    "PROCESSED",
    "SHIPPED",
    "TO_CONFIRM_RECEIVE",
    "COMPLETED",
    "IN_CANCEL",
    "CANCELLED",
    "TO_RETURN",
    "RETRY_SHIP",
    "INVOICE_PENDING",
    "PENDING",
]
MessageStatus = Literal[
    "normal",
    "auto_reply",
    "blocked",
    "user_chat",
    "web_chat",
    "censored_whitelist",
    "censored_blacklist",
    "offwork_autoreply",
]
CHAT_CATEGORIES = frozenset({"seller_in_house", "customer_service"})
NOT_SHOWN: tuple[MessageStatus, ...] = ("blocked", "censored_blacklist")


class App(Entity):
    """A developer's application. Only in-house and customer service apps may use chat."""

    kind = "app"
    key_fields = ("partner_id",)
    partner_id: int
    partner_key: str = Field(repr=False, min_length=8)
    push_key: str = Field("", repr=False, description="Signs pushes; empty: the partner key does.")
    name: str = "App"
    category: Literal["seller_in_house", "customer_service", "erp"] = "seller_in_house"
    key_expired: bool = False
    suspended: bool = False

    @property
    def may_chat(self) -> bool:
        """Whether chat calls and chat pushes are open to it."""
        return self.category in CHAT_CATEGORIES


class Shop(market.Shop):
    """A seller's shop."""

    shop_id: int
    region: Region = "MY"
    status: Literal["NORMAL", "BANNED", "FROZEN"] = "NORMAL"
    merchant_id: int | None = None
    is_cb: bool = False
    subaccount: Literal["none", "assigned", "bound"] = Field(
        "none", description="Who owns the chats when distribution to sub-accounts is on."
    )
    safety_block: bool = Field(False, description="The platform's safety systems stop its sends.")


class Merchant(Entity):
    """A merchant account above shops."""

    kind = "merchant"
    key_fields = ("merchant_id",)
    merchant_id: int
    merchant_name: str
    region: Region = "MY"


class MainAccount(Entity):
    """An account that can authorize several shops at once."""

    kind = "main_account"
    key_fields = ("main_account_id",)
    main_account_id: int
    shop_ids: list[int] = Field(default_factory=list)
    merchant_ids: list[int] = Field(default_factory=list)


class Authorization(Entity):
    """A seller's consent that an app may act for a shop or merchant (`subject`)."""

    kind = "authorization"
    key_fields = ("partner_id", "subject")
    partner_id: int
    subject: str
    auth_time: float
    expire_time: float
    revoked: bool = False
    expiry_told: bool = Field(False, description="Whether push 12 has warned of its end.")


class AuthCode(Entity):
    """The code that a seller's consent brings back to the app."""

    kind = "code"
    key_fields = ("code",)
    code: str = Field(repr=False)
    partner_id: int
    shop_id: int | None = None
    main_account_id: int | None = None
    expires_at: float
    used: bool = False


class AccessToken(Entity):
    """A token for calls. `ends_early` holds the earlier end a refresh set, by subject."""

    kind = "access_token"
    key_fields = ("token",)
    token: str = Field(repr=False)
    partner_id: int
    subjects: list[str]
    expires_at: float
    ends_early: dict[str, float] = Field(default_factory=dict)

    def ends_at(self, subject: str) -> float:
        """When the token stops working for this subject."""
        return min(self.expires_at, self.ends_early.get(subject, self.expires_at))


class RefreshToken(Entity):
    """A token for one refresh by each of its subjects."""

    kind = "refresh_token"
    key_fields = ("token",)
    token: str = Field(repr=False)
    partner_id: int
    subjects: list[str]
    expires_at: float
    used_by: list[str] = Field(default_factory=list)


class Buyer(market.Buyer):
    """Someone who buys and chats. `user_id` is the `to_id` of the chat."""

    user_id: int
    phone: str = "60100000000"
    city: str = "Kuala Lumpur"
    state: str = "Kuala Lumpur"
    zipcode: str = "50000"
    address: str = "1 Jalan Contoh"


class Item(BaseModel):
    """One line of an order."""

    model_config = ConfigDict(extra="forbid")
    item_id: int
    item_name: str
    item_sku: str = ""
    model_id: int = 0
    model_name: str = ""
    model_sku: str = ""
    quantity: int = Field(1, ge=1)
    price: float = Field(10.0, ge=0)


class Package(BaseModel):
    """One parcel of an order. An empty tracking number is one not issued yet."""

    model_config = ConfigDict(extra="forbid")
    package_number: str = Field(min_length=1)
    tracking_number: str = ""
    logistics_status: str = "LOGISTICS_READY"
    shipping_carrier: str = "SPX Express"
    logistics_channel_id: int = 20001


class Order(market.Order):
    """An order."""

    key_fields = ("order_sn",)
    order_sn: str = Field(min_length=1)
    shop_id: int
    buyer_id: int
    order_status: OrderStatus = "READY_TO_SHIP"
    currency: str = "MYR"
    cod: bool = False
    create_time: int
    update_time: int
    message_to_seller: str = ""
    cancel_reason: str = ""
    items: list[Item] = Field(min_length=1)
    packages: list[Package] = Field(default_factory=list)

    @property
    def number(self) -> str:
        """The order's number, its key."""
        return self.order_sn

    @property
    def state(self) -> str:
        """How far the order is."""
        return self.order_status

    @property
    def lines(self) -> list[OrderLine]:
        """What was ordered."""
        return [OrderLine(name=item.item_name, quantity=item.quantity) for item in self.items]

    @property
    def tracking_numbers(self) -> list[str]:
        """One for each parcel; empty text for one not issued yet."""
        return [package.tracking_number for package in self.packages]


class Conversation(market.Conversation):
    """The chat of one shop with one buyer."""

    conversation_id: int
    shop_id: int
    buyer_id: int
    pinned: bool = False
    mute: bool = False


class Message(market.Message):
    """One message; `source_content` names the order or item that it is about."""

    message_id: int
    conversation_id: int
    shop_id: int
    buyer_id: int
    source_content: dict[str, Any] = Field(default_factory=dict)
    status: MessageStatus = "normal"
    source: str = "openapi"

    @property
    def shown_to_buyer(self) -> bool:
        """Whether the buyer sees it."""
        return self.status not in NOT_SHOWN

    @property
    def about_order_sn(self) -> str | None:
        """The order that the message is about without being its card."""
        return self.source_content.get("order_sn")
