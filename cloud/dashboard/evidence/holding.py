"""Keeping an order's photos from deletion, and letting them go again."""

import logging
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, HTTPException, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from cloud.accounts.roles import Deed
from cloud.dashboard.parameters import RowInPath
from cloud.dashboard.proof_forms import PATH
from cloud.dashboard.site import Site
from cloud.dashboard.visitors import Visitor
from cloud.database.base import utc_now
from cloud.proofs.holds import place_hold, release_hold
from cloud.proofs.models import HOLD_REASON_LENGTH

logger = logging.getLogger(__name__)


def holding_routes(site: Site) -> APIRouter:
    """Routes of the two forms."""
    router = APIRouter()

    @router.post(f"{PATH}/{{proof_id}}/hold")
    def hold(
        visitor: Annotated[Visitor, Depends(site.who_may(Deed.HOLD_PHOTOS))],
        proof_id: RowInPath,
        reason: Annotated[str, Form(min_length=1, max_length=HOLD_REASON_LENGTH)],
    ) -> Response:
        now = utc_now()

        def unit(session: Session) -> bool:
            return place_hold(session, proof_id, visitor.who.member_id, reason, now)

        return _done(visitor, proof_id, "held", is_done=site.database.write(unit, visitor.scope))

    @router.post(f"{PATH}/{{proof_id}}/release")
    def release(
        visitor: Annotated[Visitor, Depends(site.who_may(Deed.HOLD_PHOTOS))], proof_id: RowInPath
    ) -> Response:
        now = utc_now()

        def unit(session: Session) -> bool:
            return release_hold(session, proof_id, visitor.who.member_id, now)

        is_done = site.database.write(unit, visitor.scope)
        return _done(visitor, proof_id, "released", is_done=is_done)

    return router


def _done(visitor: Visitor, proof_id: int, notice: str, *, is_done: bool) -> Response:
    if not is_done:
        raise HTTPException(404)
    ids = {"proof_id": proof_id, "member": visitor.who.member_id}
    logger.info("a person's word: %s", notice, extra=ids)
    return RedirectResponse(f"{PATH}/{proof_id}?{urlencode({'notice': notice})}", 303)
