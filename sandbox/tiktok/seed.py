"""The seed: what the marketplace holds at its first start. Reading, checking and planting it."""

from pydantic import Field, model_validator

from sandbox.market import chatlog, seeding
from sandbox.market.entities import Contact
from sandbox.market.seeding import HOUR_S, SeedMessage, SeedPart
from sandbox.tiktok import tokens
from sandbox.tiktok.entities import (
    App,
    Buyer,
    Item,
    Order,
    OrderStatus,
    Package,
    Seller,
    Shop,
)
from sandbox.tiktok.limits import Limits
from sandbox.tiktok.world import World


class SeedToken(SeedPart):
    """A token pair that works from the start, as if the seller had authorized the app."""

    app_key: str
    access_token: str = Field(min_length=8, repr=False)
    refresh_token: str = Field(min_length=8, repr=False)
    access_life_s: int | None = Field(None, ge=1, description="Default: the usual 7 days.")


class SeedSeller(Seller):
    """A seller's account, with its authorizations."""

    tokens: list[SeedToken] = Field(default_factory=list)


class SeedOrder(SeedPart):
    """An order. Its time is told as an age, so that contact windows hold whenever it is planted."""

    order_id: str = Field(pattern=r"^[0-9]{17,19}$")
    shop_id: str
    buyer_id: str
    status: OrderStatus = "AWAITING_SHIPMENT"
    age_hours: float = Field(2.0, ge=0)
    buyer_message: str = ""
    cancel_reason: str = ""
    cancel_requested: bool = False
    masked: bool = True
    currency: str = "MYR"
    items: list[Item] = Field(min_length=1)
    packages: list[Package] = Field(default_factory=list)


class SeedChat(SeedPart):
    """An existing chat, oldest message first, and what stands between the two."""

    shop_id: str
    buyer_id: str
    blocked_by_buyer: bool = False
    blocked_by_shop: bool = False
    return_open: bool = False
    messages: list[SeedMessage] = Field(default_factory=list)


class Seed(SeedPart):
    """A whole marketplace."""

    apps: list[App] = Field(min_length=1)
    sellers: list[SeedSeller] = Field(min_length=1)
    shops: list[Shop] = Field(min_length=1)
    buyers: list[Buyer] = Field(default_factory=list)
    orders: list[SeedOrder] = Field(default_factory=list)
    chats: list[SeedChat] = Field(default_factory=list)
    limits: Limits = Field(default_factory=Limits)

    @model_validator(mode="after")
    def _references_hold(self) -> "Seed":
        shops = {shop.shop_id for shop in self.shops}
        buyers = {buyer.user_id for buyer in self.buyers}
        sellers = {seller.seller_id for seller in self.sellers}
        apps = {app.app_key for app in self.apps}
        seeding.names_known("shops", self.shops, seller_id=sellers)
        seeding.names_known("orders", self.orders, shop_id=shops, buyer_id=buyers)
        seeding.names_known("chats", self.chats, shop_id=shops, buyer_id=buyers)
        for index, seller in enumerate(self.sellers):
            seeding.names_known(f"sellers.{index}.tokens", seller.tokens, app_key=apps)
        for name, values in (
            ("orders.order_id", [order.order_id for order in self.orders]),
            ("shops.shop_id", [shop.shop_id for shop in self.shops]),
            ("shops.cipher", [shop.cipher for shop in self.shops]),
            ("sellers.seller_id", [seller.seller_id for seller in self.sellers]),
            ("buyers.user_id", [buyer.user_id for buyer in self.buyers]),
        ):
            seeding.names_given_twice(name, values)
        return self


def parse_seed(data: object) -> Seed:
    """The seed in parsed JSON. Raises SeedInvalid naming the first wrong field."""
    return seeding.parse(Seed, data)


def plant(world: World, seed: Seed) -> None:
    """Replace everything in the world by the seed, durably."""
    world.clear()
    world.set_limits(seed.limits)
    for app in seed.apps:
        world.apps.put(app)
    for shop in seed.shops:
        world.shops.put(shop)
    for buyer in seed.buyers:
        world.buyers.put(buyer)
    for seller in seed.sellers:
        world.sellers.put(Seller(**seller.model_dump(exclude={"tokens"})))
        _plant_tokens(world, seller)
    for order in seed.orders:
        add_order(world, order)
    for chat in seed.chats:
        _plant_chat(world, chat)
    world.commit()


def add_order(world: World, seed: SeedOrder) -> Order:
    """Put the order into the world, as old as it says."""
    created = int(world.clock.now() - seed.age_hours * HOUR_S)
    values = seed.model_dump(exclude={"age_hours"})
    return world.orders.put(Order(**values, create_time=created, update_time=created))


def _plant_tokens(world: World, seller: SeedSeller) -> None:
    for pair in seller.tokens:
        app = world.apps.get(pair.app_key)
        if app is None:
            raise AssertionError("the seed was checked")
        tokens.grant(
            world,
            app,
            seller.seller_id,
            access_token=pair.access_token,
            refresh_token=pair.refresh_token,
            access_life_s=pair.access_life_s,
        )


def _plant_chat(world: World, chat: SeedChat) -> None:
    between = chat.model_dump(exclude={"messages"})
    world.contacts.put(Contact(**between))
    for message in chat.messages:
        chatlog.append(
            world,
            shop_id=chat.shop_id,
            buyer_id=chat.buyer_id,
            by=message.by,
            message_type="text",
            content={"text": message.text},
            created_ns=world.clock.now_ns() - int(message.age_hours * HOUR_S * 1e9),
        )
    made = world.conversations.between(chat.shop_id, chat.buyer_id)
    if made is not None:
        began = world.clock.now() - chat.messages[0].age_hours * HOUR_S
        world.conversations.put(made.model_copy(update={"create_time": began, "opened_at": began}))
