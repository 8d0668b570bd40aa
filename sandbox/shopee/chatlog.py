"""Adding messages to chats: the one place where a message comes into being."""

from typing import Any, Literal

from sandbox.shopee.entities import Contact, Conversation, Message, MessageStatus
from sandbox.shopee.world import World

# Above 2**53, as the real ids are: a client that reads them as floating point must fail here.
FIRST_CONVERSATION_ID = 960_000_000_000_000_001
FIRST_MESSAGE_ID = 2_300_000_000_000_000_001


def contact_between(world: World, shop_id: int, buyer_id: int) -> Contact:
    """What stands between this shop and buyer; nothing by default."""
    known = world.contacts.get(f"{shop_id}/{buyer_id}")
    return known or Contact(shop_id=shop_id, buyer_id=buyer_id)


def append(
    world: World,
    *,
    shop_id: int,
    buyer_id: int,
    by: Literal["shop", "buyer"],
    message_type: str,
    content: dict[str, Any],
    source_content: dict[str, Any] | None = None,
    source: str,
    status: MessageStatus = "normal",
    created_ns: int | None = None,
    hidden_until: float | None = None,
    hidden: bool = False,
) -> Message:
    """Add a message; the conversation is made with its first message."""
    known = world.conversations.between(shop_id, buyer_id)
    conversation = known or _new_conversation(world, shop_id, buyer_id)
    if by == "buyer":
        unread = conversation.unread_count + 1
        world.conversations.put(conversation.model_copy(update={"unread_count": unread}))
    return world.messages.put(
        Message(
            message_id=FIRST_MESSAGE_ID + len(world.messages),
            conversation_id=conversation.conversation_id,
            shop_id=shop_id,
            buyer_id=buyer_id,
            by=by,
            message_type=message_type,
            content=content,
            source_content=source_content or {},
            source=source,
            status=status,
            created_ns=_after_last(world, conversation.conversation_id, created_ns),
            hidden_until=hidden_until,
            hidden=hidden,
        )
    )


def _new_conversation(world: World, shop_id: int, buyer_id: int) -> Conversation:
    conversation_id = FIRST_CONVERSATION_ID + len(world.conversations)
    return world.conversations.put(
        Conversation(conversation_id=conversation_id, shop_id=shop_id, buyer_id=buyer_id)
    )


def _after_last(world: World, conversation_id: int, created_ns: int | None) -> int:
    """Times in a conversation only grow: paging by time would lose equal ones."""
    wanted = world.clock.now_ns() if created_ns is None else created_ns
    earlier = world.messages.of(conversation_id)
    return max(wanted, earlier[-1].created_ns + 1) if earlier else wanted
