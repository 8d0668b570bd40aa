"""Lazada's chat: conversations, messages, pictures, sending (marketplace-apis 2.4)."""

from datetime import datetime
from typing import Any

from cloud.marketplaces.access import ShopAccess
from cloud.marketplaces.chat_search import search_conversations
from cloud.marketplaces.chats import (
    ChatMessage,
    Conversation,
    ConversationPage,
    ConversationSearch,
    ImagePart,
    MessagePage,
    MessagePart,
    OutgoingMessage,
    SentMessage,
    TextPart,
    UploadedImage,
)
from cloud.marketplaces.errors import FailureClass, MalformedReply, PermanentError
from cloud.marketplaces.exchange import Call
from cloud.marketplaces.lazada.client import LazadaPart
from cloud.marketplaces.lazada.picture_size import size_px
from cloud.marketplaces.lazada.replies import (
    MessageListReply,
    MessageReply,
    OpenedReply,
    SentReply,
    SessionListReply,
    SessionReply,
    UploadReply,
)
from cloud.marketplaces.reply_fields import read

OPEN_PATH = "/im/session/open"
SESSIONS_PATH = "/im/session/list"
MESSAGES_PATH = "/im/message/list"
READ_PATH = "/im/session/read"
SEND_PATH = "/im/message/send"
UPLOAD_PATH = "/image/upload"

PAGE_SIZE = 20
TEXT, PICTURE, ORDER_CARD = "1", "3", "10007"
_SELLER = 2
_BY_SYSTEM = "2"


class LazadaChat(LazadaPart):
    """The part of the adapter that reads and writes chats. See `Marketplace` for the contract.

    Lazada takes the right to read chats from apps that ask for them again and again: what is new
    comes by push, and these are for single looks.
    """

    def conversations(self, access: ShopAccess, *, cursor: str = "") -> ConversationPage:
        """Newest first, beginning with now."""
        query = self._page_query(cursor, "last_session_id")
        payload = self._client.get(access, SESSIONS_PATH, query)
        reply = read(SessionListReply, payload.get("data"))
        following = _following(cursor, reply.has_more, reply.next_start_time, reply.last_session_id)
        return ConversationPage(tuple(map(_conversation, reply.session_list)), following)

    def find_conversation(
        self,
        access: ShopAccess,
        *,
        buyer_id: str,
        since: datetime | None = None,
        max_pages: int = 4,
    ) -> ConversationSearch:
        """Page by page. Where an order is known, `open_conversation` finds it in one request."""
        return search_conversations(
            lambda cursor: self.conversations(access, cursor=cursor),
            buyer_id=buyer_id,
            since=since,
            max_pages=max_pages,
        )

    def open_conversation(self, access: ShopAccess, *, order_number: str, buyer_id: str) -> str:
        """The conversation with the order's buyer, whether it was there or not."""
        del buyer_id  # the order tells
        payload = self._client.get(access, OPEN_PATH, {"order_id": order_number})
        return read(OpenedReply, payload.get("data")).session_id

    def messages(
        self, access: ShopAccess, conversation_id: str, *, cursor: str = ""
    ) -> MessagePage:
        """Newest first, beginning with now."""
        query = self._page_query(cursor, "last_message_id")
        payload = self._client.get(access, MESSAGES_PATH, {**query, "session_id": conversation_id})
        reply = read(MessageListReply, payload.get("data"))
        following = _following(cursor, reply.has_more, reply.next_start_time, reply.last_message_id)
        messages = tuple(_message(row, conversation_id) for row in reply.message_list)
        return MessagePage(messages, following)

    def mark_read(self, access: ShopAccess, conversation_id: str, *, last_message_id: str) -> None:
        """Up to a message; sets the seller's read point."""
        parameters = {"session_id": conversation_id, "last_read_message_id": last_message_id}
        self._client.post(access, READ_PATH, parameters)

    def upload_image(
        self, access: ShopAccess, image: bytes, *, media_type: str = "image/jpeg"
    ) -> UploadedImage:
        """With its size, which Lazada does not return and yet wants to hear in the message."""
        width_px, height_px = size_px(image)
        name = "photo." + media_type.rpartition("/")[2]
        payload = self._client.post_file(access, UPLOAD_PATH, "image", (name, image, media_type))
        url = read(UploadReply, payload.get("data")).image.url
        return UploadedImage(url, width_px, height_px)

    def send(
        self, access: ShopAccess, message: OutgoingMessage, *, deadline_s: float
    ) -> SentMessage:
        """One request, into a conversation that was opened before."""
        if not message.conversation_id:
            raise ValueError("Lazada needs the conversation: open it before sending into it")
        began_at = self._client.now()
        parameters = {"session_id": message.conversation_id, **send_fields(message.part)}
        payload = self._client.post_send(access, SEND_PATH, parameters, deadline_s=deadline_s)
        reply = read(SentReply, payload.get("data"), call=Call.SEND)
        return SentMessage(reply.message_id, message.conversation_id, began_at)

    def _page_query(self, cursor: str, last_id_field: str) -> dict[str, str]:
        """Our cursor is where the page begins, in milliseconds, a colon, and the last id."""
        now_ms = str(int(self._client.now().timestamp() * 1000))
        start_ms, _, last_id = (cursor or f"{now_ms}:").partition(":")
        if not start_ms.isdigit():
            raise ValueError(f"{cursor!r} is not a cursor of this marketplace")
        query = {"start_time": start_ms, "page_size": str(PAGE_SIZE)}
        return {**query, last_id_field: last_id} if last_id else query


def send_fields(part: MessagePart) -> dict[str, str]:
    """What /im/message/send wants besides the conversation."""
    if isinstance(part, TextPart):
        return {"template_id": TEXT, "txt": part.text}
    if isinstance(part, ImagePart):
        if part.width_px is None or part.height_px is None:
            raise PermanentError(
                FailureClass.OTHER,
                "picture_without_size",
                "Lazada wants the size of a picture: send what upload_image returned",
            )
        return {
            "template_id": PICTURE,
            "img_url": part.url,
            "width": str(part.width_px),
            "height": str(part.height_px),
        }
    return {"template_id": ORDER_CARD, "order_id": part.order_number}


def _following(cursor: str, has_more: bool, next_start_time: str, last_id: str) -> str:
    if not has_more:
        return ""
    following = f"{next_start_time}:{last_id}"
    if not next_start_time.isdigit() or following == cursor:
        raise MalformedReply(
            FailureClass.OUTAGE, "malformed_reply", "the list says more, but not from where"
        )
    return following


def _conversation(reply: SessionReply) -> Conversation:
    return Conversation(
        conversation_id=reply.session_id,
        buyer_id=reply.buyer_id,
        buyer_name=reply.title,
        unread_count=reply.unread_count,
        last_message_id=reply.last_message_id,
        last_message_at=reply.last_message_time,
    )


def _message(reply: MessageReply, conversation_id: str) -> ChatMessage:
    content = reply.content
    is_by_shop = reply.from_account_type == _SELLER
    return ChatMessage(
        message_id=reply.message_id,
        conversation_id=reply.session_id or conversation_id,
        kind=reply.template_id,
        created_at=reply.send_time,
        is_by_shop=is_by_shop,
        is_by_api=is_by_shop and not reply.auto_reply and reply.type != _BY_SYSTEM,
        is_hidden=bool(reply.process_msg),
        status=reply.process_msg or reply.status,
        text=_string(content, "txt"),
        image_url=_string(content, "imgUrl"),
        order_number=_string(content, "orderId"),
    )


def _string(content: dict[str, Any], key: str) -> str:
    value = content.get(key)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else ""
