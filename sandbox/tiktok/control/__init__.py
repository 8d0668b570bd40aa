"""TikTok Shop's part of the control API: its apps, sellers, shops, orders, packages and tokens."""

from fastapi import APIRouter

from sandbox.tiktok.control.things import thing_routes
from sandbox.tiktok.control.token_routes import token_routes
from sandbox.tiktok.world import World


def tiktok_control(world: World) -> APIRouter:
    """All of its routes, to be put below /control."""
    router = APIRouter()
    router.include_router(thing_routes(world))
    router.include_router(token_routes(world))
    return router
