"""Turning codes at the sign-in on and off, each member for themselves.

Who does it shows the password: the browser may stand unattended.
"""

import secrets
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from sqlalchemy.orm import Session

from cloud.accounts import totp
from cloud.accounts.codes import (
    Answer,
    code_facts,
    confirm_secret,
    forget_codes,
    new_backup_codes,
    offer_secret,
    replace_backup_codes,
)
from cloud.accounts.errors import CodesAreOn, SignInRefused, TooManyAttempts
from cloud.dashboard.account import account_page, back
from cloud.dashboard.site import Site
from cloud.dashboard.visitors import ACCOUNT_PATH, Visitor
from cloud.database.base import utc_now

_LONGEST_PASSWORD = 1000
_LONGEST_CODE = 100
_Password = Annotated[str, Form(max_length=_LONGEST_PASSWORD)]


def code_beginnings(site: Site) -> APIRouter:
    """Turning codes on."""
    router = APIRouter()
    member = Depends(site.visitor)

    @router.post(f"{ACCOUNT_PATH}/code")
    def begin(
        request: Request, visitor: Annotated[Visitor, member], password: _Password = ""
    ) -> Response:
        """The secret is shown on the answer's own page, this once."""
        secret = secrets.token_bytes(totp.SECRET_BYTES)

        def unit(session: Session) -> None:
            offer_secret(session, site.deps.box, visitor.who.member_id, secret)

        refused = _refusal(site, visitor, password)
        if refused:
            return back(refused)
        try:
            site.database.write(unit, visitor.scope)
        except CodesAreOn:
            return back("code-is-on")
        return account_page(site, request, visitor, secret=secret)

    @router.post(f"{ACCOUNT_PATH}/code/confirm")
    def confirm(
        request: Request,
        visitor: Annotated[Visitor, member],
        code: Annotated[str, Form(max_length=_LONGEST_CODE)] = "",
    ) -> Response:
        codes, now = new_backup_codes(), utc_now()

        def unit(session: Session) -> Answer:
            who = visitor.who.member_id
            return confirm_secret(session, site.deps.box, who, code, now, backup_codes=codes)

        if site.database.write(unit, visitor.scope) is not Answer.RIGHT:
            return back("code-wrong")
        return account_page(site, request, visitor, notice="code-on", backup_codes=codes)

    return router


def code_ends(site: Site) -> APIRouter:
    """Turning codes off, and making new backup codes."""
    router = APIRouter()
    member = Depends(site.visitor)

    @router.post(f"{ACCOUNT_PATH}/code/off")
    def off(visitor: Annotated[Visitor, member], password: _Password = "") -> Response:
        def unit(session: Session) -> None:
            forget_codes(session, visitor.who.member_id)

        refused = _refusal(site, visitor, password)
        if refused:
            return back(refused)
        site.database.write(unit, visitor.scope)
        return back("code-off")

    @router.post(f"{ACCOUNT_PATH}/backup-codes")
    def anew(
        request: Request, visitor: Annotated[Visitor, member], password: _Password = ""
    ) -> Response:
        codes = new_backup_codes()

        def unit(session: Session) -> bool:
            if not code_facts(session, visitor.who.member_id).is_on:
                return False
            replace_backup_codes(session, visitor.who.member_id, codes)
            return True

        refused = _refusal(site, visitor, password)
        if refused or not site.database.write(unit, visitor.scope):
            return back(refused or "code-off")
        return account_page(site, request, visitor, backup_codes=codes)

    return router


def _refusal(site: Site, visitor: Visitor, password: str) -> str:
    """The notice that says why a password was not taken; empty: it was."""
    try:
        site.sign_ins.password_of(visitor.who.email, password)
    except SignInRefused:
        return "password-wrong"
    except TooManyAttempts:
        return "too-many"
    return ""
