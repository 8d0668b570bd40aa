"""The list of sales channels, and the switch of each shop's sending."""

import logging
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
from cloud.marketplaces.offers import app_needs, sending_rule
from cloud.marketplaces.registry import capabilities_of
from cloud.shops.decisions import switch_sending
from cloud.shops.errors import CannotSend, RuleNotRead
from cloud.shops.queries import sales_channels
from cloud.shops.service import Purpose
from cloud.sync.progress import readings_under_way

logger = logging.getLogger(__name__)

PATH = "/sales-channels"
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
        now, member_id = utc_now(), visitor.who.member_id

        def unit(session: Session) -> None:
            switch_sending(
                session,
                shop_id,
                on=on,
                has_read_rule=has_read_rule,
                member_id=member_id,
                now=now,
            )

        try:
            site.database.write(unit, visitor.scope)
        except NoResultFound:
            raise HTTPException(404) from None
        except CannotSend:
            return back_to_list("cannot-send", back)
        except RuleNotRead:
            return back_to_list("rule-not-read", back)
        notice = "switched-on" if on else "switched-off"
        logger.info("sending %s", notice, extra={"shop": shop_id, "member": member_id})
        return back_to_list(notice, back)

    return router


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
        "rule_of": sending_rule,
    }


def _own_purposes(channel: str) -> tuple[Purpose, ...]:
    """What is authorized for itself: TikTok's chat follows its sales channel (S0-13, S0-14)."""
    return (Purpose.ORDERS,) if app_needs(channel).chat_follows_orders else tuple(Purpose)


def _can_send(channel: str, country: str) -> bool:
    return capabilities_of(channel, country).can_send_chat
