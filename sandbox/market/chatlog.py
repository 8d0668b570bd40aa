"""Adding messages to chats: the one place where a message comes into being."""

from typing import Any, TypeVar

from sandbox.market.entities import By, Contact, Conversation, Id, Message
from sandbox.market.world import AnyWorld, MarketWorld

ConversationT = TypeVar("ConversationT", bound=Conversation)
MessageT = TypeVar("MessageT", bound=Message)


def contact_between(world: AnyWorld, shop_id: Id, buyer_id: Id) -> Contact:
    """What stands between this shop and buyer; nothing by default."""
    known: Contact | None = world.contacts.get(f"{shop_id}/{buyer_id}")
    return known or Contact(shop_id=shop_id, buyer_id=buyer_id)


def append(
    world: MarketWorld[Any, Any, Any, ConversationT, MessageT, Any],
    *,
    shop_id: Id,
    buyer_id: Id,
    by: By,
    message_type: str,
    content: dict[str, Any],
    created_ns: int | None = None,
    **fields: Any,
) -> MessageT:
    """Add a message; the conversation is made with its first message.

    `fields` are further ones of the platform's message. The ids must be of the type that the
    platform's entities have.
    """
    known = world.conversations.between(shop_id, buyer_id)
    conversation = known or world.conversations.put(world.new_conversation(shop_id, buyer_id))
    if by == "buyer":
        unread = conversation.unread_count + 1
        world.conversations.put(conversation.model_copy(update={"unread_count": unread}))
    return world.messages.put(
        world.new_message(
            conversation,
            by=by,
            message_type=message_type,
            content=content,
            created_ns=_after_last(world, conversation.conversation_id, created_ns),
            **fields,
        )
    )


def _after_last(world: AnyWorld, conversation_id: Id, created_ns: int | None) -> int:
    """Times in a conversation only grow: paging by time would lose equal ones."""
    wanted = world.clock.now_ns() if created_ns is None else created_ns
    earlier: list[Message] = world.messages.of(conversation_id)
    return max(wanted, earlier[-1].created_ns + 1) if earlier else wanted
