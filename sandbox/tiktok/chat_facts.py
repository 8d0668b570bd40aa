"""What the rules need to know, gathered from the world."""

from sandbox.clock import NANOSECONDS
from sandbox.market import chatlog
from sandbox.tiktok.entities import Message
from sandbox.tiktok.rules import Facts
from sandbox.tiktok.world import World


def gather(world: World, shop_id: str, buyer_id: str) -> Facts:
    """The facts about a shop and a buyer as they are now."""
    chat = world.conversations.between(shop_id, buyer_id)
    every = world.messages.of(chat.conversation_id) if chat else []
    contact = chatlog.contact_between(world, shop_id, buyer_id)
    ordered = [
        order.create_time
        for order in world.orders
        if (order.shop_id, order.buyer_id) == (shop_id, buyer_id)
    ]
    return Facts(
        now=world.clock.now(),
        opened_at=chat.opened_at if chat else None,
        last_message_at=_last(every),
        last_buyer_message_at=_last([one for one in every if one.by == "buyer"]),
        is_answered=not every or every[-1].by == "shop",
        last_order_at=max(ordered, default=None),
        has_return=contact.return_open,
        is_blocked=contact.blocked_by_buyer or contact.blocked_by_shop,
    )


def _last(messages: list[Message]) -> float | None:
    return messages[-1].created_ns / NANOSECONDS if messages else None
