"""The preset message of a shop, which goes to buyers before the photos (S0-21 to S0-23)."""

import logging
from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from sqlalchemy import select

from cloud.accounts.roles import Deed
from cloud.dashboard.channels.listing import LISTS, PATH, back_to_list
from cloud.dashboard.parameters import RowInPath
from cloud.dashboard.site import Site
from cloud.dashboard.visitors import Visitor
from cloud.dispatcher.planning import PLACEHOLDERS, fill_in, names_the_order
from cloud.marketplaces.registry import capabilities_of
from cloud.shops.models import Shop

logger = logging.getLogger(__name__)

LONGEST = 2000
"""What the database keeps; marketplaces take as much or less."""
EXAMPLE_ORDER = "261122ABCDEF12"
PRESET_PATH = f"{PATH}/{{shop_id}}/preset"


def preset_routes(site: Site) -> APIRouter:
    """Routes of the page and its form."""
    router = APIRouter()

    @router.get(PRESET_PATH)
    def edit(
        request: Request,
        visitor: Annotated[Visitor, Depends(site.who_may(Deed.DECIDE_SENDING))],
        shop_id: RowInPath,
        back: str = "",
    ) -> Response:
        shop = _shop(site, visitor, shop_id)
        return _page(site, request, visitor, shop, shop.preset_message, back=back)

    @router.post(PRESET_PATH)
    def save(
        request: Request,
        visitor: Annotated[Visitor, Depends(site.who_may(Deed.DECIDE_SENDING))],
        shop_id: RowInPath,
        text: Annotated[str, Form(max_length=LONGEST)] = "",
        back: Annotated[str, Form()] = "",
    ) -> Response:
        """Keep it; leaving the page keeps nothing (S0-06)."""
        shop = _shop(site, visitor, shop_id)
        wanted = text.replace("\r\n", "\n").replace("\0", "").strip()
        refused = _refused(shop, wanted)
        if refused:
            return _page(site, request, visitor, shop, wanted, back=back, refused=refused)
        site.database.write(
            lambda session: setattr(session.get_one(Shop, shop_id), "preset_message", wanted),
            visitor.scope,
        )
        ids = {"shop": shop_id, "member": visitor.who.member_id}
        logger.info("preset message saved", extra=ids)
        return back_to_list("preset-saved", back)

    return router


def _shop(site: Site, visitor: Visitor, shop_id: int) -> Shop:
    with site.database.read(visitor.scope) as session:
        shop = session.scalar(select(Shop).where(Shop.id == shop_id))
    if shop is None:
        raise HTTPException(404)
    return shop


def _refused(shop: Shop, text: str) -> str:
    """Why the text cannot be kept, by a word; empty when it can."""
    capabilities = capabilities_of(shop.channel, shop.country)
    limit = capabilities.text_limit_chars
    if limit is not None and len(fill_in(text, EXAMPLE_ORDER)) > limit:
        return "too-long"
    if text and capabilities.repeat_text_window is not None and not names_the_order(text):
        return "repeats"
    return ""


def _page(
    site: Site,
    request: Request,
    visitor: Visitor,
    shop: Shop,
    text: str,
    *,
    back: str,
    refused: str = "",
) -> Response:
    capabilities = capabilities_of(shop.channel, shop.country)
    return site.page(
        request,
        visitor,
        "channels/preset.html",
        status=422 if refused else 200,
        shop=shop,
        text=text,
        preview=fill_in(text, EXAMPLE_ORDER),
        example=EXAMPLE_ORDER,
        placeholders=PLACEHOLDERS,
        back=back if back in LISTS else "",
        list_path=LISTS.get(back, PATH),
        refused=refused,
        limit=capabilities.text_limit_chars or LONGEST,
    )
