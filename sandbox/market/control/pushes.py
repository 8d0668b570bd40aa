"""Control of pushes: where they go, which were made, and making one by hand."""

from fastapi import APIRouter, HTTPException

from sandbox.market.control.bodies import PushBody, PushEndpointBody
from sandbox.market.control.finding import found
from sandbox.market.entities import Id
from sandbox.market.push.entities import Delivery, PushEndpoint
from sandbox.market.push.outbox import AnyOutbox
from sandbox.market.push.sender import PushSender


def push_routes(outbox: AnyOutbox, sender: PushSender) -> APIRouter:
    """Routes about pushes."""
    router = APIRouter()
    router.include_router(_endpoint_routes(outbox, sender))
    router.include_router(_delivery_routes(outbox))
    return router


def _endpoint_routes(outbox: AnyOutbox, sender: PushSender) -> APIRouter:
    router = APIRouter(prefix="/push-endpoints")

    @router.get("/{app_id}")
    async def endpoint(app_id: str) -> PushEndpoint:
        return found(outbox.endpoints, app_id)

    @router.put("/{app_id}")
    async def set_endpoint(app_id: str, body: PushEndpointBody) -> PushEndpoint:
        """Deliver from now on, also when the delivery was stopped; counting starts anew."""
        app = _app(outbox, app_id)
        kinds = _known_kinds(outbox, outbox.kinds if body.kinds is None else body.kinds)
        made = outbox.endpoints.put(
            PushEndpoint(
                app_id=app,
                callback_url=body.callback_url,
                kinds=kinds,
                blocked_shop_ids=body.blocked_shop_ids,
            )
        )
        sender.forget_outcomes(app)
        outbox.world.commit()
        return made

    @router.delete("/{app_id}", status_code=204)
    async def no_endpoint(app_id: str) -> None:
        outbox.endpoints.remove(found(outbox.endpoints, app_id))
        outbox.world.commit()

    return router


def _delivery_routes(outbox: AnyOutbox) -> APIRouter:
    router = APIRouter(prefix="/pushes")

    @router.get("")
    async def pushes(after: int = 0) -> list[Delivery]:
        every = [one for one in outbox.deliveries if one.push_id > after]
        return sorted(every, key=lambda one: one.push_id)

    @router.post("", status_code=201)
    async def push(body: PushBody) -> list[Delivery]:
        """Empty when the app did not ask for this kind, or blocked the shop."""
        _known_kinds(outbox, [body.kind])
        app = _app(outbox, str(body.app_id))
        made = outbox.push_to(app, body.kind, body.shop_id, body.data)
        outbox.world.commit()
        return made

    @router.post("/{push_id}/again", status_code=201)
    async def again(push_id: int) -> Delivery:
        """The same body once more, as at-least-once delivery may."""
        repeated = outbox.repeat(found(outbox.deliveries, push_id))
        outbox.world.commit()
        return repeated

    return router


def _app(outbox: AnyOutbox, app_id: str) -> Id:
    known = outbox.app_named(app_id)
    if known is None:
        raise HTTPException(404, f"There is no such thing: {app_id}.")
    return known


def _known_kinds(outbox: AnyOutbox, kinds: list[str] | tuple[str, ...]) -> list[str]:
    unknown = sorted(set(kinds) - set(outbox.kinds))
    if unknown:
        raise HTTPException(422, f"kinds: {', '.join(unknown)} are not among {outbox.kinds}.")
    return list(kinds)
