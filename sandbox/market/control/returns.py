"""Control of the returns that buyers ask for."""

from fastapi import APIRouter, HTTPException

from sandbox.market.control import bodies
from sandbox.market.control.finding import changed, found, refuse_known
from sandbox.market.entities import Return
from sandbox.market.world import AnyWorld


def return_routes(world: AnyWorld) -> APIRouter:
    """Routes about returns."""
    router = APIRouter(prefix="/returns")

    @router.post("", status_code=201)
    async def new_return(body: bodies.ReturnBody) -> Return:
        order = found(world.orders, body.order_number)
        if str(order.shop_id) != str(body.shop_id):
            raise HTTPException(404, f"The shop has no such order: {body.order_number}.")
        now = int(world.clock.now())
        made = Return(
            **body.model_dump(exclude={"respond_in_s", "shop_id"}),
            shop_id=order.shop_id,
            respond_by=0 if body.respond_in_s is None else now + body.respond_in_s,
            create_time=now,
            update_time=now,
        )
        refuse_known(world.returns, made)
        world.returns.put(made)
        world.commit()
        return made

    @router.patch("/{return_id}")
    async def change_return(return_id: str, body: bodies.ReturnChange) -> Return:
        one = found(world.returns, return_id)
        one = changed(world.returns, one, body, update_time=int(world.clock.now()))
        world.commit()
        return one

    return router
