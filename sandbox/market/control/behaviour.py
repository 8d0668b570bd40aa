"""Control of how the marketplace behaves: limits and clock; and the log of its calls."""

from typing import Annotated, Any

from fastapi import APIRouter, Body
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from sandbox.clock import Clock
from sandbox.market.control import bodies
from sandbox.market.entities import Limits
from sandbox.market.platform import AnyPlatform
from sandbox.market.world import AnyWorld
from sandbox.request_log import LoggedRequest


def behaviour_routes(platform: AnyPlatform) -> APIRouter:
    """Routes about limits, clock and log."""
    router = APIRouter()
    router.include_router(_limit_routes(platform.world))
    router.include_router(_clock_routes(platform.world))
    router.include_router(_log_routes(platform))
    return router


def _limit_routes(world: AnyWorld) -> APIRouter:
    router = APIRouter(prefix="/limits")

    def read(body: dict[str, Any]) -> Limits:
        # The model is the platform's, so FastAPI cannot read it from a signature here.
        try:
            limits: Limits = world.limits_model.model_validate(body)
        except ValidationError as error:
            problems = error.errors(include_url=False)
            raise RequestValidationError(
                [{**one, "loc": ("body", *one["loc"])} for one in problems]
            ) from error
        return limits

    def judge_by(limits: Limits) -> dict[str, Any]:
        world.set_limits(limits)
        world.commit()
        return limits.model_dump(mode="json")

    @router.get("")
    async def limits() -> dict[str, Any]:
        now: Limits = world.limits
        return now.model_dump(mode="json")

    @router.put("")
    async def set_limits(body: Annotated[dict[str, Any], Body()]) -> dict[str, Any]:
        """What the body leaves out goes back to its default."""
        return judge_by(read(body))

    @router.patch("")
    async def change_limits(body: Annotated[dict[str, Any], Body()]) -> dict[str, Any]:
        """What the body leaves out stays."""
        changes = read(body).model_dump(exclude_unset=True)
        return judge_by(world.limits.model_copy(update=changes))

    return router


def _clock_routes(world: AnyWorld) -> APIRouter:
    router = APIRouter(prefix="/clock")

    @router.get("")
    async def clock() -> bodies.ClockState:
        return _clock_state(world.clock)

    @router.post("")
    async def move_clock(body: bodies.ClockBody) -> bodies.ClockState:
        if body.reset:
            world.clock.shift_s = world.clock.request_shift_s = 0.0
        world.clock.shift_s += body.advance_s or 0.0
        if body.request_time is not None:
            world.clock.set_request_time(body.request_time)
        world.store_clock()
        world.commit()
        return _clock_state(world.clock)

    return router


def _log_routes(platform: AnyPlatform) -> APIRouter:
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
