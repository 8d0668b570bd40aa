"""Choosing a password with a link from a mail, and asking for one.

The code of a link stands behind the # of its address: no server, log or scanner of links sees it.
A script puts it into the form, which alone spends it.
"""

import logging
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from cloud.accounts.errors import LinkSpent
from cloud.accounts.passwords import MIN_LENGTH
from cloud.dashboard.audit_trail import address_of
from cloud.dashboard.error_pages import SIGN_IN_PATH
from cloud.dashboard.site import Site

logger = logging.getLogger(__name__)

FORGOT_PATH = "/forgot-password"
CHOOSE_PATH = "/choose-password"
PASSWORD_SET = "password-set"  # noqa: S105  a word in an address
_LONGEST_EMAIL = 200
_LONGEST_PASSWORD = 1000
_LONGEST_CODE = 200


def password_routes(site: Site) -> APIRouter:
    """Routes for people who have no password, or not any more."""
    router = APIRouter()

    @router.get(FORGOT_PATH)
    def forgot(request: Request) -> Response:
        return _forgot(site, request)

    @router.post(FORGOT_PATH)
    def ask(
        request: Request, email: Annotated[str, Form(max_length=_LONGEST_EMAIL)] = ""
    ) -> Response:
        """The same answer whether or not anybody has the address."""
        if site.deps.mails.is_open:
            site.passwords_by_mail.ask(email)
        return _forgot(site, request, asked=True)

    @router.get(CHOOSE_PATH)
    def form(request: Request) -> Response:
        return _choose(site, request)

    @router.post(CHOOSE_PATH)
    def choose(
        request: Request,
        code: Annotated[str, Form(max_length=_LONGEST_CODE)] = "",
        password: Annotated[str, Form(max_length=_LONGEST_PASSWORD)] = "",
    ) -> Response:
        try:
            member_id = site.passwords_by_mail.choose(
                code.strip().lstrip("#"), password, address_of(request)
            )
        except LinkSpent:
            return _choose(site, request, status=410, refused="spent")
        except ValueError:
            return _choose(site, request, status=422, refused="short", code=code)
        logger.info("a password was chosen by a link", extra={"member": member_id})
        response = RedirectResponse(f"{SIGN_IN_PATH}?said={PASSWORD_SET}", 303)
        site.visitors.forget(response)
        return response

    return router


def _forgot(site: Site, request: Request, *, asked: bool = False) -> Response:
    reader = site.visitors.reader(request)
    return site.page(
        request, reader, "forgot_password.html", asked=asked, has_mail=site.deps.mails.is_open
    )


def _choose(
    site: Site, request: Request, *, status: int = 200, refused: str = "", code: str = ""
) -> Response:
    return site.page(
        request,
        site.visitors.reader(request),
        "choose_password.html",
        status=status,
        refused=refused,
        code=code,
        shortest=MIN_LENGTH,
        has_mail=site.deps.mails.is_open,
    )
