"""The shapes of Shopee's replies, with every id as text and every time with its zone.

Shopee gives seconds nearly everywhere and nanoseconds in one place; a value out of its range is
refused here instead of becoming a date in the year 55000.
"""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from cloud.marketplaces.exchange import Call, unreadable

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST_S = 946_684_800  # 2000-01-01
_LATEST_S = 4_102_444_800  # 2100-01-01


def _id(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError("an id is text or an integer")  # noqa: TRY004 - pydantic wants ValueError
    return str(value)


def _optional_id(value: object) -> object:
    return "" if value is None or value in (0, "0") else _id(value)


def _text(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return "" if value is None else value


def _whole(value: object) -> int:
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("a time is an integer")  # noqa: TRY004 - pydantic wants ValueError
    return value


def _from_seconds(value: object) -> datetime:
    seconds = _whole(value)
    if not _EARLIEST_S <= seconds < _LATEST_S:
        raise ValueError("not a time in seconds since 1970")
    return _EPOCH + timedelta(seconds=seconds)


def _from_nanoseconds(value: object) -> datetime | None:
    nanoseconds = 0 if value is None else _whole(value)
    if nanoseconds == 0:
        return None
    seconds, rest = divmod(nanoseconds, 1_000_000_000)
    return _from_seconds(seconds) + timedelta(microseconds=rest // 1000)


def _list(value: object) -> object:
    return [] if value is None else value


def _content(value: object) -> object:
    # Kinds of messages we do not know may carry anything.
    return value if isinstance(value, dict) else {}


Id = Annotated[str, BeforeValidator(_id), Field(min_length=1)]
OptionalId = Annotated[str, BeforeValidator(_optional_id)]
Text = Annotated[str, BeforeValidator(_text)]
Seconds = Annotated[datetime, BeforeValidator(_from_seconds)]
Nanoseconds = Annotated[datetime | None, BeforeValidator(_from_nanoseconds)]
Ids = Annotated[list[OptionalId], BeforeValidator(_list)]


class _Reply(BaseModel):
    # Inputs stay out of errors: they hold tokens and personal data.
    model_config = ConfigDict(extra="ignore", frozen=True, strict=True, hide_input_in_errors=True)


class TokenReply(_Reply):
    """Of token/get and access_token/get; the fields stand at the top, not under `response`."""

    access_token: str = Field(min_length=1, repr=False)
    refresh_token: str = Field(min_length=1, repr=False)
    expire_in: int = Field(gt=0)
    shop_id_list: Ids = []


class ListedOrder(_Reply):
    """One row of get_order_list, which gives little more than the number."""

    order_sn: Id


class OrderListReply(_Reply):
    """Of get_order_list."""

    more: bool
    next_cursor: Text = ""
    order_list: Annotated[list[ListedOrder], BeforeValidator(_list)]


class RecipientReply(_Reply):
    """A receiver, often masked."""

    name: Text = ""
    phone: Text = ""
    full_address: Text = ""


class ImageInfoReply(_Reply):
    """The picture of an item."""

    image_url: Text = ""


class ItemReply(_Reply):
    """One line of an order."""

    item_id: OptionalId = ""
    item_name: Text = ""
    item_sku: Text = ""
    model_name: Text = ""
    model_sku: Text = ""
    model_quantity_purchased: int = 0
    image_info: ImageInfoReply | None = None


class PackageReply(_Reply):
    """A package as the order names it: without its tracking number."""

    package_number: Id
    logistics_status: Text = ""
    shipping_carrier: Text = ""


class OrderReply(_Reply):
    """One order of get_order_detail."""

    order_sn: Id
    order_status: str
    create_time: Seconds
    update_time: Seconds
    buyer_user_id: OptionalId = ""
    buyer_username: Text = ""
    recipient_address: RecipientReply | None = None
    item_list: Annotated[list[ItemReply], BeforeValidator(_list)] = []
    package_list: Annotated[list[PackageReply], BeforeValidator(_list)] = []


class OrderDetailReply(_Reply):
    """Of get_order_detail."""

    order_list: Annotated[list[OrderReply], BeforeValidator(_list)]


class TrackedPackageReply(_Reply):
    """One package of get_package_detail."""

    package_number: Id
    tracking_number: Text = ""


class PackageDetailReply(_Reply):
    """Of get_package_detail."""

    package_list: Annotated[list[TrackedPackageReply], BeforeValidator(_list)]


class TrackingReply(_Reply):
    """Of get_tracking_number."""

    tracking_number: Text = ""


class ConversationReply(_Reply):
    """One conversation; the time of its last message is in nanoseconds."""

    conversation_id: Id
    to_id: OptionalId = ""
    to_name: Text = ""
    unread_count: int = 0
    latest_message_id: OptionalId = ""
    last_message_timestamp: Nanoseconds = None


class NextConversation(_Reply):
    """Where the next page of conversations begins."""

    next_message_time_nano: OptionalId = ""


class ConversationPageResult(_Reply):
    """Whether and where the list of conversations goes on."""

    more: bool
    next_cursor: NextConversation | None = None


class ConversationListReply(_Reply):
    """Of get_conversation_list."""

    page_result: ConversationPageResult
    conversations: Annotated[list[ConversationReply], BeforeValidator(_list)]


class MessageReply(_Reply):
    """One message of a conversation."""

    message_id: Id
    message_type: Text = ""
    conversation_id: OptionalId = ""
    from_shop_id: OptionalId = ""
    created_timestamp: Seconds
    status: Text = ""
    source: Text = ""
    content: Annotated[dict[str, Any], BeforeValidator(_content)] = {}


class MessagePageResult(_Reply):
    """Where the next page of messages begins."""

    next_offset: OptionalId = ""


class MessageListReply(_Reply):
    """Of get_message."""

    messages: Annotated[list[MessageReply], BeforeValidator(_list)]
    page_result: MessagePageResult


class SentReply(_Reply):
    """Of send_message. The message id alone proves the send; the rest is taken where given."""

    message_id: Id
    conversation_id: OptionalId = ""
    created_timestamp: Seconds | None = None


class UploadReply(_Reply):
    """Of upload_image."""

    url: str = Field(min_length=1)


Model = TypeVar("Model", bound=_Reply)


def read(model: type[Model], value: object, *, call: Call = Call.SAFE) -> Model:
    """`value` as `model`. Raises what an unreadable reply means for `call`, naming the field."""
    try:
        return model.model_validate(value)
    except ValidationError as exc:
        first = exc.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(str(step) for step in first["loc"]) or "response"
        raise unreadable(call, f"{where}: {first['msg']}") from None
