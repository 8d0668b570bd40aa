"""What TikTok Shop knows. Times are unix seconds of the sandbox's clock unless named `_ns`."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from sandbox.market import entities as market
from sandbox.market.entities import Entity, OrderLine

Region = Literal["MY", "SG", "PH", "TH", "VN", "ID", "US", "GB"]
OrderStatus = Literal[
    "UNPAID",
    "ON_HOLD",
    "AWAITING_SHIPMENT",
    "PARTIALLY_SHIPPING",
    "AWAITING_COLLECTION",
    "IN_TRANSIT",
    "DELIVERED",
    "COMPLETED",
    "CANCELLED",
]
PackageStatus = Literal["PROCESSING", "FULFILLING", "COMPLETED", "CANCELLED"]
ORDERS_SCOPE = "seller.order.info"
CHAT_SCOPE = "seller.customer_service"
RETURNS_SCOPE = "seller.return_refund.basic"
NOT_SHOWN = ("invisible",)
MessageStatus = Literal["normal", "invisible"]


class App(Entity):
    """A developer's application. Sellers reach its consent page by `service_id`."""

    kind = "app"
    key_fields = ("app_key",)
    app_key: str = Field(min_length=1)
    app_secret: str = Field(repr=False, min_length=8)
    service_id: str = ""
    name: str = "App"
    redirect_url: str = Field("", description="Where a seller is sent back to, as registered.")
    scopes: list[str] = Field(default_factory=lambda: [ORDERS_SCOPE, CHAT_SCOPE, RETURNS_SCOPE])


class Seller(Entity):
    """A seller's account, which may have shops in several countries."""

    kind = "seller"
    key_fields = ("seller_id",)
    seller_id: str = Field(min_length=1)
    seller_name: str = "Seller"
    base_region: Region = "MY"


class Shop(market.Shop):
    """A seller's shop. `cipher` names it in calls, `im_user_id` in chats."""

    shop_id: str = Field(min_length=1)
    region: Region = "MY"
    seller_id: str
    seller_type: Literal["LOCAL", "CROSS_BORDER"] = "LOCAL"
    cipher: str = Field(min_length=4, repr=False)
    code: str = ""

    @property
    def im_user_id(self) -> str:
        """Who the shop is in chats."""
        return f"71{self.shop_id}"


class Authorization(Entity):
    """A seller's consent that an app may act for all of its shops."""

    kind = "authorization"
    key_fields = ("app_key", "seller_id")
    app_key: str
    seller_id: str
    auth_time: float
    expire_time: float
    scopes: list[str]
    revoked: bool = False
    expiry_told_on: int = Field(0, description="The day on which its end was last warned of.")


class AuthCode(Entity):
    """The code that a seller's consent brings back to the app."""

    kind = "code"
    key_fields = ("code",)
    code: str = Field(repr=False)
    app_key: str
    seller_id: str
    expires_at: float
    used: bool = False


class AccessToken(Entity):
    """A token for calls."""

    kind = "access_token"
    key_fields = ("token",)
    token: str = Field(repr=False)
    app_key: str
    seller_id: str
    expires_at: float
    ended: bool = False


class RefreshToken(Entity):
    """A token for new pairs."""

    kind = "refresh_token"
    key_fields = ("token",)
    token: str = Field(repr=False)
    app_key: str
    seller_id: str
    expires_at: float
    used: bool = False
    ended: bool = False


class Buyer(market.Buyer):
    """Someone who buys and chats. `user_id` is an order's, `im_user_id` another one, of chats."""

    user_id: str = Field(min_length=1)
    phone: str = "(+60)120000000"
    address: str = "1 Jalan Contoh"
    city: str = "Kuala Lumpur"
    postal_code: str = "50000"

    @property
    def im_user_id(self) -> str:
        """Who the buyer is in chats."""
        return f"72{self.user_id}"


class Item(BaseModel):
    """One unit of an order, which TikTok Shop calls a line item."""

    model_config = ConfigDict(extra="forbid")
    product_id: str = "1729000000000000001"
    product_name: str = "Mug"
    sku_id: str = "1729000000000000002"
    sku_name: str = ""
    seller_sku: str = ""
    price: str = "10.00"
    package_id: str = ""


class Package(BaseModel):
    """One parcel of an order. An empty tracking number is one not issued yet."""

    model_config = ConfigDict(extra="forbid")
    package_id: str = Field(min_length=1)
    tracking_number: str = ""
    shipping_provider: str = "J&T Express"
    status: PackageStatus = "PROCESSING"


class Order(market.Order):
    """An order."""

    key_fields = ("order_id",)
    order_id: str = Field(min_length=1)
    shop_id: str
    buyer_id: str
    status: OrderStatus = "AWAITING_SHIPMENT"
    currency: str = "MYR"
    create_time: int
    update_time: int
    buyer_message: str = ""
    cancel_reason: str = ""
    cancel_requested: bool = False
    masked: bool = Field(True, description="The platform ships: name, phone and address masked.")
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
        """What was ordered: line items are single units."""
        names = [item.product_name for item in self.items]
        return [OrderLine(name=name, quantity=names.count(name)) for name in dict.fromkeys(names)]

    @property
    def tracking_numbers(self) -> list[str]:
        """One for each parcel; empty text for one not issued yet."""
        return [package.tracking_number for package in self.packages]


class Conversation(market.Conversation):
    """The chat of one shop with one buyer. It closes by itself; `opened_at` is the last opening."""

    conversation_id: str
    shop_id: str
    buyer_id: str
    create_time: float
    opened_at: float


class Message(market.Message):
    """One message. `message_type` is in the sandbox's words, which the views translate."""

    message_id: str
    conversation_id: str
    shop_id: str
    buyer_id: str
    status: MessageStatus = "normal"

    @property
    def shown_to_buyer(self) -> bool:
        """Whether the buyer sees it."""
        return self.status not in NOT_SHOWN
