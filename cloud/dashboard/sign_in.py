"""Signing in and out, and choosing a language."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from cloud.accounts.errors import SignInRefused, TooManyAttempts
from cloud.accounts.roles import Deed
from cloud.accounts.service import choose_language
from cloud.accounts.signing_in import Entered
from cloud.dashboard.audit_trail import address_of
from cloud.dashboard.chat_log.address import LOG_PATH
from cloud.dashboard.error_pages import SIGN_IN_PATH
from cloud.dashboard.site import Site
from cloud.dashboard.visitors import (
    CODE_PATH,
    DEVICE_COOKIE,
    LANGUAGE_COOKIE,
    SESSION_COOKIE,
    NotAllowed,
    SignInNeeded,
    Visitor,
    own_path,
)
from cloud.database.scope import scoped

_LONGEST_EMAIL = 200
_LONGEST_PASSWORD = 1000


def sign_in_routes(site: Site) -> APIRouter:
    """Routes for people who are not, or no longer, signed in."""
    router = APIRouter()

    @router.get(SIGN_IN_PATH)
    def form(
        request: Request,
        next: str = "/",  # noqa: A002  the address's word
        said: str = "",
    ) -> Response:
        if _is_signed_in(site, request):
            return RedirectResponse(own_path(next), 303)
        return _form(site, request, back_to=next, said=said)

    @router.post(SIGN_IN_PATH)
    def enter(
        request: Request,
        email: Annotated[str, Form(max_length=_LONGEST_EMAIL)] = "",
        password: Annotated[str, Form(max_length=_LONGEST_PASSWORD)] = "",
        next: Annotated[str, Form()] = "/",  # noqa: A002  the form's word
    ) -> Response:
        try:
            device = request.cookies.get(DEVICE_COOKIE, "")
            entered = site.sign_ins.enter(email, password, device, address_of(request))
        except SignInRefused:
            return _form(site, request, status=401, email=email, back_to=next, refused="password")
        except TooManyAttempts:
            return _form(site, request, status=429, email=email, back_to=next, refused="too-many")
        _take_language_along(site, request, entered)
        if entered.needs_code:
            query = urlencode({"next": own_path(next)})
            response = RedirectResponse(f"{CODE_PATH}?{query}", 303)
            site.visitors.remember_step(response, entered.token)
            return response
        response = RedirectResponse(own_path(next), 303)
        site.visitors.remember_sign_in(response, entered.token)
        return response

    @router.post("/sign-out")
    def leave(request: Request) -> Response:
        site.sign_ins.leave(request.cookies.get(SESSION_COOKIE, ""), address_of(request))
        # Photos are kept by browsers; the next person at this one must not find them.
        response = RedirectResponse(SIGN_IN_PATH, 303, {"Clear-Site-Data": '"cache"'})
        site.visitors.forget(response)
        return response

    return router


def language_routes(site: Site) -> APIRouter:
    """The switch of languages, on every page."""
    router = APIRouter()

    @router.post("/language")
    def choose(
        request: Request,
        language: Annotated[str, Form()],
        next: Annotated[str, Form()] = "/",  # noqa: A002  the form's word
    ) -> Response:
        if language not in site.languages:
            raise HTTPException(422)
        visitor = _signed_in(site, request)
        if visitor is not None:
            _keep_language(site, visitor.who.organisation_id, visitor.who.member_id, language)
        response = RedirectResponse(own_path(next), 303)
        site.visitors.remember_language(response, language)
        return response

    return router


def start_routes(site: Site) -> APIRouter:
    """The bare address leads to the first page that the member may see."""
    router = APIRouter()

    @router.get("/")
    def start(visitor: Annotated[Visitor, Depends(site.visitor)]) -> Response:
        return RedirectResponse(start_page(visitor), 303)

    return router


_STARTS = (
    (Deed.SEE_ALL_PROOFS, "/workbench"),
    (Deed.SEE_PROOFS, LOG_PATH),
    (Deed.SEE_TABLES, "/tables"),
)


def start_page(visitor: Visitor) -> str:
    """Where a member's day begins.

    Raises:
        NotAllowed: nowhere, with a role that may nothing.
    """
    for deed, address in _STARTS:
        if visitor.may(deed):
            return address
    raise NotAllowed(visitor, Deed.SEE_PROOFS)


def _form(
    site: Site,
    request: Request,
    *,
    back_to: str,
    status: int = 200,
    email: str = "",
    refused: str = "",
    said: str = "",
) -> Response:
    reader = site.visitors.reader(request)
    return site.page(
        request,
        reader,
        "sign_in.html",
        status=status,
        email=email,
        refused=refused,
        said=said,
        back_to=own_path(back_to),
    )


def _signed_in(site: Site, request: Request) -> Visitor | None:
    try:
        return site.visitor(request)
    except SignInNeeded:
        return None


def _is_signed_in(site: Site, request: Request) -> bool:
    return _signed_in(site, request) is not None


def _take_language_along(site: Site, request: Request, entered: Entered) -> None:
    """What was chosen before the sign-in is meant for the pages after it."""
    chosen = request.cookies.get(LANGUAGE_COOKIE, "")
    if chosen in site.languages:
        _keep_language(site, entered.organisation_id, entered.member_id, chosen)


def _keep_language(site: Site, organisation_id: int, member_id: int, language: str) -> None:
    def unit(session: Session) -> None:
        choose_language(session, member_id, language)

    site.database.write(unit, scoped(organisation_id))
