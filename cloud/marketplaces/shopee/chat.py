"""Shopee's chat: conversations, messages, pictures, sending (marketplace-apis 1.4)."""

from datetime import datetime

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
from cloud.marketplaces.errors import FailureClass, MalformedReply, NotFound, PermanentError
from cloud.marketplaces.exchange import Call
from cloud.marketplaces.reply_fields import read
from cloud.marketplaces.shopee.client import Payload, ShopeePart, as_number
from cloud.marketplaces.shopee.replies import (
    ConversationListReply,
    ConversationReply,
    MessageListReply,
    MessageReply,
    SentReply,
    UnreadReply,
    UploadReply,
)

CONVERSATIONS_PATH = "/api/v2/sellerchat/get_conversation_list"
MESSAGES_PATH = "/api/v2/sellerchat/get_message"
READ_PATH = "/api/v2/sellerchat/read_conversation"
UNREAD_PATH = "/api/v2/sellerchat/get_unread_conversation_count"
UPLOAD_PATH = "/api/v2/sellerchat/upload_image"
SEND_PATH = "/api/v2/sellerchat/send_message"

PAGE_SIZE = 25  # 60 is stated, but pages of 60 came back empty for several shops
BUSINESS_TYPE_BUYER = 0
_HIDDEN = frozenset({"blocked", "censored_blacklist"})


class ShopeeChat(ShopeePart):
    """The part of the adapter that reads and writes chats. See `Marketplace` for the contract."""

    def conversations(self, access: ShopAccess, *, cursor: str = "") -> ConversationPage:
        """Newest first, which Shopee calls "older"; "latest" would begin with the oldest."""
        query = {"direction": "older", "type": "all", "page_size": str(PAGE_SIZE)}
        if cursor:
            query["next_timestamp_nano"] = cursor
        payload = self._client.get(access, CONVERSATIONS_PATH, query)
        reply = read(ConversationListReply, payload.get("response"))
        following = reply.page_result.next_cursor
        next_cursor = following.next_message_time_nano if following else ""
        if not reply.page_result.more:
            next_cursor = ""
        elif not next_cursor:
            raise MalformedReply(
                FailureClass.OUTAGE, "malformed_reply", "page_result says more, but not from where"
            )
        return ConversationPage(tuple(map(_conversation, reply.conversations)), next_cursor)

    def find_conversation(
        self,
        access: ShopAccess,
        *,
        buyer_id: str,
        since: datetime | None = None,
        max_pages: int = 4,
    ) -> ConversationSearch:
        """Read the list page by page; Shopee has no call that finds a conversation by its buyer."""
        return search_conversations(
            lambda cursor: self.conversations(access, cursor=cursor),
            buyer_id=buyer_id,
            since=since,
            max_pages=max_pages,
        )

    def open_conversation(self, access: ShopAccess, *, order_number: str, buyer_id: str) -> str:
        """Empty: Shopee opens a conversation with the first message and has no call for it."""
        del access, order_number, buyer_id  # what other marketplaces need for it
        return ""

    def messages(
        self, access: ShopAccess, conversation_id: str, *, cursor: str = ""
    ) -> MessagePage:
        """Newest first. The last page is the one without messages or without a new offset."""
        query = {"conversation_id": conversation_id, "page_size": str(PAGE_SIZE)}
        if cursor:
            query["offset"] = cursor
        payload = self._client.get(access, MESSAGES_PATH, query)
        reply = read(MessageListReply, payload.get("response"))
        next_offset = reply.page_result.next_offset
        if not reply.messages:
            next_offset = ""
        elif next_offset and next_offset == cursor:
            raise MalformedReply(
                FailureClass.OUTAGE, "malformed_reply", "next_offset does not go on"
            )
        messages = tuple(_message(row, access.shop_id, conversation_id) for row in reply.messages)
        return MessagePage(messages, next_offset)

    def mark_read(self, access: ShopAccess, conversation_id: str, *, last_message_id: str) -> None:
        """Up to a message. Its id goes as text and the conversation's as an integer (reported)."""
        if not (conversation_id.isascii() and conversation_id.isdigit()):
            raise NotFound(
                FailureClass.OTHER, "no_such_conversation", "Shopee's conversations are digits"
            )
        body: Payload = {
            "conversation_id": int(conversation_id),
            "last_read_message_id": last_message_id,
        }
        self._client.post(access, READ_PATH, body)

    def unread_conversations(self, access: ShopAccess) -> int:
        """Shopee's total is of conversations, whereas the count of each is of messages."""
        payload = self._client.get(access, UNREAD_PATH, {})
        return read(UnreadReply, payload.get("response")).total_unread_count

    def upload_image(
        self, access: ShopAccess, image: bytes, *, media_type: str = "image/jpeg"
    ) -> UploadedImage:
        """Each upload gives a new address, even of the same picture."""
        name = "photo." + media_type.rpartition("/")[2]
        try:
            payload = self._client.post_file(access, UPLOAD_PATH, (name, image, media_type))
        except PermanentError as exc:
            if exc.name != "param_error":
                raise
            # The picture is the only parameter of this call.
            raise PermanentError(FailureClass.REFUSED_CONTENT, exc.name, exc.detail) from exc
        return UploadedImage(read(UploadReply, payload.get("response")).url)

    def send(
        self, access: ShopAccess, message: OutgoingMessage, *, deadline_s: float
    ) -> SentMessage:
        """One request. The order goes along with each message, so most first chats need no card."""
        began_at = self._client.now()
        body = send_body(message)
        payload = self._client.post_send(access, SEND_PATH, body, deadline_s=deadline_s)
        reply = read(SentReply, payload.get("response"), call=Call.SEND)
        return SentMessage(
            message_id=reply.message_id,
            conversation_id=reply.conversation_id or message.conversation_id,
            created_at=reply.created_timestamp or began_at,
        )


def send_body(message: OutgoingMessage) -> Payload:
    """The JSON body of send_message. `conversation_id` belongs only to other business types."""
    message_type, content = _typed_content(message.part)
    body: Payload = {
        "to_id": as_number(message.buyer_id, FailureClass.BUYER_UNREACHABLE, "Shopee's buyer id"),
        "message_type": message_type,
        "content": content,
        "business_type": BUSINESS_TYPE_BUYER,
    }
    if message.order_number:
        body["source_content"] = {"order_sn": message.order_number}
    return body


def _typed_content(part: MessagePart) -> tuple[str, dict[str, str]]:
    if isinstance(part, TextPart):
        return "text", {"text": part.text}
    if isinstance(part, ImagePart):
        return "image", {"image_url": part.url}
    return "order", {"order_sn": part.order_number}


def _conversation(reply: ConversationReply) -> Conversation:
    return Conversation(
        conversation_id=reply.conversation_id,
        buyer_id=reply.to_id,
        buyer_name=reply.to_name,
        unread_count=reply.unread_count,
        last_message_id=reply.latest_message_id,
        last_message_at=reply.last_message_timestamp,
    )


def _message(reply: MessageReply, shop_id: str, conversation_id: str) -> ChatMessage:
    content = reply.content
    return ChatMessage(
        message_id=reply.message_id,
        conversation_id=reply.conversation_id or conversation_id,
        kind=reply.message_type,
        created_at=reply.created_timestamp,
        is_by_shop=reply.from_shop_id == shop_id,
        is_by_api=reply.source == "openapi",
        is_hidden=reply.status in _HIDDEN,
        status=reply.status,
        text=_string(content, "text"),
        image_url=_string(content, "url") or _string(content, "image_url"),
        order_number=_string(content, "order_sn"),
    )


def _string(content: Payload, key: str) -> str:
    value = content.get(key)
    return value if isinstance(value, str) else ""
