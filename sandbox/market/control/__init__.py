"""The control API: what tests and demos tell a stand-in marketplace to be (docs/sandbox.md).

Answers only to this machine. Bodies and answers are JSON; a wrong body gets status 422 naming the
field, something unknown 404.
"""

from fastapi import APIRouter, Depends, HTTPException, Request

from sandbox.market.control.behaviour import behaviour_routes
from sandbox.market.control.chats import chat_routes
from sandbox.market.control.faults import fault_routes
from sandbox.market.control.pushes import push_routes
from sandbox.market.control.returns import return_routes
from sandbox.market.control.state import state_routes
from sandbox.market.marketplace import AnyMarketplace
from sandbox.market.platform import AnyPlatform

LOOPBACK = frozenset({"127.0.0.1", "::1", "::ffff:127.0.0.1"})


def control_routes(marketplace: AnyMarketplace, platform: AnyPlatform) -> APIRouter:
    """All routes below /control: those of every marketplace, and the platform's own."""
    router = APIRouter(prefix="/control", dependencies=[Depends(only_loopback)])
    router.include_router(state_routes(marketplace, platform))
    router.include_router(marketplace.control_routes(platform))
    router.include_router(return_routes(platform.world))
    router.include_router(chat_routes(platform.world))
    router.include_router(behaviour_routes(platform))
    router.include_router(fault_routes(platform))
    if platform.outbox and platform.sender:
        router.include_router(push_routes(platform.outbox, platform.sender))
    return router


async def only_loopback(request: Request) -> None:
    """Refuse callers from other machines, whatever address the sandbox listens on."""
    if request.client is None or request.client.host not in LOOPBACK:
        raise HTTPException(403, "The control API answers to this machine only.")
