"""The second step of signing in: the code of an authenticator app, or a backup code."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from cloud.accounts.errors import SignInRefused, StepEnded, TooManyAttempts
from cloud.dashboard.audit_trail import address_of
from cloud.dashboard.browsers import label_of
from cloud.dashboard.error_pages import SIGN_IN_PATH
from cloud.dashboard.site import Site
from cloud.dashboard.visitors import CODE_PATH, STEP_COOKIE, own_path

_LONGEST_CODE = 100


def code_routes(site: Site) -> APIRouter:
    """Routes for who has shown the right password."""
    router = APIRouter()

    @router.get(CODE_PATH)
    def form(request: Request, next: str = "/") -> Response:  # noqa: A002  the address's word
        if not site.sign_ins.awaits_code(request.cookies.get(STEP_COOKIE, "")):
            return RedirectResponse(SIGN_IN_PATH, 303)
        return _form(site, request, back_to=next)

    @router.post(CODE_PATH)
    def enter(
        request: Request,
        code: Annotated[str, Form(max_length=_LONGEST_CODE)] = "",
        remember: Annotated[bool, Form()] = False,
        next: Annotated[str, Form()] = "/",  # noqa: A002  the form's word
    ) -> Response:
        token = request.cookies.get(STEP_COOKIE, "")
        label = label_of(request.headers.get("user-agent", "")) if remember else ""
        try:
            entered = site.sign_ins.pass_code(token, code, label, address_of(request))
        except StepEnded:
            return RedirectResponse(SIGN_IN_PATH, 303)
        except SignInRefused:
            return _form(site, request, status=401, back_to=next, refused="code")
        except TooManyAttempts:
            return _form(site, request, status=429, back_to=next, refused="too-many")
        response = RedirectResponse(own_path(next), 303)
        site.visitors.remember_sign_in(response, entered.token)
        site.visitors.forget_step(response)
        if entered.device_token:
            site.visitors.remember_device(response, entered.device_token)
        return response

    return router


def _form(
    site: Site, request: Request, *, back_to: str, status: int = 200, refused: str = ""
) -> Response:
    reader = site.visitors.reader(request)
    return site.page(
        request,
        reader,
        "sign_in_code.html",
        status=status,
        refused=refused,
        back_to=own_path(back_to),
    )
