"""The list of sales channels, and the switch of each shop's sending."""

import logging
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.exc import NoResultFound
from sqlalchemy.orm import Session

from cloud.accounts.roles import Deed
from cloud.dashboard.channels import channel_words
from cloud.dashboard.parameters import RowInPath
from cloud.dashboard.site import Site
from cloud.dashboard.visitors import Visitor
from cloud.database.base import utc_now
from cloud.marketplaces.offers import app_needs
from cloud.marketplaces.registry import capabilities_of
from cloud.shops.decisions import Sends, Switch, notice_of, switch_sending
from cloud.shops.errors import CannotSend, RuleNotRead
from cloud.shops.queries import sales_channels
from cloud.shops.service import Purpose
from cloud.sync.progress import readings_under_way

logger = logging.getLogger(__name__)

PATH = "/sales-channels"
_NOTICES = {
    (Sends.PHOTOS, True): "switched-on",
    (Sends.PHOTOS, False): "switched-off",
    (Sends.BATCHES, True): "batches-on",
    (Sends.BATCHES, False): "batches-off",
}
LISTS = {"parcelguard": "/parcelguard/chat"}
"""Other pages that show the channels, by the word with which their forms lead back to them."""


def listing_routes(site: Site) -> APIRouter:
    """Routes of the list."""
    router = APIRouter()

    @router.get(PATH)
    def list_all(
        request: Request,
        visitor: Annotated[Visitor, Depends(site.who_may(Deed.SEE_CHANNELS))],
        notice: str = "",
    ) -> Response:
        with site.database.read(visitor.scope) as session:
            shown = shown_channels(session)
        said = channel_words.NOTICES.get(notice)
        return site.page(request, visitor, "channels/list.html", said=said, **shown)

    @router.post(f"{PATH}/{{shop_id}}/sending")
    def switch(
        visitor: Annotated[Visitor, Depends(site.who_may(Deed.DECIDE_SENDING))],
        shop_id: RowInPath,
        on: Annotated[bool, Form()],
        has_read_rule: Annotated[bool, Form()] = False,
        back: Annotated[str, Form()] = "",
    ) -> Response:
        """Send packing photos of this shop, or no more (S0-24, S0-25)."""
        wanted = Switch(shop_id, Sends.PHOTOS, on, has_read_rule)
        return back_to_list(_switch(site, visitor, wanted), back)

    @router.post(f"{PATH}/{{shop_id}}/batches")
    def switch_batches(
        visitor: Annotated[Visitor, Depends(site.who_may(Deed.DECIDE_SENDING))],
        shop_id: RowInPath,
        on: Annotated[bool, Form()],
        has_read_rule: Annotated[bool, Form()] = False,
        back: Annotated[str, Form()] = "",
    ) -> Response:
        """Send what is asked for together with others too, or no more."""
        wanted = Switch(shop_id, Sends.BATCHES, on, has_read_rule)
        return back_to_list(_switch(site, visitor, wanted), back)

    return router


def _switch(site: Site, visitor: Visitor, wanted: Switch) -> str:
    """The notice that says what became of it. HTTPException 404: no shop of theirs."""
    now, member_id = utc_now(), visitor.who.member_id

    def unit(session: Session) -> None:
        switch_sending(session, wanted, member_id=member_id, now=now)

    try:
        site.database.write(unit, visitor.scope)
    except NoResultFound:
        raise HTTPException(404) from None
    except CannotSend:
        return "cannot-send"
    except RuleNotRead:
        return "rule-not-read"
    ids = {"shop": wanted.shop_id, "member": member_id}
    logger.info("sending of %s: %s", wanted.sends, "on" if wanted.is_on else "off", extra=ids)
    return _NOTICES[wanted.sends, wanted.is_on]


def back_to_list(notice: str, back: str = "") -> Response:
    """The list that somebody came from, with what is to be said."""
    return RedirectResponse(f"{LISTS.get(back, PATH)}?notice={notice}", 303)


def shown_channels(session: Session) -> dict[str, Any]:
    """What pages need to show the channels (a scoped session)."""
    return {
        "channels": sales_channels(session, utc_now()),
        "readings": readings_under_way(session),
        "channel_words": channel_words,
        "own_purposes": _own_purposes,
        "can_send": _can_send,
        "notice_of": partial(notice_of, Sends.PHOTOS),
        "batch_notice_of": partial(notice_of, Sends.BATCHES),
    }


def _own_purposes(channel: str) -> tuple[Purpose, ...]:
    """What is authorized for itself: TikTok's chat follows its sales channel (S0-13, S0-14)."""
    return (Purpose.ORDERS,) if app_needs(channel).chat_follows_orders else tuple(Purpose)


def _can_send(channel: str, country: str) -> bool:
    return capabilities_of(channel, country).can_send_chat
