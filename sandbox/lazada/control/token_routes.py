"""Control of authorizations: minting without the consent page, ending, revoking, permissions."""

from fastapi import APIRouter

from sandbox.lazada import tokens
from sandbox.lazada.control import bodies
from sandbox.lazada.world import World
from sandbox.market.control.finding import found


def token_routes(world: World) -> APIRouter:
    """Routes about a shop's authorizations."""
    router = APIRouter(prefix="/shops/{shop_id}")

    @router.post("/tokens", status_code=201)
    async def mint(shop_id: str, body: bodies.MintBody) -> bodies.MintedTokens:
        shop, app = found(world.shops, shop_id), found(world.apps, body.app_key)
        pair = tokens.grant(world, app, [shop.shop_id], access_life_s=body.access_life_s)
        world.commit()
        return bodies.MintedTokens(
            access_token=pair.access_token,
            refresh_token=pair.refresh_token,
            expires_in_s=pair.expires_in_s,
            refresh_expires_in_s=pair.refresh_expires_in_s,
        )

    @router.post("/tokens/expire", status_code=204)
    async def expire(shop_id: str, body: bodies.AppBody) -> None:
        tokens.end_access(world, body.app_key, found(world.shops, shop_id).shop_id)
        world.commit()

    @router.post("/tokens/revoke", status_code=204)
    async def revoke(shop_id: str, body: bodies.AppBody) -> None:
        tokens.revoke(world, body.app_key, found(world.shops, shop_id).shop_id)
        world.commit()

    @router.get("/list-permission/{app_key}")
    async def list_permission(shop_id: str, app_key: str) -> dict[str, bool]:
        """Whether the app may still read lists of chats, or has polled."""
        known = found(world.authorizations, f"{app_key}/{shop_id}")
        return {"withdrawn": known.list_reads_withdrawn}

    @router.delete("/list-permission/{app_key}", status_code=204)
    async def give_back(shop_id: str, app_key: str) -> None:
        """Give the permission back and count anew."""
        known = found(world.authorizations, f"{app_key}/{shop_id}")
        world.authorizations.put(known.model_copy(update={"list_reads_withdrawn": False}))
        for read in [one for one in world.list_reads if one.key.startswith(f"{known.key}/")]:
            world.list_reads.remove(read)
        world.commit()

    return router
