"""The consent pages, where an app sends a seller to be authorized (marketplace-apis 1.2)."""

import secrets
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode, urlsplit, urlunsplit

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from sandbox.pages.rendering import page
from sandbox.shopee import errors, gate, tokens
from sandbox.shopee.entities import App
from sandbox.shopee.errors import Refusal
from sandbox.shopee.parameters import read_query
from sandbox.shopee.world import World

AUTHORIZE_PATH = "/api/v2/shop/auth_partner"
CANCEL_PATH = "/api/v2/shop/cancel_auth_partner"


@dataclass(frozen=True)
class _Ticket:
    """A consent page that was shown and waits for the seller's answer."""

    app: App
    redirect: str
    state: str
    cancels: bool


def consent_routes(world: World) -> APIRouter:
    """The links an app opens, and the form of the page they show."""
    router = APIRouter()
    tickets: dict[str, _Ticket] = {}

    def show(ticket: _Ticket) -> HTMLResponse:
        name = secrets.token_urlsafe(16)
        tickets[name] = ticket
        return page(
            "consent.html",
            ticket=name,
            app=ticket.app,
            cancels=ticket.cancels,
            shops=sorted(world.shops, key=lambda shop: shop.shop_id),
            accounts=sorted(world.main_accounts, key=lambda one: one.main_account_id),
        )

    @router.get(AUTHORIZE_PATH)
    @router.get(CANCEL_PATH)
    async def classic_link(request: Request) -> HTMLResponse:
        query = read_query(request.url.query)
        signed = gate.SignedRequest(request.url.path, query)
        caller = gate.admit(world, signed, "public")
        redirect = _address(signed.parameter("redirect"))
        return show(_Ticket(caller.app, redirect, "", request.url.path == CANCEL_PATH))

    @router.get("/auth")
    async def newer_link(
        partner_id: int, redirect_uri: str, auth_type: str = "seller", state: str = ""
    ) -> HTMLResponse:
        app = world.apps.get(partner_id)
        if app is None or auth_type != "seller":
            raise Refusal(errors.ERROR_PARAM, "Invalid partner_id or auth_type.")
        return show(_Ticket(app, _address(redirect_uri), state, cancels=False))

    @router.post("/consent")
    async def consent(ticket: Annotated[str, Form()], account: Annotated[str, Form()]) -> Response:
        asked = tickets.pop(ticket, None)
        kind, _, digits = account.partition(":")
        if asked is None or kind not in {"shop", "main"} or not digits.isdigit():
            raise Refusal(errors.ERROR_PARAM, "The page is out of date. Open the link again.")
        is_shop, identity = kind == "shop", int(digits)
        if asked.cancels:
            return RedirectResponse(_cancel(world, asked, is_shop, identity), 303)
        code = tokens.new_code(
            world,
            partner_id=asked.app.partner_id,
            shop_id=identity if is_shop else None,
            main_account_id=None if is_shop else identity,
        )
        world.commit()
        back = {"code": code, "shop_id" if is_shop else "main_account_id": str(identity)}
        return RedirectResponse(_with_query(asked, back), 303)

    return router


def _cancel(world: World, asked: _Ticket, is_shop: bool, identity: int) -> str:
    account = None if is_shop else world.main_accounts.get(identity)
    for shop_id in account.shop_ids if account else [identity]:
        subject = tokens.shop_subject(shop_id)
        tokens.revoke(world, partner_id=asked.app.partner_id, subject=subject)
    world.commit()
    return _with_query(asked, {"shop_id" if is_shop else "main_account_id": str(identity)})


def _address(redirect: str) -> str:
    parts = urlsplit(redirect)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise Refusal(errors.ERROR_PARAM, "redirect must be an http or https address.")
    return redirect


def _with_query(ticket: _Ticket, values: dict[str, str]) -> str:
    parts = urlsplit(ticket.redirect)
    if ticket.state:
        values = {**values, "state": ticket.state}
    joined = "&".join(filter(None, (parts.query, urlencode(values))))
    return urlunsplit(parts._replace(query=joined))
