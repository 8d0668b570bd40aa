"""To a marketplace's consent page, and back from it."""

import logging
from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import select

from cloud.accounts.roles import Deed
from cloud.dashboard.channels import channel_words
from cloud.dashboard.channels.listing import PATH, back_to_list
from cloud.dashboard.channels.places import Place, PlaceInPath
from cloud.dashboard.parameters import RowInQuery
from cloud.dashboard.site import Site
from cloud.dashboard.visitors import Visitor
from cloud.marketplaces.errors import MarketplaceError, OutcomeUnknown, TransientError
from cloud.marketplaces.offers import app_needs
from cloud.shops.asking import Wish
from cloud.shops.errors import (
    AppMissing,
    NothingOffered,
    RequestUnknown,
    ShopError,
    ShopOfAnother,
)
from cloud.shops.models import Shop
from cloud.shops.push_apps import push_path_of
from cloud.shops.service import Purpose

logger = logging.getLogger(__name__)

AUTHORIZE_PATH = PATH + "/authorize/{channel}/{country}/{purpose}"
CALLBACK_PATH = "/authorizations/{channel}/callback"
MOST_PARAMETERS = 20
LONGEST_PARAMETER = 2000


def authorizing_routes(site: Site) -> APIRouter:
    """Routes of the way there and back."""
    router = APIRouter()

    @router.get(AUTHORIZE_PATH)
    def leave(
        request: Request,
        visitor: Annotated[Visitor, Depends(site.who_may(Deed.CONNECT_SHOPS))],
        place: PlaceInPath,
        shop: RowInQuery = None,
    ) -> Response:
        """The page with the link that leaves; made on demand, it may work for minutes only."""
        wish = _wish(site, visitor, place, shop)
        keys_address = f"{PATH}/connect/{wish.channel}/{wish.country}/{wish.purpose}"
        who = visitor.who
        try:
            link = site.deps.authorizing.link(
                who.organisation_id,
                who.member_id,
                wish,
                callback_url=callback_url(site, wish.channel),
            )
        except AppMissing:
            return RedirectResponse(keys_address, 303)
        return site.page(
            request,
            visitor,
            "channels/leave.html",
            wish=wish,
            link=link,
            purpose_words=channel_words.PURPOSES,
            keys_address=keys_address,
            push_address=_push_address(site, visitor, wish),
        )

    @router.get(CALLBACK_PATH)
    def come_back(
        request: Request,
        visitor: Annotated[Visitor, Depends(site.who_may(Deed.CONNECT_SHOPS))],
        channel: str,
    ) -> Response:
        """Where the marketplace sends the seller (S0-19)."""
        back = dict(request.query_params)
        too_long = any(len(value) > LONGEST_PARAMETER for value in back.values())
        if too_long or len(back) > MOST_PARAMETERS:
            raise HTTPException(400)
        return back_to_list(_finished(site, visitor, channel, back))

    return router


def callback_url(site: Site, channel: str) -> str:
    """What has to be entered at the marketplace, exactly so."""
    return site.deps.own_url.rstrip("/") + CALLBACK_PATH.format(channel=channel)


def _push_address(site: Site, visitor: Visitor, wish: Wish) -> str:
    """What can be entered at the marketplace, so that it tells us by itself."""
    with site.database.read(visitor.scope) as session:
        path = push_path_of(session, wish.channel, wish.purpose)
    return site.deps.own_url.rstrip("/") + path if path else ""


def _wish(site: Site, visitor: Visitor, place: Place, shop_id: int | None) -> Wish:
    """Raises HTTPException 404 for what is not offered, and for shops of others."""
    if shop_id is not None:
        with site.database.read(visitor.scope) as session:
            shop = session.scalar(select(Shop).where(Shop.id == shop_id))
        if shop is None or (shop.channel, shop.country) != (place.channel, place.country):
            raise HTTPException(404)
    else:
        place.offer(site)
    follows = app_needs(place.channel).chat_follows_orders
    return Wish(place.channel, place.country, Purpose.ORDERS if follows else place.purpose, shop_id)


_REFUSALS: Mapping[type[ShopError], str] = {
    RequestUnknown: "request-unknown",
    AppMissing: "keys-missing",
    ShopOfAnother: "shop-of-another",
    NothingOffered: "not-offered",
}
"""Notices, by what `Authorizing.finish` refuses."""


def _finished(site: Site, visitor: Visitor, channel: str, back: dict[str, str]) -> str:
    """Which notice the list shows."""
    organisation_id = visitor.who.organisation_id
    try:
        returned = site.deps.authorizing.finish(organisation_id, channel, back)
    except tuple(_REFUSALS) as error:
        return _REFUSALS[type(error)]
    except (TransientError, OutcomeUnknown) as error:
        logger.warning("the marketplace did not answer an authorization: %s", error.name)
        return "not-reached"
    except MarketplaceError as error:
        logger.warning("the marketplace gave no authorization: %s", error.name)
        return "not-given"
    ids = {"shops": list(returned.shop_ids), "member": visitor.who.member_id}
    logger.info("authorized for %s", returned.wish.purpose, extra=ids)
    return "another-shop" if returned.is_another_shop else "authorized"
