"""The shapes of Lazada's replies. Chats have times in milliseconds, orders have them in words."""

import json
import re
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from cloud.marketplaces.reply_fields import (
    LONGEST_LIFE_S,
    NULL_IS_EMPTY,
    Id,
    Milliseconds,
    OptionalId,
    ReplyModel,
    Text,
    Unread,
    Whole,
)

# 2023-11-14T22:13:20+08:00, and the same with spaces and without the colon of the zone.
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(?:\.\d+)? ?(Z|[+-]\d\d:?\d\d)", re.ASCII)


def _from_words(value: object) -> datetime:
    found = _TIME.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError("not a time in ISO 8601 with its zone")
    day, time, zone = found.groups()
    return datetime.fromisoformat(f"{day}T{time}{zone}").astimezone(UTC)


def _content(value: object) -> dict[str, Any]:
    """Kinds of messages we do not know may carry anything."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return {}
    return value if isinstance(value, dict) else {}


def _optional_time(value: object) -> object:
    return None if value in (None, "", 0, "0") else value


IsoTime = Annotated[datetime, BeforeValidator(_from_words)]
Content = Annotated[dict[str, Any], BeforeValidator(_content)]


class AccountReply(ReplyModel):
    """A seller account's shop in one country."""

    country: Text = ""
    seller_id: Id


class TokenReply(ReplyModel):
    """Of both token calls, which name the list of shops differently."""

    access_token: str = Field(min_length=1, repr=False)
    refresh_token: str = Field(min_length=1, repr=False)
    expires_in: Annotated[Whole, Field(gt=0, le=LONGEST_LIFE_S)]
    refresh_expires_in: Annotated[Whole, Field(ge=0, le=LONGEST_LIFE_S)]
    country_user_info: Annotated[list[AccountReply], NULL_IS_EMPTY] = Field(default_factory=list)
    country_user_info_list: Annotated[list[AccountReply], NULL_IS_EMPTY] = Field(
        default_factory=list
    )

    @property
    def shops(self) -> list[AccountReply]:
        """The shops, whichever name the list has."""
        return self.country_user_info or self.country_user_info_list


class SellerReply(ReplyModel):
    """Of /seller/get."""

    name: Text = ""


class AddressReply(ReplyModel):
    """A receiver, masked unless Lazada has reviewed the app."""

    first_name: Text = ""
    last_name: Text = ""
    phone: Text = ""
    address1: Text = ""
    address2: Text = ""
    address3: Text = ""
    address4: Text = ""
    address5: Text = ""
    city: Text = ""
    post_code: Text = ""
    country: Text = ""


class OrderReply(ReplyModel):
    """An order, without its items."""

    order_id: Id
    statuses: Annotated[list[str], NULL_IS_EMPTY]
    customer_first_name: Text = ""
    customer_last_name: Text = ""
    address_shipping: AddressReply | None = None
    created_at: IsoTime
    updated_at: IsoTime


class OrderListReply(ReplyModel):
    """Of /orders/get."""

    orders: Annotated[list[OrderReply], NULL_IS_EMPTY]


class ItemReply(ReplyModel):
    """One unit of an order: three mugs are three of these."""

    order_item_id: Id
    name: Text = ""
    sku: Text = ""
    shop_sku: Text = ""
    product_main_image: Text = ""
    status: Text = ""
    tracking_code: Text = ""
    shipment_provider: Text = ""
    package_id: OptionalId = ""
    buyer_id: OptionalId = ""


class OrderItemsReply(ReplyModel):
    """The items of one order among several."""

    order_id: Id
    order_items: Annotated[list[ItemReply], NULL_IS_EMPTY]


class ItemsReply(ReplyModel):
    """Of /order/items/get; we put its list under this name."""

    items: list[ItemReply]


class ManyItemsReply(ReplyModel):
    """Of /orders/items/get; we put its list under this name."""

    orders: list[OrderItemsReply]


class OpenedReply(ReplyModel):
    """Of /im/session/open."""

    session_id: Id


class SessionReply(ReplyModel):
    """A conversation."""

    session_id: Id
    title: Text = ""
    buyer_id: OptionalId = ""
    unread_count: Unread = 0
    last_message_id: OptionalId = ""
    last_message_time: Annotated[Milliseconds | None, BeforeValidator(_optional_time)] = None


class SessionListReply(ReplyModel):
    """Of /im/session/list."""

    has_more: bool
    next_start_time: OptionalId = ""
    last_session_id: OptionalId = ""
    session_list: Annotated[list[SessionReply], NULL_IS_EMPTY] = Field(default_factory=list)


class MessageReply(ReplyModel):
    """A message; `process_msg` is not empty where Lazada shows it to nobody but the seller."""

    message_id: Id
    session_id: OptionalId = ""
    content: Content
    from_account_type: Whole
    template_id: OptionalId = ""
    type: OptionalId = ""
    send_time: Milliseconds
    process_msg: Text = ""
    status: Text = ""
    auto_reply: bool = False


class MessageListReply(ReplyModel):
    """Of /im/message/list."""

    has_more: bool
    next_start_time: OptionalId = ""
    last_message_id: OptionalId = ""
    message_list: Annotated[list[MessageReply], NULL_IS_EMPTY] = Field(default_factory=list)


class SentReply(ReplyModel):
    """Of /im/message/send. The id alone proves the send."""

    message_id: Id


class ImageReply(ReplyModel):
    """An uploaded picture."""

    url: str = Field(min_length=1)


class UploadReply(ReplyModel):
    """Of /image/upload."""

    image: ImageReply
