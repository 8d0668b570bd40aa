"""TikTok Shop's chat: conversations, messages, pictures, sending (marketplace-apis 3.4)."""

import json
import time
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
from cloud.marketplaces.daily import Counted
from cloud.marketplaces.errors import (
    FailureClass,
    MalformedReply,
    NotFound,
    PermanentError,
)
from cloud.marketplaces.exchange import Call
from cloud.marketplaces.reply_fields import read
from cloud.marketplaces.tiktok.client import Payload, TikTokPart, fits_a_path
from cloud.marketplaces.tiktok.replies import (
    ConversationListReply,
    ConversationReply,
    MessageListReply,
    MessageReply,
    OpenedReply,
    SentReply,
    UploadReply,
)

CONVERSATIONS_PATH = "/customer_service/202309/conversations"
UPLOAD_PATH = "/customer_service/202309/images/upload"

CONVERSATIONS_PER_PAGE = 20
MESSAGES_PER_PAGE = 10
_BUYER = "BUYER"


class TikTokChat(TikTokPart):
    """The part of the adapter that reads and writes chats. See `Marketplace` for the contract.

    TikTok Shop gives 10,000 chat requests a day: these calls are for an event, not for a clock.
    """

    def conversations(self, access: ShopAccess, *, cursor: str = "") -> ConversationPage:
        """In the order TikTok Shop gives them, which is not stated."""
        query = {"page_size": str(CONVERSATIONS_PER_PAGE)}
        if cursor:
            query["page_token"] = cursor
        access.spend(Counted.LIST_CONVERSATIONS)
        data = self._client.get(access, CONVERSATIONS_PATH, query)
        reply = read(ConversationListReply, data)
        conversations = tuple(map(_conversation, reply.conversations))
        return ConversationPage(conversations, _following(reply.next_page_token, cursor))

    def find_conversation(
        self,
        access: ShopAccess,
        *,
        buyer_id: str,
        since: datetime | None = None,
        max_pages: int = 4,
    ) -> ConversationSearch:
        """Read the list page by page, to its end: its order does not tell what is older."""
        del since
        return search_conversations(
            lambda cursor: self.conversations(access, cursor=cursor),
            buyer_id=buyer_id,
            since=None,
            max_pages=max_pages,
        )

    def open_conversation(self, access: ShopAccess, *, order_number: str, buyer_id: str) -> str:
        """The buyer's conversation: the one there is, reopened if it was closed, or a new one."""
        del order_number  # a conversation here is about a buyer
        return self._open(access, buyer_id, deadline_s=None)

    def messages(
        self, access: ShopAccess, conversation_id: str, *, cursor: str = ""
    ) -> MessagePage:
        """Newest first, by the index that grows with each message of a conversation."""
        query = {
            "page_size": str(MESSAGES_PER_PAGE),
            "sort_order": "DESC",
            "sort_field": "index",
        }
        if cursor:
            query["page_token"] = cursor
        path = _messages_path(conversation_id)
        access.spend(Counted.LIST_MESSAGES)
        data = self._client.get(access, path, query)
        reply = read(MessageListReply, data)
        once = {row.id: row for row in reply.messages}
        newest_first = sorted(once.values(), key=lambda row: row.index, reverse=True)
        messages = tuple(_message(row, conversation_id) for row in newest_first)
        return MessagePage(messages, _following(reply.next_page_token, cursor))

    def mark_read(self, access: ShopAccess, conversation_id: str, *, last_message_id: str) -> None:
        """The whole conversation: TikTok Shop marks nothing less."""
        del last_message_id
        path = _messages_path(conversation_id) + "/read"
        access.spend(Counted.MARK_READ)
        self._client.post(access, path, None)

    def upload_image(
        self, access: ShopAccess, image: bytes, *, media_type: str = "image/jpeg"
    ) -> UploadedImage:
        """The address comes with the size in pixels, and the send wants all three."""
        name = "photo." + media_type.rpartition("/")[2]
        try:
            data = self._client.post_file(access, UPLOAD_PATH, (name, image, media_type))
        except PermanentError as error:
            if error.failure is not FailureClass.OTHER:
                raise
            # No code is documented for a picture that is not taken: this is what is left.
            failure = FailureClass.REFUSED_CONTENT
            raise PermanentError(failure, error.name, error.detail) from error
        reply = read(UploadReply, data)
        return UploadedImage(reply.url, width_px=reply.width, height_px=reply.height)

    def send(
        self, access: ShopAccess, message: OutgoingMessage, *, deadline_s: float
    ) -> SentMessage:
        """One request, and one more before it where the conversation is not known yet."""
        ends_at_s = time.monotonic() + deadline_s
        body = send_body(message.part)
        conversation_id = message.conversation_id or self._open(
            access, message.buyer_id, deadline_s=deadline_s
        )
        path = _messages_path(conversation_id)
        access.spend(Counted.SEND)
        began_at = self._client.now()
        data = self._client.post_send(
            access,
            path,
            body,
            deadline_s=ends_at_s - time.monotonic(),
        )
        message_id = read(SentReply, data, call=Call.SEND).message_id
        return SentMessage(message_id, conversation_id, began_at)

    def _open(self, access: ShopAccess, buyer_id: str, *, deadline_s: float | None) -> str:
        body = {"buyer_user_id": buyer_id}
        data = self._client.post(access, CONVERSATIONS_PATH, body, deadline_s=deadline_s)
        return read(OpenedReply, data).conversation_id


def send_body(part: MessagePart) -> Payload:
    """The JSON body of a send; its `content` is itself JSON, as a string."""
    kind, content = _typed_content(part)
    return {"type": kind, "content": json.dumps(content, ensure_ascii=False)}


def _typed_content(part: MessagePart) -> tuple[str, Payload]:
    if isinstance(part, TextPart):
        return "TEXT", {"content": part.text}
    if isinstance(part, ImagePart):
        if part.width_px is None or part.height_px is None:
            raise PermanentError(
                FailureClass.REFUSED_CONTENT,
                "picture_without_size",
                "TikTok Shop wants the size in pixels that its upload returned",
            )
        return "IMAGE", {"url": part.url, "width": part.width_px, "height": part.height_px}
    return "ORDER_CARD", {"order_id": part.order_number}


def _messages_path(conversation_id: str) -> str:
    if not fits_a_path(conversation_id):
        raise NotFound(
            FailureClass.OTHER, "no_such_conversation", "this is no id of a conversation"
        )
    return f"{CONVERSATIONS_PATH}/{conversation_id}/messages"


def _following(next_page_token: str, cursor: str) -> str:
    if cursor and next_page_token == cursor:
        raise MalformedReply(
            FailureClass.OUTAGE, "malformed_reply", "next_page_token does not go on"
        )
    return next_page_token


def _conversation(reply: ConversationReply) -> Conversation:
    buyer = next((one for one in reply.participants if one.role == _BUYER), None)
    latest = reply.latest_message
    return Conversation(
        conversation_id=reply.id,
        # What an order names its buyer by; im_user_id is another id.
        buyer_id=buyer.user_id if buyer else "",
        buyer_name=buyer.nickname if buyer else "",
        unread_count=reply.unread_count,
        last_message_id=latest.id if latest else "",
        last_message_at=latest.create_time if latest else None,
    )


def _message(reply: MessageReply, conversation_id: str) -> ChatMessage:
    content = reply.content
    return ChatMessage(
        message_id=reply.id,
        conversation_id=conversation_id,
        kind=reply.type,
        created_at=reply.create_time,
        # Robots and the system speak for the shop.
        is_by_shop=reply.sender.role != _BUYER,
        is_by_api=False,  # agents and apps have the same role
        is_hidden=not reply.is_visible,
        status=reply.sender.role,
        text=_string(content, "content"),
        image_url=_string(content, "url") if reply.type == "IMAGE" else "",
        order_number=_string(content, "order_id"),
    )


def _string(content: Payload, key: str) -> str:
    value = content.get(key)
    return value if isinstance(value, str) else ""
