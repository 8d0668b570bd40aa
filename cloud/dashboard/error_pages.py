"""Pages for what goes wrong: plain words, and the way on."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlencode

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException

from cloud import metrics
from cloud.dashboard.marking import _
from cloud.dashboard.site import Site
from cloud.dashboard.visitors import ACCOUNT_PATH, CodeNeeded, NotAllowed, SignInNeeded
from cloud.database.errors import TransientDatabaseError
from cloud.photos.errors import PhotoStoreError

logger = logging.getLogger(__name__)

SIGN_IN_PATH = "/sign-in"


@dataclass(frozen=True, slots=True)
class ErrorWords:
    """What a page says about an error."""

    title: str
    text: str


_WORDS: Mapping[int, ErrorWords] = {
    HTTPStatus.NOT_FOUND: ErrorWords(
        _("This page does not exist"),
        _("The address may be mistyped, or what it showed belongs to another organisation."),
    ),
    HTTPStatus.FORBIDDEN: ErrorWords(
        _("This was not allowed"),
        _("The request did not come from a page of Packwitness. Open the page and try again."),
    ),
    HTTPStatus.INTERNAL_SERVER_ERROR: ErrorWords(
        _("Something went wrong here"),
        _("It was written to the log. Try again; if it stays, tell your IT the time."),
    ),
    HTTPStatus.SERVICE_UNAVAILABLE: ErrorWords(
        _("This cannot be shown right now"),
        _("The database or the photo storage is busy or cannot be reached. Try again in a moment."),
    ),
}
_NOT_ALLOWED = ErrorWords(
    _("Your role does not include this"),
    _("An owner of your organisation can do it, or give you another role."),
)
_OTHER = ErrorWords(
    _("This was not understood"),
    _("The request is not one that this page can answer. Go back and try again."),
)


def error_page(site: Site, request: Request, status: int) -> Response:
    """The page for a status, in the browser's language."""
    words = _WORDS.get(status, _OTHER)
    reader = site.visitors.reader(request)
    return site.page(request, reader, "error.html", status=status, error=words, code=int(status))


def _not_allowed_page(site: Site, request: Request, error: NotAllowed) -> Response:
    logger.info("not allowed: %s", error.deed, extra={"member": error.visitor.who.member_id})
    status = HTTPStatus.FORBIDDEN
    return site.page(
        request, error.visitor, "error.html", status=status, error=_NOT_ALLOWED, code=int(status)
    )


def _lead_to_the_sign_in(app: FastAPI) -> None:
    @app.exception_handler(SignInNeeded)
    def sign_in_first(request: Request, error: SignInNeeded) -> Response:
        address = SIGN_IN_PATH
        if error.back_to != "/":
            address = f"{SIGN_IN_PATH}?{urlencode({'next': error.back_to})}"
        if request.headers.get("hx-request"):
            # A part of a page cannot show the sign-in: the browser loads the page anew.
            return Response(status_code=401, headers={"HX-Refresh": "true"})
        return RedirectResponse(address, 303)

    @app.exception_handler(CodeNeeded)
    def code_first(request: Request, _error: CodeNeeded) -> Response:
        if request.headers.get("hx-request"):
            return Response(status_code=401, headers={"HX-Refresh": "true"})
        return RedirectResponse(ACCOUNT_PATH, 303)


def handle_errors(app: FastAPI, site: Site, headers: Mapping[str, str]) -> None:
    """Make the app answer errors with pages."""
    _lead_to_the_sign_in(app)

    @app.exception_handler(NotAllowed)
    def not_allowed(request: Request, error: NotAllowed) -> Response:
        return _not_allowed_page(site, request, error)

    @app.exception_handler(HTTPException)
    def known(request: Request, error: HTTPException) -> Response:
        response = error_page(site, request, error.status_code)
        response.headers.update(error.headers or {})
        return response

    @app.exception_handler(RequestValidationError)
    def not_understood(request: Request, error: RequestValidationError) -> Response:
        in_path = any(one["loc"][0] == "path" for one in error.errors())
        status = HTTPStatus.NOT_FOUND if in_path else HTTPStatus.UNPROCESSABLE_ENTITY
        return error_page(site, request, status)

    @app.exception_handler(TransientDatabaseError)
    def busy(request: Request, error: TransientDatabaseError) -> Response:
        logger.warning("a page could not be shown: %s", error, extra={"path": request.url.path})
        return error_page(site, request, HTTPStatus.SERVICE_UNAVAILABLE)

    @app.exception_handler(PhotoStoreError)
    def no_photo(request: Request, error: PhotoStoreError) -> Response:
        metrics.PHOTO_STORE_ERRORS.labels(type(error).__name__).inc()
        logger.error("a photo could not be shown: %s", error, extra={"path": request.url.path})
        return error_page(site, request, HTTPStatus.SERVICE_UNAVAILABLE)

    @app.exception_handler(Exception)
    def unexpected(request: Request, _error: Exception) -> Response:
        # The server logs it with its trace. This answer passes no middleware any more.
        response = error_page(site, request, HTTPStatus.INTERNAL_SERVER_ERROR)
        response.headers.update(headers)
        return response
