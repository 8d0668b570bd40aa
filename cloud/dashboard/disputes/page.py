"""Orders > Disputes: what buyers ask back, until when to answer, and the proof for it."""

from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request, Response

from cloud.accounts.roles import Deed
from cloud.dashboard.disputes.dispute_words import REASONS
from cloud.dashboard.parameters import RowInQuery
from cloud.dashboard.site import Site
from cloud.dashboard.visitors import Visitor
from cloud.database.base import utc_now
from cloud.proofs.disputes import DisputeFilter, disputes
from cloud.shops.queries import shop_names

PATH = "/disputes"
_PER_PAGE = 50
_MOST_PAGES = 20
_PROOF = {"with": True, "without": False}


def dispute_routes(site: Site) -> APIRouter:
    """The route of the page."""
    router = APIRouter()

    @router.get(PATH)
    def show(
        request: Request,
        visitor: Annotated[Visitor, Depends(site.who_may(Deed.SEE_DISPUTES))],
        *,
        state: Literal["open", "settled"] = "open",
        shop: RowInQuery = None,
        proof: Literal["", "with", "without"] = "",
        page: Annotated[int, Query(ge=1, le=_MOST_PAGES)] = 1,
    ) -> Response:
        wanted = DisputeFilter(state == "open", shop or None, _PROOF.get(proof))
        with site.database.read(visitor.scope) as session:
            found = disputes(session, wanted, most=_PER_PAGE + 1, offset=(page - 1) * _PER_PAGE)
            shops = shop_names(session)
        asked = {"state": state, "shop": shop or 0, "proof": proof}
        return site.page(
            request,
            visitor,
            "disputes/list.html",
            disputes=found[:_PER_PAGE],
            asked=asked,
            query=urlencode(asked),
            is_filtered=bool(shop or proof),
            shops=shops,
            page=page,
            has_more=len(found) > _PER_PAGE,
            is_last=page == _MOST_PAGES,
            reasons=REASONS,
            now=utc_now(),
        )

    return router
