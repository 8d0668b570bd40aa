"""Control of chats, and the truth about what buyers see."""

from typing import Any

from fastapi import APIRouter, HTTPException
from pydantic import ValidationError

from sandbox.market import buyer_view, chatlog
from sandbox.market.buyer_view import ChatCounts, SeenChat
from sandbox.market.control import bodies
from sandbox.market.control.finding import changed, found
from sandbox.market.entities import Buyer, Message, Shop
from sandbox.market.world import AnyWorld


def chat_routes(world: AnyWorld) -> APIRouter:
    """Routes about chats."""
    router = APIRouter()

    def pair(shop_id: str, buyer_id: str) -> tuple[Shop, Buyer]:
        return found(world.shops, shop_id), found(world.buyers, buyer_id)

    @router.get("/chats/{shop_id}/{buyer_id}")
    async def chat(shop_id: str, buyer_id: str) -> SeenChat:
        shop, buyer = pair(shop_id, buyer_id)
        return buyer_view.see(world, shop.shop_id, buyer.user_id)

    @router.get("/counts")
    async def counts() -> ChatCounts:
        return buyer_view.count_all(world)

    @router.post("/chats/{shop_id}/{buyer_id}/messages", status_code=201)
    async def write(shop_id: str, buyer_id: str, body: bodies.WriteBody) -> dict[str, str]:
        shop, buyer = pair(shop_id, buyer_id)
        more: dict[str, Any] = {"about_order_sn": body.order_sn} if body.order_sn else {}
        try:
            message: Message = chatlog.append(
                world,
                shop_id=shop.shop_id,
                buyer_id=buyer.user_id,
                by=body.by,
                message_type=body.message_type,
                content=body.content or {"text": body.text},
                **more,
            )
        except ValidationError as error:
            world.rollback()
            raise HTTPException(422, "A message cannot be so on this platform.") from error
        world.commit()
        return {"message_id": str(message.message_id)}

    @router.patch("/chats/{shop_id}/{buyer_id}")
    async def change_contact(shop_id: str, buyer_id: str, body: bodies.ContactChange) -> SeenChat:
        shop, buyer = pair(shop_id, buyer_id)
        contact = chatlog.contact_between(world, shop.shop_id, buyer.user_id)
        changed(world.contacts, contact, body)
        world.commit()
        return buyer_view.see(world, shop.shop_id, buyer.user_id)

    router.include_router(_message_routes(world))
    return router


def _message_routes(world: AnyWorld) -> APIRouter:
    router = APIRouter()

    @router.patch("/messages/{message_id}", status_code=204)
    async def change_message(message_id: str, body: bodies.MessageChange) -> None:
        message: Message = found(world.messages, message_id)
        more: dict[str, Any] = {"hidden_until": None} if body.hidden is False else {}
        try:
            world.message_model.model_validate(message.model_dump() | body.given())
        except ValidationError as error:
            text = f"There is no such status here: {body.status}."
            raise HTTPException(422, text) from error
        changed(world.messages, message, body, **more)
        world.commit()

    return router
