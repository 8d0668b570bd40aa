"""A new password for a member: by a link in a mail, or shown to be handed over. For owners."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy.orm import Session

from cloud.accounts.errors import UnknownMember
from cloud.accounts.members import give_password, mail_link
from cloud.accounts.passwords import hash_password, new_password
from cloud.accounts.roles import Deed
from cloud.dashboard.members.changing import done
from cloud.dashboard.members.listing import PATH, back_to_list, members_page, note
from cloud.dashboard.parameters import RowInPath
from cloud.dashboard.site import Site
from cloud.dashboard.visitors import Visitor
from cloud.database.base import utc_now


def member_passwords(site: Site) -> APIRouter:
    """Routes of the forms beside each member."""
    router = APIRouter()
    owner = Depends(site.who_may(Deed.MANAGE_MEMBERS))

    @router.post(f"{PATH}/{{member_id}}/link")
    def link(visitor: Annotated[Visitor, owner], member_id: RowInPath) -> Response:
        """The link goes to the member alone; who asks for it does not see it."""
        now = utc_now()

        def unit(session: Session) -> None:
            mail_link(session, site.deps.mails, member_id, now)

        notice = "link-mailed" if site.deps.mails.is_open else "no-mail"
        return done(site, visitor, unit, notice, changed=member_id)

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
