"""The shapes of TikTok Shop's replies: the `data` of each, with ids as text and times with zones.

All times are unix seconds, the ends of tokens included, although their names sound like durations.
"""

import json
from typing import Annotated

from pydantic import BeforeValidator, Field

from cloud.marketplaces.reply_fields import (
    NULL_IS_EMPTY,
    Id,
    LooseObject,
    OptionalId,
    ReplyModel,
    Seconds,
    Text,
    Unread,
    Whole,
)

_LATEST_S = 4_102_444_799  # the last second of 2099


def _no_later(value: object) -> object:
    return _LATEST_S if isinstance(value, int) and value > _LATEST_S else value


def _parsed(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):  # RecursionError: a string of brackets alone
        return None


def _none_is_empty(value: object) -> object:
    return "" if value is None else value


EndOfToken = Annotated[Seconds, BeforeValidator(_no_later)]
"""A refresh token's end can be so far in the future that it means no more than "for long"."""
JsonInText = Annotated[LooseObject, BeforeValidator(_parsed)]
"""An object written as a string of JSON, or an empty one for anything else."""


Visible = Annotated[str, Field(pattern=r"^[!-~]*$")]
"""What goes back to TikTok Shop in a header or an address, where not all characters are allowed."""
PageToken = Annotated[Visible, BeforeValidator(_none_is_empty)]
Secret = Annotated[Visible, Field(min_length=1, repr=False)]


class TokenReply(ReplyModel):
    """Of token/get and token/refresh."""

    access_token: Secret
    refresh_token: Secret
    access_token_expire_in: EndOfToken
    refresh_token_expire_in: EndOfToken
    user_type: int = 0


class ShopReply(ReplyModel):
    """A shop that a token is good for."""

    id: Id
    name: Text = ""
    region: Text = ""
    cipher: Secret


class ShopListReply(ReplyModel):
    """Of authorization/shops."""

    shops: Annotated[list[ShopReply], NULL_IS_EMPTY]


class RecipientReply(ReplyModel):
    """A receiver, masked where the platform ships."""

    name: Text = ""
    phone_number: Text = ""
    full_address: Text = ""


class OrderPackageReply(ReplyModel):
    """A package as the order names it: by its id alone."""

    id: Id


class LineReply(ReplyModel):
    """One piece of an order."""

    product_id: OptionalId = ""
    product_name: Text = ""
    sku_id: OptionalId = ""
    sku_name: Text = ""
    sku_image: Text = ""
    seller_sku: Text = ""
    tracking_number: Text = ""
    package_id: OptionalId = ""
    display_status: Text = ""


class OrderReply(ReplyModel):
    """One order, the same in a search as by its id."""

    id: Id
    status: str
    create_time: Seconds
    update_time: Seconds
    user_id: OptionalId = ""
    buyer_nickname: Text = ""
    recipient_address: RecipientReply | None = None
    tracking_number: Text = ""
    shipping_provider: Text = ""
    packages: Annotated[list[OrderPackageReply], NULL_IS_EMPTY] = Field(default_factory=list)
    line_items: Annotated[list[LineReply], NULL_IS_EMPTY] = Field(default_factory=list)
    is_buyer_request_cancel: bool = False


class OrderListReply(ReplyModel):
    """Of orders by their ids."""

    orders: Annotated[list[OrderReply], NULL_IS_EMPTY]


class OrderSearchReply(ReplyModel):
    """Of orders/search. No token means that this is the last page."""

    orders: Annotated[list[OrderReply], NULL_IS_EMPTY] = Field(default_factory=list)
    next_page_token: PageToken = ""


class PackageReply(ReplyModel):
    """Of one package."""

    tracking_number: Text = ""


class OpenedReply(ReplyModel):
    """Of creating a conversation."""

    conversation_id: Id


class ParticipantReply(ReplyModel):
    """Somebody in a conversation; `user_id` is the id orders name a buyer by."""

    user_id: OptionalId = ""
    role: Text = ""
    nickname: Text = ""


class LatestMessageReply(ReplyModel):
    """The newest message of a conversation."""

    id: OptionalId = ""
    create_time: Seconds | None = None


class ConversationReply(ReplyModel):
    """One conversation."""

    id: Id
    unread_count: Unread = 0
    participants: Annotated[list[ParticipantReply], NULL_IS_EMPTY] = Field(default_factory=list)
    latest_message: LatestMessageReply | None = None


class ConversationListReply(ReplyModel):
    """Of the list of conversations."""

    conversations: Annotated[list[ConversationReply], NULL_IS_EMPTY]
    next_page_token: PageToken = ""


class SenderReply(ReplyModel):
    """Who wrote a message, by role."""

    role: str


class MessageReply(ReplyModel):
    """One message of a conversation."""

    id: Id
    type: Text = ""
    content: JsonInText = Field(default_factory=dict)
    create_time: Seconds
    is_visible: bool = True
    index: Whole
    sender: SenderReply


class MessageListReply(ReplyModel):
    """Of the messages of a conversation."""

    messages: Annotated[list[MessageReply], NULL_IS_EMPTY]
    next_page_token: PageToken = ""


class SentReply(ReplyModel):
    """Of a send. The id proves that TikTok Shop has the message."""

    message_id: Id


class UploadReply(ReplyModel):
    """Of a picture's upload; sizes are in pixels, and may come as text."""

    url: str = Field(min_length=1)
    width: Annotated[Whole, Field(gt=0)]
    height: Annotated[Whole, Field(gt=0)]
