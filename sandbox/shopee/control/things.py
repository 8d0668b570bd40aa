"""Control of apps, shops, buyers, orders and parcels."""

from fastapi import APIRouter, HTTPException

from sandbox.market.control.finding import changed, found, refuse_known
from sandbox.shopee.control import bodies
from sandbox.shopee.entities import App, Buyer, Order, Package, Shop
from sandbox.shopee.seed import SeedOrder, add_order
from sandbox.shopee.world import World


def thing_routes(world: World) -> APIRouter:
    """Routes about what the marketplace holds."""
    router = APIRouter()

    @router.post("/apps", status_code=201)
    async def add_app(app: App) -> dict[str, int]:
        refuse_known(world.apps, app)
        world.apps.put(app)
        world.commit()
        return {"partner_id": app.partner_id}

    @router.patch("/apps/{partner_id}", status_code=204)
    async def change_app(partner_id: int, body: bodies.AppChange) -> None:
        changed(world.apps, found(world.apps, partner_id), body)
        world.commit()

    @router.post("/shops", status_code=201)
    async def add_shop(shop: Shop) -> Shop:
        refuse_known(world.shops, shop)
        world.shops.put(shop)
        world.commit()
        return shop

    @router.patch("/shops/{shop_id}")
    async def change_shop(shop_id: int, body: bodies.ShopChange) -> Shop:
        shop = changed(world.shops, found(world.shops, shop_id), body)
        world.commit()
        return shop

    @router.post("/buyers", status_code=201)
    async def add_buyer(buyer: Buyer) -> Buyer:
        refuse_known(world.buyers, buyer)
        world.buyers.put(buyer)
        world.commit()
        return buyer

    router.include_router(_order_routes(world))
    return router


def _order_routes(world: World) -> APIRouter:
    router = APIRouter()

    @router.post("/orders", status_code=201)
    async def new_order(body: SeedOrder) -> Order:
        if world.orders.get(body.order_sn) is not None:
            raise HTTPException(409, f"There is one already: {body.order_sn}.")
        found(world.shops, body.shop_id)
        found(world.buyers, body.buyer_id)
        order = add_order(world, body)
        world.commit()
        return order

    @router.get("/orders/{order_sn}")
    async def one_order(order_sn: str) -> Order:
        return found(world.orders, order_sn)

    @router.patch("/orders/{order_sn}")
    async def change_order(order_sn: str, body: bodies.OrderChange) -> Order:
        order = found(world.orders, order_sn)
        order = changed(world.orders, order, body, update_time=int(world.clock.now()))
        world.commit()
        return order

    @router.post("/orders/{order_sn}/packages", status_code=201)
    async def add_package(order_sn: str, package: Package) -> Order:
        order = found(world.orders, order_sn)
        return _with_packages(world, order, [*order.packages, package])

    @router.patch("/orders/{order_sn}/packages/{package_number}")
    async def change_tracking(
        order_sn: str, package_number: str, body: bodies.TrackingChange
    ) -> Order:
        order = found(world.orders, order_sn)
        if package_number not in {package.package_number for package in order.packages}:
            raise HTTPException(404, f"There is no such thing: {package_number}.")
        packages = [
            package.model_copy(update=body.given())
            if package.package_number == package_number
            else package
            for package in order.packages
        ]
        return _with_packages(world, order, packages)

    return router


def _with_packages(world: World, order: Order, packages: list[Package]) -> Order:
    now = int(world.clock.now())
    changed_order = order.model_copy(update={"packages": packages, "update_time": now})
    world.orders.put(changed_order)
    world.commit()
    return changed_order
