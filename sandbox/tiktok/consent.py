"""The link that an app sends a seller to (marketplace-apis 3.1 and 3.2)."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from sandbox.market.consent import Asked, Choice, ConsentDesk, is_web_address
from sandbox.market.refusal import Refusal
from sandbox.tiktok import errors, tokens
from sandbox.tiktok.entities import App
from sandbox.tiktok.platform import WORDS
from sandbox.tiktok.world import World

REFUSES = "refuse"


def consent_routes(world: World) -> APIRouter:
    """The authorize page, and where its form goes."""
    router = APIRouter()

    def consented(asked: Asked, choice: str) -> dict[str, str]:
        if choice == REFUSES:
            return {"code": "null", "error": "auth_denied"}
        app = world.apps.get(asked.app_id)
        if app is None:
            raise WORDS.page_out_of_date.refusal()
        code = tokens.new_code(world, app, choice)
        world.commit()
        # What else may come along, and is for clients to ignore.
        return {"app_key": app.app_key, "code": code, "locale": "en", "shop_region": ""}

    desk = ConsentDesk(title="TikTok Shop", consented=consented, stale=WORDS.page_out_of_date)

    @router.get("/open/authorize")
    async def authorize(service_id: str = "", state: str = "") -> HTMLResponse:
        app = next((one for one in world.apps if service_id and one.service_id == service_id), None)
        if app is None:
            raise Refusal(errors.BAD_REQUEST, "Invalid service_id.")
        if not is_web_address(app.redirect_url):
            raise Refusal(errors.BAD_REQUEST, "The app has no redirect address.")
        return desk.show(_asked(world, app, state))

    router.include_router(desk.routes())
    return router


def _asked(world: World, app: App, state: str) -> Asked:
    sellers = sorted(world.sellers, key=lambda one: one.seller_id)
    return Asked(
        app_id=app.app_key,
        app_name=app.name,
        redirect=app.redirect_url,
        choices=[
            *(
                Choice(
                    seller.seller_id,
                    seller.seller_name,
                    ", ".join(
                        f"{shop.shop_name} ({shop.region})"
                        for shop in world.shops_of(seller.seller_id)
                    ),
                )
                for seller in sellers
            ),
            Choice(REFUSES, "No account", "refuse"),
        ],
        returns={"state": state} if state else {},
    )
