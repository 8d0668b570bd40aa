"""Control of apps, shops, buyers, orders and parcels."""

from fastapi import APIRouter, HTTPException

from sandbox.lazada.control import bodies
from sandbox.lazada.entities import App, Buyer, Order, Package, Shop
from sandbox.lazada.seed import SeedOrder, add_order
from sandbox.lazada.world import World
from sandbox.market.control.finding import changed, found, refuse_known


def thing_routes(world: World) -> APIRouter:
    """Routes about what the marketplace holds."""
    router = APIRouter()

    @router.post("/apps", status_code=201)
    async def add_app(app: App) -> dict[str, str]:
        refuse_known(world.apps, app)
        world.apps.put(app)
        world.commit()
        return {"app_key": app.app_key}

    @router.patch("/apps/{app_key}", status_code=204)
    async def change_app(app_key: str, body: bodies.AppChange) -> None:
        changed(world.apps, found(world.apps, app_key), body)
        world.commit()

    @router.post("/shops", status_code=201)
    async def add_shop(shop: Shop) -> Shop:
        refuse_known(world.shops, shop)
        world.shops.put(shop)
        world.commit()
        return shop

    @router.patch("/shops/{shop_id}")
    async def change_shop(shop_id: str, body: bodies.ShopChange) -> Shop:
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
    router = APIRouter(prefix="/orders")

    @router.post("", status_code=201)
    async def new_order(body: SeedOrder) -> Order:
        if world.orders.get(body.order_id) is not None:
            raise HTTPException(409, f"There is one already: {body.order_id}.")
        found(world.shops, body.shop_id)
        found(world.buyers, body.buyer_id)
        order = add_order(world, body)
        world.commit()
        return order

    @router.get("/{order_id}")
    async def one_order(order_id: str) -> Order:
        return found(world.orders, order_id)

    @router.patch("/{order_id}")
    async def change_order(order_id: str, body: bodies.OrderChange) -> Order:
        order = found(world.orders, order_id)
        order = changed(world.orders, order, body, updated_at=world.clock.now())
        world.commit()
        return order

    @router.post("/{order_id}/packages", status_code=201)
    async def add_package(order_id: str, package: Package) -> Order:
        order = found(world.orders, order_id)
        return _with_packages(world, order, [*order.packages, package])

    @router.patch("/{order_id}/packages/{package_id}")
    async def change_parcel(order_id: str, package_id: str, body: bodies.TrackingChange) -> Order:
        order = found(world.orders, order_id)
        if package_id not in {package.package_id for package in order.packages}:
            raise HTTPException(404, f"There is no such thing: {package_id}.")
        packages = [
            package.model_copy(update=body.given()) if package.package_id == package_id else package
            for package in order.packages
        ]
        return _with_packages(world, order, packages)

    return router


def _with_packages(world: World, order: Order, packages: list[Package]) -> Order:
    update = {"packages": packages, "updated_at": world.clock.now()}
    changed_order = world.orders.put(order.model_copy(update=update))
    world.commit()
    return changed_order
