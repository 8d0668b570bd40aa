"""The links by which an app sends a seller to be authorized (marketplace-apis 1.2)."""

from collections.abc import Mapping

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from sandbox.market.consent import Asked, Choice, ConsentDesk, is_web_address
from sandbox.market.parameters import read_query
from sandbox.market.refusal import Refusal
from sandbox.shopee import errors, gate, tokens
from sandbox.shopee.entities import App
from sandbox.shopee.platform import WORDS
from sandbox.shopee.world import World

AUTHORIZE_PATH = "/api/v2/shop/auth_partner"
CANCEL_PATH = "/api/v2/shop/cancel_auth_partner"


def consent_routes(world: World) -> APIRouter:
    """The links an app opens, and the form of the page they show."""
    router = APIRouter()

    def consented(asked: Asked, account: str) -> dict[str, str]:
        kind, _, digits = account.partition(":")
        do = _cancel if asked.cancels else _authorize
        values = do(world, int(asked.app_id), is_shop=kind == "shop", identity=int(digits))
        world.commit()
        return values

    desk = ConsentDesk(title="Shopee", consented=consented, stale=WORDS.page_out_of_date)

    @router.get(AUTHORIZE_PATH)
    @router.get(CANCEL_PATH)
    async def classic_link(request: Request) -> HTMLResponse:
        query = read_query(request.url.query)
        signed = gate.SignedRequest(request.url.path, query)
        caller = gate.admit(world, signed, "public")
        redirect = signed.parameter("redirect")
        cancels = request.url.path == CANCEL_PATH
        return desk.show(_asked(world, caller.app, redirect, cancels=cancels))

    @router.get("/auth")
    async def newer_link(
        partner_id: int, redirect_uri: str, auth_type: str = "seller", state: str = ""
    ) -> HTMLResponse:
        app = world.apps.get(partner_id)
        if app is None or auth_type != "seller":
            raise Refusal(errors.ERROR_PARAM, "Invalid partner_id or auth_type.")
        returns = {"state": state} if state else {}
        return desk.show(_asked(world, app, redirect_uri, returns=returns))

    router.include_router(desk.routes())
    return router


def _asked(
    world: World,
    app: App,
    redirect: str,
    *,
    cancels: bool = False,
    returns: Mapping[str, str] | None = None,
) -> Asked:
    if not is_web_address(redirect):
        raise Refusal(errors.ERROR_PARAM, "redirect must be an http or https address.")
    shops = sorted(world.shops, key=lambda shop: shop.shop_id)
    accounts = sorted(world.main_accounts, key=lambda one: one.main_account_id)
    return Asked(
        app_id=app.partner_id,
        app_name=app.name,
        redirect=redirect,
        choices=[
            *(
                Choice(
                    f"shop:{shop.shop_id}", shop.shop_name, f"shop {shop.shop_id}, {shop.region}"
                )
                for shop in shops
            ),
            *(
                Choice(
                    f"main:{account.main_account_id}",
                    f"Main account {account.main_account_id}",
                    f"{len(account.shop_ids)} shop(s)",
                )
                for account in accounts
            ),
        ],
        cancels=cancels,
        returns=returns,
    )


def _authorize(world: World, partner_id: int, *, is_shop: bool, identity: int) -> dict[str, str]:
    code = tokens.new_code(
        world,
        partner_id=partner_id,
        shop_id=identity if is_shop else None,
        main_account_id=None if is_shop else identity,
    )
    return {"code": code} | _named(is_shop, identity)


def _cancel(world: World, partner_id: int, *, is_shop: bool, identity: int) -> dict[str, str]:
    account = None if is_shop else world.main_accounts.get(identity)
    for shop_id in account.shop_ids if account else [identity]:
        tokens.revoke(world, partner_id=partner_id, subject=tokens.shop_subject(shop_id))
    return _named(is_shop, identity)


def _named(is_shop: bool, identity: int) -> dict[str, str]:
    return {"shop_id" if is_shop else "main_account_id": str(identity)}
