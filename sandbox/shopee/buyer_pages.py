"""The pages that show what buyers see, live, and the pictures of the chats."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Form, HTTPException
from fastapi.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse

from sandbox.pages.rendering import fragment, page
from sandbox.shopee import buyer_view, chatlog
from sandbox.shopee.entities import Buyer, Shop
from sandbox.shopee.pictures import thumbnail
from sandbox.shopee.world import World

KEEP_ALIVE_S = 15.0
LONGEST_TEXT = 2000


def buyer_routes(world: World) -> APIRouter:
    """Index, a buyer's phone, its live stream, its form, and the pictures."""
    router = APIRouter()
    router.include_router(_picture_routes(world))

    def messages_html(shop: Shop, buyer: Buyer) -> str:
        chat = buyer_view.see(world, shop.shop_id, buyer.user_id)
        orders = {order.order_sn: order for order in world.orders}
        return fragment("messages.html", chat=chat, shop=shop, orders=orders, clock=_clock_text)

    @router.get("/")
    async def index() -> HTMLResponse:
        return page("index.html", shops=_overview(world))

    @router.get("/buyer/{shop_id}/{buyer_id}")
    async def phone(shop_id: int, buyer_id: int) -> HTMLResponse:
        shop, buyer = _find(world, shop_id, buyer_id)
        return page("buyer.html", shop=shop, buyer=buyer, messages=messages_html(shop, buyer))

    @router.get("/buyer/{shop_id}/{buyer_id}/stream")
    async def stream(shop_id: int, buyer_id: int) -> StreamingResponse:
        shop, buyer = _find(world, shop_id, buyer_id)

        async def events() -> AsyncIterator[str]:
            last = ""
            async for _ in world.doorbell.rings(quiet_s=KEEP_ALIVE_S):
                html = messages_html(shop, buyer)
                yield ": still here\n\n" if html == last else _event(html)
                last = html

        return StreamingResponse(
            events(), media_type="text/event-stream", headers={"Cache-Control": "no-store"}
        )

    @router.post("/buyer/{shop_id}/{buyer_id}/messages")
    async def write(shop_id: int, buyer_id: int, text: Annotated[str, Form()]) -> Response:
        shop, buyer = _find(world, shop_id, buyer_id)
        if not text.strip() or len(text) > LONGEST_TEXT:
            raise HTTPException(422, f"Write 1 to {LONGEST_TEXT} characters.")
        chatlog.append(
            world,
            shop_id=shop.shop_id,
            buyer_id=buyer.user_id,
            by="buyer",
            message_type="text",
            content={"text": text.strip()},
            source="android",
        )
        world.commit()
        return RedirectResponse(f"/buyer/{shop_id}/{buyer_id}", 303)

    return router


def _find(world: World, shop_id: int, buyer_id: int) -> tuple[Shop, Buyer]:
    shop, buyer = world.shops.get(shop_id), world.buyers.get(buyer_id)
    if shop is None or buyer is None:
        raise HTTPException(404, "There is no such shop or buyer.")
    return shop, buyer


def _picture_routes(world: World) -> APIRouter:
    router = APIRouter()

    @router.get("/file/{picture_id}")
    async def picture(picture_id: str) -> Response:
        known = world.pictures.get(picture_id.removesuffix("_tn"))
        body = world.store.picture(known.picture_id) if known else None
        if known is None or body is None:
            raise HTTPException(404, "There is no such picture.")
        small = picture_id.endswith("_tn")
        return Response(
            thumbnail(body) if small else body,
            media_type="image/jpeg" if small else known.media_type,
            headers={"Cache-Control": "public, max-age=31536000, immutable"},
        )

    return router


def _event(html: str) -> str:
    """One server-sent event; JSON keeps the fragment on one line."""
    return f"event: chat\ndata: {json.dumps(html)}\n\n"


def _clock_text(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _overview(world: World) -> list[dict[str, object]]:
    """Every shop with every buyer who ordered or chatted there."""
    shops = []
    for shop in sorted(world.shops, key=lambda one: one.shop_id):
        rows = []
        for buyer in sorted(world.buyers, key=lambda one: one.user_id):
            orders = [
                order
                for order in world.orders
                if order.shop_id == shop.shop_id and order.buyer_id == buyer.user_id
            ]
            chat = buyer_view.see(world, shop.shop_id, buyer.user_id)
            if orders or chat.messages:
                rows.append({"buyer": buyer, "orders": orders, "messages": len(chat.messages)})
        shops.append({"shop": shop, "rows": rows})
    return shops
