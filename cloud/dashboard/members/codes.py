"""Who needs a code to sign in: required of all, and reset for who lost the phone."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from cloud.accounts.codes import code_facts, members_with_codes, require_codes
from cloud.accounts.errors import OwnersOnly, UnknownMember
from cloud.accounts.members import list_members, reset_codes
from cloud.accounts.roles import Deed, Role
from cloud.dashboard.members import member_words
from cloud.dashboard.members.listing import note
from cloud.dashboard.parameters import RowInPath
from cloud.dashboard.site import Site
from cloud.dashboard.visitors import Visitor
from cloud.database.base import utc_now

PATH = "/sign-in-codes"


def required_code_routes(site: Site) -> APIRouter:
    """Routes for owners and managers."""
    router = APIRouter()
    manager = Depends(site.who_may(Deed.REQUIRE_CODES))

    @router.get(PATH)
    def show(request: Request, visitor: Annotated[Visitor, manager], notice: str = "") -> Response:
        with site.database.read(visitor.scope) as session:
            members = list_members(session, utc_now())
            with_codes = members_with_codes(session)
            facts = code_facts(session, visitor.who.member_id)
        return site.page(
            request,
            visitor,
            "members/codes.html",
            members=members,
            with_codes=with_codes,
            required=facts.is_required,
            may_reset_owners=visitor.who.role == Role.OWNER,
            member_words=member_words,
            said=member_words.CODE_NOTICES.get(notice),
        )

    @router.post(f"{PATH}/required")
    def require(
        visitor: Annotated[Visitor, manager],
        required: Annotated[bool, Form()] = False,
    ) -> Response:
        def unit(session: Session) -> None:
            require_codes(session, required=required)

        site.database.write(unit, visitor.scope)
        note(visitor, "codes required" if required else "codes not required")
        return _back("required" if required else "not-required")

    @router.post(f"{PATH}/{{member_id}}/reset")
    def reset(visitor: Annotated[Visitor, manager], member_id: RowInPath) -> Response:
        def unit(session: Session) -> None:
            reset_codes(session, member_id, by_owner=visitor.who.role == Role.OWNER)

        try:
            site.database.write(unit, visitor.scope)
        except UnknownMember:
            return _back("gone")
        except OwnersOnly:
            return _back("owners-only")
        note(visitor, "codes reset", changed=member_id)
        return _back("reset")

    return router


def _back(notice: str) -> Response:
    return RedirectResponse(f"{PATH}?notice={notice}", 303)
