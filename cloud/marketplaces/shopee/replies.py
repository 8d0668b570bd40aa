"""The shapes of Shopee's replies. Times are in seconds, but for one in nanoseconds."""

from typing import Annotated

from pydantic import Field

from cloud.marketplaces.reply_fields import (
    LONGEST_LIFE_S,
    NULL_IS_EMPTY,
    Id,
    Ids,
    LooseObject,
    Nanoseconds,
    OptionalId,
    ReplyModel,
    Seconds,
    Text,
    Unread,
)


class TokenReply(ReplyModel):
    """Of token/get and access_token/get; the fields stand at the top, not under `response`."""

    access_token: str = Field(min_length=1, repr=False)
    refresh_token: str = Field(min_length=1, repr=False)
    expire_in: int = Field(gt=0, le=LONGEST_LIFE_S)
    shop_id_list: Ids = Field(default_factory=list)


class ShopInfoReply(ReplyModel):
    """Of get_shop_info; the fields stand at the top, not under `response`."""

    shop_name: Text = ""
    region: Text = ""
    expire_time: Seconds | None = None


class ListedOrder(ReplyModel):
    """One row of get_order_list, which gives little more than the number."""

    order_sn: Id


class OrderListReply(ReplyModel):
    """Of get_order_list."""

    more: bool
    next_cursor: Text = ""
    order_list: Annotated[list[ListedOrder], NULL_IS_EMPTY]


class RecipientReply(ReplyModel):
    """A receiver, often masked."""

    name: Text = ""
    phone: Text = ""
    full_address: Text = ""


class ImageInfoReply(ReplyModel):
    """The picture of an item."""

    image_url: Text = ""


class ItemReply(ReplyModel):
    """One line of an order."""

    item_id: OptionalId = ""
    item_name: Text = ""
    item_sku: Text = ""
    model_name: Text = ""
    model_sku: Text = ""
    model_quantity_purchased: int = 0
    image_info: ImageInfoReply | None = None


class PackageReply(ReplyModel):
    """A package as the order names it: without its tracking number."""

    package_number: Id
    logistics_status: Text = ""
    shipping_carrier: Text = ""


class OrderReply(ReplyModel):
    """One order of get_order_detail."""

    order_sn: Id
    order_status: str
    create_time: Seconds
    update_time: Seconds
    buyer_user_id: OptionalId = ""
    buyer_username: Text = ""
    recipient_address: RecipientReply | None = None
    item_list: Annotated[list[ItemReply], NULL_IS_EMPTY] = Field(default_factory=list)
    package_list: Annotated[list[PackageReply], NULL_IS_EMPTY] = Field(default_factory=list)


class OrderDetailReply(ReplyModel):
    """Of get_order_detail."""

    order_list: Annotated[list[OrderReply], NULL_IS_EMPTY]


class TrackedPackageReply(ReplyModel):
    """One package of get_package_detail."""

    package_number: Id
    tracking_number: Text = ""


class PackageDetailReply(ReplyModel):
    """Of get_package_detail."""

    package_list: Annotated[list[TrackedPackageReply], NULL_IS_EMPTY]


class TrackingReply(ReplyModel):
    """Of get_tracking_number."""

    tracking_number: Text = ""


class ConversationReply(ReplyModel):
    """One conversation; the time of its last message is in nanoseconds."""

    conversation_id: Id
    to_id: OptionalId = ""
    to_name: Text = ""
    unread_count: Unread = 0
    latest_message_id: OptionalId = ""
    last_message_timestamp: Nanoseconds = None


class UnreadReply(ReplyModel):
    """Of get_unread_conversation_count."""

    total_unread_count: Unread


class NextConversation(ReplyModel):
    """Where the next page of conversations begins."""

    next_message_time_nano: OptionalId = ""


class ConversationPageResult(ReplyModel):
    """Whether and where the list of conversations goes on."""

    more: bool
    next_cursor: NextConversation | None = None


class ConversationListReply(ReplyModel):
    """Of get_conversation_list."""

    page_result: ConversationPageResult
    conversations: Annotated[list[ConversationReply], NULL_IS_EMPTY]


class MessageReply(ReplyModel):
    """One message of a conversation."""

    message_id: Id
    message_type: Text = ""
    conversation_id: OptionalId = ""
    from_shop_id: OptionalId = ""
    created_timestamp: Seconds
    status: Text = ""
    source: Text = ""
    content: LooseObject = Field(default_factory=dict)


class MessagePageResult(ReplyModel):
    """Where the next page of messages begins."""

    next_offset: OptionalId = ""


class MessageListReply(ReplyModel):
    """Of get_message."""

    messages: Annotated[list[MessageReply], NULL_IS_EMPTY]
    page_result: MessagePageResult


class SentReply(ReplyModel):
    """Of send_message. The message id alone proves the send; the rest is taken where given."""

    message_id: Id
    conversation_id: OptionalId = ""
    created_timestamp: Seconds | None = None


class UploadReply(ReplyModel):
    """Of upload_image."""

    url: str = Field(min_length=1)
