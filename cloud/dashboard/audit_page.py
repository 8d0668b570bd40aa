"""The audit log, for owners and managers."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from cloud.accounts.audit import PAGE, Wanted, entries
from cloud.accounts.members import list_members
from cloud.accounts.roles import Deed
from cloud.dashboard.audit_words import EVENTS
from cloud.dashboard.parameters import RowInQuery
from cloud.dashboard.site import Site
from cloud.dashboard.visitors import Visitor
from cloud.database.base import utc_now

PATH = "/audit-log"
_LONGEST_EVENT = 40


def audit_routes(site: Site) -> APIRouter:
    """Routes of the log. There is none that changes it."""
    router = APIRouter()

    @router.get(PATH)
    def show(
        request: Request,
        visitor: Annotated[Visitor, Depends(site.who_may(Deed.SEE_AUDIT_LOG))],
        event: Annotated[str, Query(max_length=_LONGEST_EVENT)] = "",
        member: RowInQuery = None,
        before: RowInQuery = None,
    ) -> Response:
        wanted = Wanted(event.replace("\0", ""), member or None, before or None)
        with site.database.read(visitor.scope) as session:
            found = entries(session, wanted)
            members = list_members(session, utc_now())
        return site.page(
            request,
            visitor,
            "audit_log.html",
            entries=found[:PAGE],
            older=found[PAGE - 1].id if len(found) > PAGE else None,
            wanted=wanted,
            members=members,
            events=EVENTS,
        )

    return router
