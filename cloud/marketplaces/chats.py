"""Conversations and messages as a marketplace gives and takes them."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class TextPart:
    """Text, in characters no more than the capabilities of shop and country allow."""

    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ImagePart:
    """A picture already uploaded, with the address and the size that `upload_image` returned."""

    url: str
    width_px: int | None = None
    height_px: int | None = None


@dataclass(frozen=True, slots=True)
class OrderCardPart:
    """The marketplace's own card that shows the order in the chat."""

    order_number: str


MessagePart = TextPart | ImagePart | OrderCardPart


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """One message to a buyer. `order_number` goes along with every kind of part.

    `conversation_id` is the one `open_conversation` returned; it may be empty where the marketplace
    finds the conversation by the buyer.
    """

    buyer_id: str
    order_number: str
    part: MessagePart
    conversation_id: str = ""


@dataclass(frozen=True, slots=True)
class SentMessage:
    """A message the marketplace has, with the id it gave."""

    message_id: str
    conversation_id: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class UploadedImage:
    """A picture at the marketplace, to be sent by its address.

    Its size is given where the marketplace wants to hear it again when the picture is sent.
    """

    url: str
    width_px: int | None = None
    height_px: int | None = None


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation of the shop with one buyer.

    `unread_count`: messages of the buyer that the shop has not read, in this conversation.
    """

    conversation_id: str
    buyer_id: str
    buyer_name: str = field(repr=False)
    unread_count: int
    last_message_id: str
    last_message_at: datetime | None


@dataclass(frozen=True, slots=True)
class ConversationPage:
    """Some conversations, newest first. `next_cursor` is opaque; it is empty on the last page."""

    conversations: tuple[Conversation, ...]
    next_cursor: str


@dataclass(frozen=True, slots=True)
class ConversationSearch:
    """The outcome of looking for a buyer's conversation.

    Without a conversation, `is_complete` tells "there is none" (True) from "not among those read".
    """

    conversation: Conversation | None
    is_complete: bool


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """A message of a conversation.

    `kind` and `status` are the marketplace's own words. `text`, `image_url` and `order_number` are
    empty where the kind has none. `is_by_shop` holds for whatever the shop wrote, `is_by_api` only
    for what an app may have written: where a marketplace does not tell apps from people, for both.
    `is_hidden`: accepted, but never shown to the buyer.
    """

    message_id: str
    conversation_id: str
    kind: str
    created_at: datetime
    is_by_shop: bool
    is_by_api: bool
    is_hidden: bool
    status: str
    text: str = field(repr=False)
    image_url: str
    order_number: str


@dataclass(frozen=True, slots=True)
class MessagePage:
    """Some messages, newest first. `next_cursor` is opaque; it is empty on the last page."""

    messages: tuple[ChatMessage, ...]
    next_cursor: str


@dataclass(frozen=True, slots=True)
class Found:
    """The message is in the chat. `is_hidden`: it is there, but the buyer cannot see it."""

    message: SentMessage
    is_hidden: bool


@dataclass(frozen=True, slots=True)
class NotInChat:
    """The message looked for was not seen.

    Only where `is_complete` is True was everything since the given time read; a message may still
    be on its way into the chat, so one complete reading right after a send proves little.
    """

    is_complete: bool


ReadBack = Found | NotInChat
