"""One buyer's data: found, shown, taken away as a file, deleted for good."""

import logging
from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from fastapi.responses import RedirectResponse, StreamingResponse
from sqlalchemy.orm import Session

from cloud import metrics
from cloud.accounts.roles import Deed
from cloud.dashboard.parameters import RowInPath
from cloud.dashboard.privacy.buyer_file import buyer_file, parts_of
from cloud.dashboard.privacy.buyer_words import NOTICES
from cloud.dashboard.site import Site
from cloud.dashboard.visitors import Visitor
from cloud.database.base import utc_now
from cloud.orders.models import BUYER_NAME_LENGTH, Order
from cloud.photos.errors import PhotoStoreError
from cloud.privacy.buyer_data import BuyerData, buyer_data
from cloud.privacy.buyers import buyer_of, find_buyers
from cloud.privacy.erasing import erase_buyer, require_erasable
from cloud.privacy.errors import BuyerHeld, NoSuchBuyer, PrivacyError, StillSending

logger = logging.getLogger(__name__)

PATH = "/privacy/buyers"
_SHOWN = 50
"""Order numbers on the page of a buyer."""
_REFUSALS: dict[type[PrivacyError], str] = {
    NoSuchBuyer: "nothing-known",
    BuyerHeld: "buyer-held",
    StillSending: "still-sending",
}


def buyer_routes(site: Site) -> APIRouter:
    """Routes of the search, and of one buyer."""
    router = APIRouter()
    reader = Depends(site.who_may(Deed.EXPORT_BUYER))

    @router.get(PATH)
    def form(request: Request, visitor: Annotated[Visitor, reader]) -> Response:
        return site.page(request, visitor, "privacy/find_buyer.html", wanted="", found=None)

    @router.post(PATH)
    def search(
        request: Request,
        visitor: Annotated[Visitor, reader],
        wanted: Annotated[str, Form(max_length=BUYER_NAME_LENGTH)] = "",
    ) -> Response:
        """By a form that leaves no name in an address, a history or a log."""
        with site.database.read(visitor.scope) as session:
            found = find_buyers(session, wanted)
        return site.page(request, visitor, "privacy/find_buyer.html", wanted=wanted, found=found)

    @router.get(f"{PATH}/{{order_id}}")
    def show(
        request: Request, visitor: Annotated[Visitor, reader], order_id: RowInPath
    ) -> Response:
        with site.database.read(visitor.scope) as session:
            data = _data(session, order_id)
        return site.page(
            request,
            visitor,
            "privacy/buyer.html",
            data=data,
            anchor=next(one for one in data.orders if one.id == order_id),
            shown=data.orders[-_SHOWN:],
            refusal=_refusal(data),
            size_bytes=sum(one.size_bytes for one in data.kept_photos),
            said=NOTICES.get(request.query_params.get("notice", "")),
            notices=NOTICES,
        )

    @router.get(f"{PATH}/{{order_id}}/export.zip")
    def export(visitor: Annotated[Visitor, reader], order_id: RowInPath) -> Response:
        with site.database.read(visitor.scope) as session:
            data = _data(session, order_id)
        packed = buyer_file(data, site.deps.photos, visitor.who.organisation_id, utc_now())
        name = f"packwitness-buyer-{order_id}.zip"
        headers = {
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store",
        }
        return StreamingResponse(parts_of(packed), media_type="application/zip", headers=headers)

    @router.post(f"{PATH}/{{order_id}}/erase")
    def erase(
        visitor: Annotated[Visitor, Depends(site.who_may(Deed.ERASE_BUYER))],
        order_id: RowInPath,
        number: Annotated[str, Form(max_length=200)] = "",
        sure: Annotated[bool, Form()] = False,
    ) -> Response:
        with site.database.read(visitor.scope) as session:
            order = _order(session, order_id)
        if not sure or number.strip() != order.order_number:
            return _back(order_id, "not-confirmed")
        return _back(order_id, _erase(site, visitor, order))

    return router


def _erase(site: Site, visitor: Visitor, order: Order) -> str:
    """Do it, and give the word for what became of it."""
    ids = {"order": order.id, "member": visitor.who.member_id}
    try:
        erased = erase_buyer(
            site.database,
            site.deps.photos,
            visitor.scope,
            buyer_of(order),
            visitor.who.member_id,
        )
    except PrivacyError as error:
        return _REFUSALS[type(error)]
    except PhotoStoreError as error:
        metrics.PHOTO_STORE_ERRORS.labels(type(error).__name__).inc()
        logger.warning("the bytes of a buyer's photos go later: %s", error, extra=ids)
        return "erased"
    counts = {"orders": erased.orders, "photos": erased.photos}
    logger.info("a buyer's data was deleted", extra=ids | counts)
    return "erased"


def _order(session: Session, order_id: int) -> Order:
    order = session.get(Order, order_id)
    if order is None:
        raise HTTPException(404)
    return order


def _data(session: Session, order_id: int) -> BuyerData:
    data = buyer_data(session, buyer_of(_order(session, order_id)))
    if data is None:
        raise HTTPException(404)
    return data


def _refusal(data: BuyerData) -> str:
    """Why it cannot be deleted now, by the word of its notice; empty: it can."""
    if all(one.erased_at for one in data.orders):
        return "nothing-known"
    try:
        require_erasable(data)
    except PrivacyError as error:
        return _REFUSALS[type(error)]
    return ""


def _back(order_id: int, notice: str) -> Response:
    return RedirectResponse(f"{PATH}/{order_id}?notice={notice}", 303)
