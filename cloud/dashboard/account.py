"""A member's own page: codes at the sign-in, remembered browsers, signing out everywhere."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from cloud.accounts import totp
from cloud.accounts.codes import code_facts
from cloud.accounts.devices import forget_device, list_devices
from cloud.accounts.members import sign_out_everywhere
from cloud.dashboard import account_words
from cloud.dashboard.barcodes import square_code
from cloud.dashboard.error_pages import SIGN_IN_PATH
from cloud.dashboard.parameters import RowInPath
from cloud.dashboard.site import Site
from cloud.dashboard.visitors import ACCOUNT_PATH, Visitor
from cloud.database.base import utc_now


def account_routes(site: Site) -> APIRouter:
    """Routes for every member, each for what is their own."""
    router = APIRouter()
    member = Depends(site.visitor)

    @router.get(ACCOUNT_PATH)
    def show(request: Request, visitor: Annotated[Visitor, member], notice: str = "") -> Response:
        return account_page(site, request, visitor, notice=notice)

    @router.post(f"{ACCOUNT_PATH}/devices/{{device_id}}/forget")
    def forget(visitor: Annotated[Visitor, member], device_id: RowInPath) -> Response:
        def unit(session: Session) -> None:
            forget_device(session, visitor.who.member_id, device_id)

        site.database.write(unit, visitor.scope)
        return back("device-forgotten")

    @router.post(f"{ACCOUNT_PATH}/sign-out-everywhere")
    def sign_out(visitor: Annotated[Visitor, member]) -> Response:
        def unit(session: Session) -> None:
            sign_out_everywhere(session, visitor.who.member_id)

        site.database.write(unit, visitor.scope)
        response = RedirectResponse(SIGN_IN_PATH, 303, {"Clear-Site-Data": '"cache"'})
        site.visitors.forget(response)
        return response

    return router


def back(notice: str) -> Response:
    """The page, with what the visit ended with."""
    return RedirectResponse(f"{ACCOUNT_PATH}?notice={notice}", 303)


def account_page(
    site: Site,
    request: Request,
    visitor: Visitor,
    *,
    notice: str = "",
    secret: bytes = b"",
    backup_codes: list[str] | None = None,
) -> Response:
    """A member's own page. ``secret`` and ``backup_codes`` are shown this once."""
    now, member_id = utc_now(), visitor.who.member_id
    with site.database.read(visitor.scope) as session:
        facts = code_facts(session, member_id)
        devices = list_devices(session, member_id, now)
    return site.page(
        request,
        visitor,
        "account.html",
        facts=facts,
        devices=devices,
        secret=totp.typeable(secret) if secret else "",
        square=square_code(totp.address(secret, visitor.who.email)) if secret else None,
        backup_codes=backup_codes or [],
        said=account_words.NOTICES.get(notice),
    )
