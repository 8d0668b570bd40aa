"""A packer's badge: printed, printed anew, ended. For owners.

Its code is on the printed page alone: in no address, and in no log.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from pydantic import BaseModel
from sqlalchemy.orm import Session

from cloud.accounts.queries import member_names
from cloud.accounts.roles import Deed
from cloud.dashboard.members.listing import PATH, back_to_list, note
from cloud.dashboard.parameters import RowInPath
from cloud.dashboard.sheets.paper import Paper, bars_on
from cloud.dashboard.site import Site
from cloud.dashboard.visitors import Visitor
from cloud.database.base import utc_now
from cloud.fleet.badges import badge_for, end_badge
from cloud.fleet.errors import NoSuchMember


class BadgeForm(BaseModel):
    """What is printed."""

    paper: Paper = Paper.A4
    anew: bool = False
    """Another code: the badge that the member has is taken by no table any more."""


def member_badges(site: Site) -> APIRouter:
    """Routes of the forms beside each member."""
    router = APIRouter()
    owner = Depends(site.who_may(Deed.MANAGE_MEMBERS))

    @router.post(f"{PATH}/{{member_id}}/badge")
    def show(
        request: Request,
        visitor: Annotated[Visitor, owner],
        member_id: RowInPath,
        form: Annotated[BadgeForm, Form()],
    ) -> Response:
        now = utc_now()

        def unit(session: Session) -> tuple[str, str]:
            text = badge_for(session, site.deps.box, member_id, now, anew=form.anew)
            return text, member_names(session, [member_id])[member_id]

        try:
            text, name = site.database.write(unit, visitor.scope)
        except NoSuchMember:
            raise HTTPException(404) from None
        note(visitor, "badge printed anew" if form.anew else "badge printed", changed=member_id)
        return site.page(
            request,
            visitor,
            "sheets/badge.html",
            paper=form.paper.value,
            name=name,
            bars=bars_on(form.paper, text),
        )

    @router.post(f"{PATH}/{{member_id}}/badge/end")
    def end(visitor: Annotated[Visitor, owner], member_id: RowInPath) -> Response:
        now = utc_now()
        ended = site.database.write(
            lambda session: end_badge(session, member_id, now), visitor.scope
        )
        if not ended:
            raise HTTPException(404)
        note(visitor, "badge ended", changed=member_id)
        return back_to_list("badge-ended")

    return router
