"""The control API: what tests and demos tell the stand-in marketplace to be (docs/sandbox.md).

Answers only to this machine. Bodies and answers are JSON; a wrong body gets status 422 naming the
field, something unknown 404.
"""

from fastapi import APIRouter, Depends, HTTPException, Request

from sandbox.shopee.control.behaviour import behaviour_routes
from sandbox.shopee.control.chats import chat_routes
from sandbox.shopee.control.things import thing_routes
from sandbox.shopee.control.token_routes import token_routes
from sandbox.shopee.platform import Platform

LOOPBACK = frozenset({"127.0.0.1", "::1", "::ffff:127.0.0.1"})


def control_routes(platform: Platform) -> APIRouter:
    """All routes below /control."""
    router = APIRouter(prefix="/control", dependencies=[Depends(only_loopback)])
    router.include_router(thing_routes(platform))
    router.include_router(token_routes(platform.world))
    router.include_router(chat_routes(platform.world))
    router.include_router(behaviour_routes(platform))
    return router


async def only_loopback(request: Request) -> None:
    """Refuse callers from other machines, whatever address the sandbox listens on."""
    if request.client is None or request.client.host not in LOOPBACK:
        raise HTTPException(403, "The control API answers to this machine only.")
