"""Changing a member: role, shops, browsers, access. For owners."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Response
from sqlalchemy.orm import Session

from cloud.accounts.members import (
    change_role,
    choose_shops,
    let_go,
    sign_out_everywhere,
)
from cloud.accounts.roles import Deed, Role
from cloud.dashboard.members.listing import PATH, REFUSALS, back_to_list, note
from cloud.dashboard.members.reach import ReachForm
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

        return done(site, visitor, unit, "role-changed", changed=member_id, role=role)

    @router.post(f"{PATH}/{{member_id}}/shops")
    def choose(
        visitor: Annotated[Visitor, owner],
        member_id: RowInPath,
        form: Annotated[ReachForm, Form()],
    ) -> Response:
        """Which shops they see and act on, from their next page on."""

        def unit(session: Session) -> None:
            choose_shops(session, member_id, form.chosen(session))

        return done(site, visitor, unit, "shops-changed", changed=member_id, reach=form.reach)

    @router.post(f"{PATH}/{{member_id}}/sign-out")
    def sign_out(visitor: Annotated[Visitor, owner], member_id: RowInPath) -> Response:
        def unit(session: Session) -> None:
            sign_out_everywhere(session, member_id)

        return done(site, visitor, unit, "signed-out", changed=member_id)

    @router.post(f"{PATH}/{{member_id}}/let-go")
    def end(visitor: Annotated[Visitor, owner], member_id: RowInPath) -> Response:
        now = utc_now()

        def unit(session: Session) -> None:
            let_go(session, member_id, now)

        return done(site, visitor, unit, "let-go", changed=member_id)

    return router


def done(
    site: Site,
    visitor: Visitor,
    unit: Callable[[Session], None],
    notice: str,
    **what: object,
) -> Response:
    """Do it, and lead back to the list with what became of it."""
    try:
        site.database.write(unit, visitor.scope)
    except tuple(REFUSALS) as error:
        return back_to_list(REFUSALS[type(error)])
    note(visitor, notice, **what)
    return back_to_list(notice)
