"""The pages that show what buyers see, live, and the pictures of the chats."""

import json
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse

from sandbox.market import buyer_view, chatlog, contact
from sandbox.market.entities import Buyer, Id, Order, Picture, Shop
from sandbox.market.pictures import thumbnail
from sandbox.market.world import AnyWorld
from sandbox.pages.rendering import fragment, page

KEEP_ALIVE_S = 15.0
LONGEST_TEXT = 2000
EVENTS = ("chat", "contact")


def buyer_routes(world: AnyWorld, title: str) -> APIRouter:
    """Index, a buyer's phone, its live stream, its form, and the pictures."""
    router = APIRouter()
    router.include_router(_picture_routes(world))
    router.include_router(_deed_routes(world))

    def messages_html(shop: Shop, buyer: Buyer) -> str:
        chat = buyer_view.see(world, shop.shop_id, buyer.user_id)
        orders = {order.number: order for order in world.orders}
        return fragment("messages.html", chat=chat, shop=shop, orders=orders, clock=_clock_text)

    @router.get("/")
    async def index() -> HTMLResponse:
        return page("index.html", title=title, shops=_overview(world))

    @router.get("/buyer/{shop_id}/{buyer_id}")
    async def phone(shop_id: str, buyer_id: str) -> HTMLResponse:
        shop, buyer = _find(world, shop_id, buyer_id)
        return page(
            "buyer.html",
            shop=shop,
            buyer=buyer,
            messages=messages_html(shop, buyer),
            changes=contact.changes(world, shop, buyer),
            standing=contact.standing(world, shop, buyer),
        )

    @router.get("/buyer/{shop_id}/{buyer_id}/stream")
    async def stream(shop_id: str, buyer_id: str) -> StreamingResponse:
        shop, buyer = _find(world, shop_id, buyer_id)

        async def events() -> AsyncIterator[str]:
            last: tuple[str, str] = ("", "")
            async for _ in world.doorbell.rings(quiet_s=KEEP_ALIVE_S):
                now = (json.dumps(messages_html(shop, buyer)), contact.as_json(world, shop, buyer))
                news = [
                    _event(name, data)
                    for name, data, known in zip(EVENTS, now, last, strict=True)
                    if data != known
                ]
                yield "".join(news) or ": still here\n\n"
                last = now

        return StreamingResponse(
            events(), media_type="text/event-stream", headers={"Cache-Control": "no-store"}
        )

    return router


def _deed_routes(world: AnyWorld) -> APIRouter:
    """What the buyer does on the page."""
    router = APIRouter(prefix="/buyer/{shop_id}/{buyer_id}")

    @router.post("/messages")
    async def write(shop_id: str, buyer_id: str, text: Annotated[str, Form()]) -> Response:
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
        )
        world.commit()
        return RedirectResponse(f"/buyer/{shop_id}/{buyer_id}", 303)

    @router.post("/contact")
    async def change(shop_id: str, buyer_id: str, request: Request) -> Response:
        shop, buyer = _find(world, shop_id, buyer_id)
        form = dict(await request.form())
        if not contact.change(world, shop, buyer, form):
            raise HTTPException(422, "Say which of the two changes, and true or false.")
        world.commit()
        return RedirectResponse(f"/buyer/{shop_id}/{buyer_id}", 303)

    return router


def _find(world: AnyWorld, shop_id: str, buyer_id: str) -> tuple[Shop, Buyer]:
    shop: Shop | None = world.shops.get(shop_id)
    buyer: Buyer | None = world.buyers.get(buyer_id)
    if shop is None or buyer is None:
        raise HTTPException(404, "There is no such shop or buyer.")
    return shop, buyer


def _picture_routes(world: AnyWorld) -> APIRouter:
    router = APIRouter()

    @router.get("/file/{picture_id}")
    async def picture(picture_id: str) -> Response:
        known: Picture | None = world.pictures.get(picture_id.removesuffix("_tn"))
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


def _event(name: str, data: str) -> str:
    """One server-sent event; JSON keeps its data on one line."""
    return f"event: {name}\ndata: {data}\n\n"


def _clock_text(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _overview(world: AnyWorld) -> list[dict[str, object]]:
    """Every shop with every buyer who ordered or chatted there."""
    shops: list[Shop] = sorted(world.shops, key=lambda one: _by_number(one.shop_id))
    return [{"shop": shop, "rows": list(_rows(world, shop))} for shop in shops]


def _rows(world: AnyWorld, shop: Shop) -> Iterator[dict[str, object]]:
    buyers: list[Buyer] = sorted(world.buyers, key=lambda one: _by_number(one.user_id))
    for buyer in buyers:
        orders: list[Order] = [
            order
            for order in world.orders
            if order.shop_id == shop.shop_id and order.buyer_id == buyer.user_id
        ]
        chat = buyer_view.see(world, shop.shop_id, buyer.user_id)
        if orders or chat.messages:
            yield {"buyer": buyer, "orders": orders, "messages": len(chat.messages)}


def _by_number(identity: Id) -> tuple[int, str]:
    """Sorts numbers by their size, whether they are kept as numbers or as text."""
    return len(str(identity)), str(identity)
