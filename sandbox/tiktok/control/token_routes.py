"""Control of tokens: minting without the consent page, ending, revoking. They are a seller's."""

from fastapi import APIRouter

from sandbox.market.control.finding import found
from sandbox.tiktok import tokens
from sandbox.tiktok.control import bodies
from sandbox.tiktok.world import World


def token_routes(world: World) -> APIRouter:
    """Routes about a seller's authorization."""
    router = APIRouter(prefix="/sellers/{seller_id}/tokens")

    @router.post("", status_code=201)
    async def mint(seller_id: str, body: bodies.MintBody) -> bodies.MintedTokens:
        app = found(world.apps, body.app_key)
        seller = found(world.sellers, seller_id)
        pair = tokens.grant(world, app, seller.seller_id, access_life_s=body.access_life_s)
        world.commit()
        return bodies.MintedTokens(
            access_token=pair.access.token,
            refresh_token=pair.refresh.token,
            access_ends_at=int(pair.access.expires_at),
            refresh_ends_at=int(pair.refresh.expires_at),
        )

    @router.post("/expire", status_code=204)
    async def expire(seller_id: str, body: bodies.AppBody) -> None:
        tokens.expire(world, body.app_key, found(world.sellers, seller_id).seller_id)
        world.commit()

    @router.post("/revoke", status_code=204)
    async def revoke(seller_id: str, body: bodies.AppBody) -> None:
        tokens.revoke(world, body.app_key, found(world.sellers, seller_id).seller_id)
        world.commit()

    return router
