"""The link by which an app sends a seller to be authorized (marketplace-apis 2.2)."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from sandbox.lazada import errors, tokens
from sandbox.lazada.platform import WORDS
from sandbox.lazada.world import World
from sandbox.market.consent import Asked, Choice, ConsentDesk, is_web_address
from sandbox.market.refusal import Refusal

AUTHORIZE_PATH = "/oauth/authorize"


def consent_routes(world: World) -> APIRouter:
    """The link an app opens, and the form of the page it shows."""
    router = APIRouter()

    def consented(asked: Asked, account: str) -> dict[str, str]:
        code = tokens.new_code(world, str(asked.app_id), account)
        world.commit()
        return {"code": code}

    desk = ConsentDesk(title="Lazada", consented=consented, stale=WORDS.page_out_of_date)

    @router.get(AUTHORIZE_PATH)
    async def link(request: Request) -> HTMLResponse:
        asked = request.query_params
        app = world.apps.get(asked.get("client_id", ""))
        if app is None:
            raise _bad("client_id is not known")
        if asked.get("response_type") != "code":
            raise _bad("response_type must be code")
        redirect = asked.get("redirect_uri", "")
        if not is_web_address(redirect):
            raise _bad("redirect_uri must be an http or https address")
        return desk.show(
            Asked(
                app_id=app.app_key,
                app_name=app.name,
                redirect=redirect,
                choices=_choices(world, asked.get("country", "")),
                returns={"state": asked["state"]} if asked.get("state") else {},
            )
        )

    router.include_router(desk.routes())
    return router


def _choices(world: World, country: str) -> list[Choice]:
    """The accounts, of one country where the link names it."""
    accounts = sorted({shop.account_name for shop in world.shops})
    found = [(account, world.shops_of(account)) for account in accounts]
    return [
        Choice(
            account,
            ", ".join(shop.shop_name for shop in shops),
            f"{account}, {', '.join(shop.region for shop in shops)}",
        )
        for account, shops in found
        if not country or country.upper() in {shop.region for shop in shops}
    ]


def _bad(why: str) -> Refusal:
    return Refusal(errors.INVALID_PARAMETER, f"{why}.", http_status=400)
