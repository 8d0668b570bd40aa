"""Lazada's part of the control API: its apps, shops, orders, parcels and tokens."""

from fastapi import APIRouter

from sandbox.lazada.control.things import thing_routes
from sandbox.lazada.control.token_routes import token_routes
from sandbox.lazada.world import World


def lazada_control(world: World) -> APIRouter:
    """All of its routes, to be put below /control."""
    router = APIRouter()
    router.include_router(thing_routes(world))
    router.include_router(token_routes(world))
    return router
