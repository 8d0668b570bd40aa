"""Control of how the marketplace behaves: limits, clock, faults; and the log of its calls."""

from fastapi import APIRouter, HTTPException

from sandbox.clock import Clock
from sandbox.faults import ActiveFault, Fault
from sandbox.request_log import LoggedRequest
from sandbox.shopee.control import bodies
from sandbox.shopee.limits import Limits
from sandbox.shopee.platform import Platform


def behaviour_routes(platform: Platform) -> APIRouter:
    """Routes about limits, clock, faults and log."""
    router = APIRouter()
    world = platform.world

    @router.get("/limits")
    async def limits() -> Limits:
        return world.limits

    @router.put("/limits")
    async def set_limits(body: Limits) -> Limits:
        """What the body leaves out goes back to its default."""
        world.set_limits(body)
        world.commit()
        return world.limits

    @router.patch("/limits")
    async def change_limits(body: Limits) -> Limits:
        """What the body leaves out stays."""
        world.set_limits(world.limits.model_copy(update=body.model_dump(exclude_unset=True)))
        world.commit()
        return world.limits

    @router.get("/clock")
    async def clock() -> bodies.ClockState:
        return _clock_state(world.clock)

    @router.post("/clock")
    async def move_clock(body: bodies.ClockBody) -> bodies.ClockState:
        if body.reset:
            world.clock.shift_s = world.clock.request_shift_s = 0.0
        world.clock.shift_s += body.advance_s or 0.0
        if body.request_time is not None:
            world.clock.set_request_time(body.request_time)
        world.store_clock()
        world.commit()
        return _clock_state(world.clock)

    router.include_router(_fault_routes(platform))
    router.include_router(_log_routes(platform))
    return router


def _fault_routes(platform: Platform) -> APIRouter:
    router = APIRouter(prefix="/faults")
    faults = platform.faults

    @router.get("")
    async def active() -> list[ActiveFault]:
        return faults.active()

    @router.post("", status_code=201)
    async def add(body: Fault) -> ActiveFault:
        return faults.add(body)

    @router.delete("", status_code=204)
    async def clear() -> None:
        faults.clear()

    @router.delete("/{fault_id}", status_code=204)
    async def remove(fault_id: int) -> None:
        if not faults.remove(fault_id):
            raise HTTPException(404, f"There is no such thing: {fault_id}.")

    return router


def _log_routes(platform: Platform) -> APIRouter:
    router = APIRouter(prefix="/requests")

    @router.get("")
    async def requests(after: int = 0) -> list[LoggedRequest]:
        return platform.log.after(after)

    @router.delete("", status_code=204)
    async def clear() -> None:
        platform.log.clear()

    return router


def _clock_state(clock: Clock) -> bodies.ClockState:
    return bodies.ClockState(now=clock.now(), request_now=clock.request_now())
