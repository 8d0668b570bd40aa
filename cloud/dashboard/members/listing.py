"""The page of members, and adding one. For owners."""

import logging
from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import Field
from sqlalchemy.orm import Session

from cloud.accounts.errors import (
    AccountError,
    LastOwner,
    MemberExists,
    NoAddress,
    NoShop,
    UnknownMember,
)
from cloud.accounts.members import (
    add_member,
    list_members,
    mail_link,
)
from cloud.accounts.passwords import hash_password, new_password
from cloud.accounts.roles import Deed, Role
from cloud.dashboard import words
from cloud.dashboard.members import member_words
from cloud.dashboard.members.reach import ReachForm
from cloud.dashboard.sheets import sheet_words
from cloud.dashboard.site import Site
from cloud.dashboard.visitors import Visitor
from cloud.database.base import utc_now
from cloud.database.errors import ConstraintViolated
from cloud.fleet.badges import members_with_badge
from cloud.shops.queries import shop_names

logger = logging.getLogger(__name__)

PATH = "/members"
_LONGEST = 300
REFUSALS: Mapping[type[AccountError], str] = {
    LastOwner: "last-owner",
    MemberExists: "member-exists",
    NoAddress: "no-address",
    NoShop: "no-shop",
    UnknownMember: "gone",
}
"""What is said of what was refused, by its notice."""


class NewMemberForm(ReachForm):
    """The form for somebody new."""

    email: str = Field(max_length=_LONGEST)
    role: Role
    by_mail: bool = False


def member_routes(site: Site) -> APIRouter:
    """Routes of the list."""
    router = APIRouter()
    owner = Depends(site.who_may(Deed.MANAGE_MEMBERS))

    @router.get(PATH)
    def list_all(
        request: Request, visitor: Annotated[Visitor, owner], notice: str = ""
    ) -> Response:
        return members_page(site, request, visitor, notice=notice)

    @router.post(PATH)
    def add(
        request: Request,
        visitor: Annotated[Visitor, owner],
        form: Annotated[NewMemberForm, Form()],
    ) -> Response:
        """By mail, or with a password that is shown once, on the answer's own page."""
        password = "" if form.by_mail and site.deps.mails.is_open else new_password()
        password_hash, now = hash_password(password) if password else "", utc_now()

        def unit(session: Session) -> str:
            member = add_member(
                session,
                form.email,
                form.role,
                password_hash,
                now,
                language=visitor.who.language,
                shops=form.chosen(session),
            )
            if not password:
                mail_link(session, site.deps.mails, member.id, now)
            return member.email

        try:
            address = site.database.write(unit, visitor.scope)
        except ConstraintViolated:  # another organisation's
            return back_to_list("member-exists")
        except tuple(REFUSALS) as error:
            return back_to_list(REFUSALS[type(error)])
        note(visitor, "member added", role=form.role, reach=form.reach)
        if not password:
            return back_to_list("invited")
        return members_page(site, request, visitor, given=(address, password))

    return router


def note(visitor: Visitor, what: str, **about: object) -> None:
    """Log who did it."""
    logger.info("%s", what, extra={"member": visitor.who.member_id, **about})


def back_to_list(notice: str) -> Response:
    """The list, with what the visit ended with."""
    return RedirectResponse(f"{PATH}?notice={notice}", 303)


def members_page(
    site: Site,
    request: Request,
    visitor: Visitor,
    *,
    notice: str = "",
    given: tuple[str, str] | None = None,
) -> Response:
    """The list. ``given``: an address and its new password, shown this once."""
    with site.database.read(visitor.scope) as session:
        members = list_members(session, utc_now())
        shops = shop_names(session)
        with_badge = members_with_badge(session)
    return site.page(
        request,
        visitor,
        "members/list.html",
        members=members,
        shops=shops,
        with_badge=with_badge,
        papers=sheet_words.PAPERS,
        channels=words.CHANNELS,
        given=given,
        has_mail=site.deps.mails.is_open,
        roles=list(Role),
        member_words=member_words,
        said=member_words.NOTICES.get(notice),
    )
