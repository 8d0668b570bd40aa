"""Control of apps, sellers, shops, buyers, orders and parcels."""

from fastapi import APIRouter, HTTPException

from sandbox.market.control.finding import changed, found, refuse_known
from sandbox.tiktok.control import bodies
from sandbox.tiktok.entities import App, Buyer, Order, Package, Seller, Shop
from sandbox.tiktok.seed import SeedOrder, add_order
from sandbox.tiktok.world import World


def thing_routes(world: World) -> APIRouter:
    """Routes about what the marketplace holds."""
    router = APIRouter()
    router.include_router(_account_routes(world))
    router.include_router(_order_routes(world))
    return router


def _account_routes(world: World) -> APIRouter:
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

    @router.post("/sellers", status_code=201)
    async def add_seller(seller: Seller) -> Seller:
        refuse_known(world.sellers, seller)
        world.sellers.put(seller)
        world.commit()
        return seller

    @router.post("/shops", status_code=201)
    async def add_shop(shop: Shop) -> Shop:
        refuse_known(world.shops, shop)
        found(world.sellers, shop.seller_id)
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
        order = changed(world.orders, order, body, update_time=int(world.clock.now()))
        world.commit()
        return order

    @router.post("/{order_id}/packages", status_code=201)
    async def add_package(order_id: str, package: Package) -> Order:
        order = found(world.orders, order_id)
        return _with_packages(world, order, [*order.packages, package])

    @router.patch("/{order_id}/packages/{package_id}")
    async def change_package(order_id: str, package_id: str, body: bodies.PackageChange) -> Order:
        order = found(world.orders, order_id)
        if package_id not in {package.package_id for package in order.packages}:
            raise HTTPException(404, f"There is no such thing: {package_id}.")
        packages = [
            one.model_copy(update=body.given()) if one.package_id == package_id else one
            for one in order.packages
        ]
        return _with_packages(world, order, packages)

    return router


def _with_packages(world: World, order: Order, packages: list[Package]) -> Order:
    now = int(world.clock.now())
    changed_order = order.model_copy(update={"packages": packages, "update_time": now})
    world.orders.put(changed_order)
    world.commit()
    return changed_order
