"""A chat as the buyer sees it: the truth that pages show and tests count."""

from pydantic import BaseModel

from sandbox.clock import NANOSECONDS
from sandbox.market.chatlog import contact_between
from sandbox.market.entities import By, Conversation, Id, Message, Picture
from sandbox.market.world import AnyWorld


class SeenImage(BaseModel):
    """A picture in a chat. `path` is where its bytes are served, exactly as uploaded."""

    picture_id: str
    path: str
    sha256: str
    size_bytes: int
    width: int
    height: int


class SeenMessage(BaseModel):
    """One message. `at` is in unix seconds of the sandbox's clock."""

    message_id: str
    by: By
    message_type: str
    at: float
    source: str
    status: str
    text: str | None = None
    image: SeenImage | None = None
    order_sn: str | None = None
    item_id: Id | None = None
    about_order_sn: str | None = None


class SeenChat(BaseModel):
    """The chat of one shop and buyer. `not_shown` was accepted but hidden from the buyer."""

    shop_id: Id
    buyer_id: Id
    conversation_id: str | None
    messages: list[SeenMessage]
    not_shown: list[SeenMessage]
    unread_by_shop: int
    last_read_by_shop: str
    blocked_by_buyer: bool
    blocked_by_shop: bool
    return_open: bool


class ChatCounts(BaseModel):
    """Counts over all chats; `from_shop` by message type, shown messages only."""

    conversations: int
    from_shop: dict[str, int]
    from_buyers: int
    not_shown: int
    pictures: int


def see(world: AnyWorld, shop_id: Id, buyer_id: Id) -> SeenChat:
    """The chat as it is now; an empty one when nobody has written yet."""
    chat: Conversation | None = world.conversations.between(shop_id, buyer_id)
    every: list[Message] = world.messages.of(chat.conversation_id) if chat else []
    contact = contact_between(world, shop_id, buyer_id)
    return SeenChat(
        shop_id=shop_id,
        buyer_id=buyer_id,
        conversation_id=str(chat.conversation_id) if chat else None,
        messages=[_seen(world, one) for one in every if one.shown_to_buyer],
        not_shown=[_seen(world, one) for one in every if not one.shown_to_buyer],
        unread_by_shop=chat.unread_count if chat else 0,
        last_read_by_shop=chat.last_read_message_id if chat else "0",
        blocked_by_buyer=contact.blocked_by_buyer,
        blocked_by_shop=contact.blocked_by_shop,
        return_open=contact.return_open,
    )


def count_all(world: AnyWorld) -> ChatCounts:
    """Counts over all chats of the sandbox."""
    from_shop: dict[str, int] = {}
    for one in world.messages:
        if one.by == "shop" and one.shown_to_buyer:
            from_shop[one.message_type] = from_shop.get(one.message_type, 0) + 1
    return ChatCounts(
        conversations=len(world.conversations),
        from_shop=from_shop,
        from_buyers=sum(one.by == "buyer" for one in world.messages),
        not_shown=sum(not one.shown_to_buyer for one in world.messages),
        pictures=len(world.pictures),
    )


def _seen(world: AnyWorld, one: Message) -> SeenMessage:
    content = one.content
    return SeenMessage(
        message_id=str(one.message_id),
        by=one.by,
        message_type=one.message_type,
        at=one.created_ns / NANOSECONDS,
        source=one.source,
        status=one.status,
        text=content.get("text"),
        image=_image(world, str(content.get("picture_id", ""))),
        order_sn=content.get("order_sn"),
        item_id=content.get("item_id"),
        about_order_sn=one.about_order_sn,
    )


def _image(world: AnyWorld, picture_id: str) -> SeenImage | None:
    picture: Picture | None = world.pictures.get(picture_id)
    if picture is None:
        return None
    return SeenImage(
        picture_id=picture_id,
        path=f"/file/{picture_id}",
        sha256=picture.sha256,
        size_bytes=picture.size_bytes,
        width=picture.width,
        height=picture.height,
    )
