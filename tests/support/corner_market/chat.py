"""Corner's chat: conversations, messages, pictures, sending, and looking a message up."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta

from pydantic import Field

from cloud.marketplaces.access import ShopAccess
from cloud.marketplaces.chat_search import search_conversations, search_messages
from cloud.marketplaces.chats import (
    ChatMessage,
    Conversation,
    ConversationPage,
    ConversationSearch,
    ImagePart,
    MessagePage,
    MessagePart,
    OutgoingMessage,
    ReadBack,
    SentMessage,
    TextPart,
    UploadedImage,
)
from cloud.marketplaces.errors import FailureClass, MalformedReply
from cloud.marketplaces.exchange import Call
from cloud.marketplaces.interface import CLOCK_SKEW
from cloud.marketplaces.reply_fields import (
    Id,
    Milliseconds,
    OptionalId,
    ReplyModel,
    Text,
    Unread,
    read,
)
from tests.support.corner_market.client import CornerPart


class ChatReply(ReplyModel):
    """One chat."""

    chat: Id
    buyer: OptionalId = ""
    unread: Unread = 0
    last_message: OptionalId = ""
    last_at: Milliseconds | None = None


class ChatListReply(ReplyModel):
    """Of `chats`."""

    chats: list[ChatReply]
    before: Text = ""


class MessageReply(ReplyModel):
    """One message; `value` is its text, the address of its picture, or its order's number."""

    message: Id
    kind: Text
    by: Text
    at: Milliseconds
    shown: bool = True
    value: Text = ""


class MessageListReply(ReplyModel):
    """Of `messages`."""

    messages: list[MessageReply]
    before: Text = ""


class OpenedReply(ReplyModel):
    """Of `open`."""

    chat: Id


class UploadReply(ReplyModel):
    """Of `upload`."""

    url: str = Field(min_length=1)


class SentReply(ReplyModel):
    """Of `send`."""

    message_id: Id
    at: Milliseconds


class CornerChat(CornerPart):
    """The part of the adapter that reads and writes chats."""

    def conversations(self, access: ShopAccess, *, cursor: str = "") -> ConversationPage:
        reply = read(ChatListReply, self._client.read(access, "chats", before=cursor))
        found = tuple(
            Conversation(one.chat, one.buyer, "", one.unread, one.last_message, one.last_at)
            for one in reply.chats
        )
        return ConversationPage(found, _following(reply.before, cursor))

    def find_conversation(
        self,
        access: ShopAccess,
        *,
        buyer_id: str,
        since: datetime | None = None,
        max_pages: int = 4,
    ) -> ConversationSearch:
        return search_conversations(
            lambda cursor: self.conversations(access, cursor=cursor),
            buyer_id=buyer_id,
            since=since,
            max_pages=max_pages,
        )

    def open_conversation(self, access: ShopAccess, *, order_number: str, buyer_id: str) -> str:
        del buyer_id  # the order tells
        return read(OpenedReply, self._client.read(access, "open", order=order_number)).chat

    def messages(
        self, access: ShopAccess, conversation_id: str, *, cursor: str = ""
    ) -> MessagePage:
        data = self._client.read(access, "messages", chat=conversation_id, before=cursor)
        reply = read(MessageListReply, data)
        found = tuple(_message(one, conversation_id) for one in reply.messages)
        return MessagePage(found, _following(reply.before, cursor))

    def mark_read(self, access: ShopAccess, conversation_id: str, *, last_message_id: str) -> None:
        self._client.read(access, "read", chat=conversation_id, message=last_message_id)

    def upload_image(
        self, access: ShopAccess, image: bytes, *, media_type: str = "image/jpeg"
    ) -> UploadedImage:
        del media_type  # the bytes tell
        return UploadedImage(read(UploadReply, self._client.read_raw(access, "upload", image)).url)

    def send(
        self, access: ShopAccess, message: OutgoingMessage, *, deadline_s: float
    ) -> SentMessage:
        if not message.conversation_id:
            raise ValueError("Corner needs the conversation: open it before sending into it")
        kind, value = _kind_and_value(message.part)
        fields = {"chat": message.conversation_id, "kind": kind, "value": value}
        data = self._client.send(access, "send", fields, deadline_s=deadline_s)
        reply = read(SentReply, data, call=Call.SEND)
        return SentMessage(reply.message_id, message.conversation_id, reply.at)

    def read_back(
        self,
        access: ShopAccess,
        message: OutgoingMessage,
        *,
        since: datetime,
        known_ids: Collection[str] = (),
        clock_skew: timedelta = CLOCK_SKEW,
        max_pages: int = 40,
    ) -> ReadBack:
        if since.tzinfo is None:
            raise ValueError("since needs a time zone")
        earliest = since.replace(microsecond=0) - clock_skew
        if not message.conversation_id:
            opened = self.open_conversation(
                access, order_number=message.order_number, buyer_id=message.buyer_id
            )
            message = replace(message, conversation_id=opened)
        return search_messages(
            lambda cursor: self.messages(access, message.conversation_id, cursor=cursor),
            lambda seen: _is_same(seen, message.part, earliest),
            earliest=earliest,
            known_ids=known_ids,
            max_pages=max_pages,
        )


def _kind_and_value(part: MessagePart) -> tuple[str, str]:
    if isinstance(part, TextPart):
        return "text", part.text
    if isinstance(part, ImagePart):
        return "image", part.url
    return "order", part.order_number


def _is_same(seen: ChatMessage, part: MessagePart, earliest: datetime) -> bool:
    kind, value = _kind_and_value(part)
    values = {"text": seen.text, "image": seen.image_url, "order": seen.order_number}
    is_ours = seen.is_by_api and seen.created_at >= earliest
    return is_ours and seen.kind == kind and values[kind] == value


def _message(reply: MessageReply, conversation_id: str) -> ChatMessage:
    return ChatMessage(
        message_id=reply.message,
        conversation_id=conversation_id,
        kind=reply.kind,
        created_at=reply.at,
        is_by_shop=reply.by != "buyer",
        is_by_api=reply.by == "app",
        is_hidden=not reply.shown,
        status="shown" if reply.shown else "hidden",
        text=reply.value if reply.kind == "text" else "",
        image_url=reply.value if reply.kind == "image" else "",
        order_number=reply.value if reply.kind == "order" else "",
    )


def _following(before: str, cursor: str) -> str:
    if before and before == cursor:
        raise MalformedReply(FailureClass.OUTAGE, "malformed_reply", "before does not go on")
    return before
