"""Control of the whole state."""

from fastapi import APIRouter, HTTPException

from sandbox.errors import SeedInvalid
from sandbox.market.control.bodies import ResetBody
from sandbox.market.marketplace import AnyMarketplace
from sandbox.market.platform import AnyPlatform


def state_routes(marketplace: AnyMarketplace, platform: AnyPlatform) -> APIRouter:
    """Whether it is there, and starting anew."""
    router = APIRouter()

    @router.get("/health")
    async def health() -> dict[str, str]:
        return {"status": "ok", "marketplace": marketplace.name}

    @router.post("/reset", status_code=204)
    async def reset(body: ResetBody) -> None:
        try:
            given = body.seed
            seed = marketplace.demo_seed() if given is None else marketplace.parse_seed(given)
        except SeedInvalid as error:
            raise HTTPException(422, str(error)) from error
        marketplace.plant(platform.world, seed)
        platform.faults.clear()
        platform.log.clear()

    return router
