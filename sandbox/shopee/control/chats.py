"""Control of chats, and the truth about what buyers see."""

from typing import Any

from fastapi import APIRouter

from sandbox.shopee import buyer_view, chatlog
from sandbox.shopee.buyer_view import ChatCounts, SeenChat
from sandbox.shopee.control import bodies
from sandbox.shopee.control.finding import changed, found
from sandbox.shopee.world import World

WRITTEN_FROM = {"buyer": "android", "shop": "new_webchat"}


def chat_routes(world: World) -> APIRouter:
    """Routes about chats."""
    router = APIRouter()

    @router.get("/chats/{shop_id}/{buyer_id}")
    async def chat(shop_id: int, buyer_id: int) -> SeenChat:
        found(world.shops, shop_id)
        found(world.buyers, buyer_id)
        return buyer_view.see(world, shop_id, buyer_id)

    @router.get("/counts")
    async def counts() -> ChatCounts:
        return buyer_view.count_all(world)

    @router.post("/chats/{shop_id}/{buyer_id}/messages", status_code=201)
    async def write(shop_id: int, buyer_id: int, body: bodies.WriteBody) -> dict[str, str]:
        found(world.shops, shop_id)
        found(world.buyers, buyer_id)
        content: dict[str, Any] = body.content or {"text": body.text}
        message = chatlog.append(
            world,
            shop_id=shop_id,
            buyer_id=buyer_id,
            by=body.by,
            message_type=body.message_type,
            content=content,
            source_content={"order_sn": body.order_sn} if body.order_sn else {},
            source=WRITTEN_FROM[body.by],
        )
        world.commit()
        return {"message_id": str(message.message_id)}

    @router.patch("/chats/{shop_id}/{buyer_id}")
    async def change_contact(shop_id: int, buyer_id: int, body: bodies.ContactChange) -> SeenChat:
        found(world.shops, shop_id)
        found(world.buyers, buyer_id)
        changed(world.contacts, chatlog.contact_between(world, shop_id, buyer_id), body)
        world.commit()
        return buyer_view.see(world, shop_id, buyer_id)

    @router.patch("/messages/{message_id}", status_code=204)
    async def change_message(message_id: str, body: bodies.MessageChange) -> None:
        message = found(world.messages, message_id)
        more = {"hidden_until": None} if body.hidden is False else {}
        changed(world.messages, message, body, **more)
        world.commit()

    return router
