"""Changing a member: role, password, browsers, access. For owners."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from sqlalchemy.orm import Session

from cloud.accounts.errors import UnknownMember
from cloud.accounts.members import change_role, give_password, let_go, sign_out_everywhere
from cloud.accounts.passwords import hash_password, new_password
from cloud.accounts.roles import Deed, Role
from cloud.dashboard.members.listing import PATH, REFUSALS, back_to_list, members_page, note
from cloud.dashboard.parameters import RowInPath
from cloud.dashboard.site import Site
from cloud.dashboard.visitors import Visitor
from cloud.database.base import utc_now


def member_forms(site: Site) -> APIRouter:
    """Routes of the forms beside each member."""
    router = APIRouter()
    owner = Depends(site.who_may(Deed.MANAGE_MEMBERS))

    @router.post(f"{PATH}/{{member_id}}/role")
    def change(
        visitor: Annotated[Visitor, owner],
        member_id: RowInPath,
        role: Annotated[Role, Form()],
    ) -> Response:
        def unit(session: Session) -> None:
            change_role(session, member_id, role)

        return _done(site, visitor, unit, "role-changed", changed=member_id, role=role)

    @router.post(f"{PATH}/{{member_id}}/sign-out")
    def sign_out(visitor: Annotated[Visitor, owner], member_id: RowInPath) -> Response:
        def unit(session: Session) -> None:
            sign_out_everywhere(session, member_id)

        return _done(site, visitor, unit, "signed-out", changed=member_id)

    @router.post(f"{PATH}/{{member_id}}/let-go")
    def end(visitor: Annotated[Visitor, owner], member_id: RowInPath) -> Response:
        now = utc_now()

        def unit(session: Session) -> None:
            let_go(session, member_id, now)

        return _done(site, visitor, unit, "let-go", changed=member_id)

    @router.post(f"{PATH}/{{member_id}}/password")
    def password(
        request: Request, visitor: Annotated[Visitor, owner], member_id: RowInPath
    ) -> Response:
        """For who forgot it; shown once, as above."""
        new = new_password()
        new_hash = hash_password(new)

        def unit(session: Session) -> str:
            return give_password(session, member_id, new_hash)

        try:
            address = site.database.write(unit, visitor.scope)
        except UnknownMember:
            return back_to_list("gone")
        note(visitor, "password given", changed=member_id)
        return members_page(site, request, visitor, given=(address, new))

    return router


def _done(
    site: Site,
    visitor: Visitor,
    unit: Callable[[Session], None],
    notice: str,
    **what: object,
) -> Response:
    try:
        site.database.write(unit, visitor.scope)
    except tuple(REFUSALS) as error:
        return back_to_list(REFUSALS[type(error)])
    note(visitor, notice, **what)
    return back_to_list(notice)
