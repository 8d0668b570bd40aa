"""Control of tokens: minting without the consent page, ending, revoking."""

from fastapi import APIRouter

from sandbox.market.control.finding import found
from sandbox.shopee import tokens
from sandbox.shopee.control import bodies
from sandbox.shopee.world import World


def token_routes(world: World) -> APIRouter:
    """Routes about a shop's authorization."""
    router = APIRouter(prefix="/shops/{shop_id}/tokens")

    @router.post("", status_code=201)
    async def mint(shop_id: int, body: bodies.MintBody) -> bodies.MintedTokens:
        found(world.shops, shop_id)
        found(world.apps, body.partner_id)
        pair = tokens.grant(
            world,
            partner_id=body.partner_id,
            subjects=[tokens.shop_subject(shop_id)],
            access_life_s=body.access_life_s,
        )
        world.commit()
        return bodies.MintedTokens(
            access_token=pair.access_token,
            refresh_token=pair.refresh_token,
            expire_in_s=pair.expire_in_s,
        )

    @router.post("/expire", status_code=204)
    async def expire(shop_id: int, body: bodies.PartnerBody) -> None:
        subject = tokens.shop_subject(found(world.shops, shop_id).shop_id)
        tokens.expire(world, partner_id=body.partner_id, subject=subject)
        world.commit()

    @router.post("/revoke", status_code=204)
    async def revoke(shop_id: int, body: bodies.PartnerBody) -> None:
        subject = tokens.shop_subject(found(world.shops, shop_id).shop_id)
        tokens.revoke(world, partner_id=body.partner_id, subject=subject)
        world.commit()

    return router
