"""The seed: what the marketplace holds at its first start. Reading, checking and planting it."""

from pydantic import Field, model_validator

from sandbox.lazada import tokens
from sandbox.lazada.entities import App, Buyer, Item, ItemStatus, Order, Package, Shop
from sandbox.lazada.limits import Limits
from sandbox.lazada.world import World
from sandbox.market import chatlog, seeding
from sandbox.market.entities import Contact
from sandbox.market.seeding import HOUR_S, SeedMessage, SeedPart


class SeedToken(SeedPart):
    """A token pair that works from the start, as if the seller had authorized the app."""

    app_key: str
    access_token: str = Field(min_length=8, repr=False)
    refresh_token: str = Field(min_length=8, repr=False)
    access_life_s: int | None = Field(None, ge=1, description="Default: the usual 30 days.")


class SeedShop(Shop):
    """A shop, with its authorizations."""

    tokens: list[SeedToken] = Field(default_factory=list)


class SeedOrder(SeedPart):
    """An order. Its time is told as an age, so that windows hold whenever it is planted."""

    order_id: str = Field(pattern="^[0-9]{1,18}$")
    shop_id: str
    buyer_id: str
    status: ItemStatus = "pending"
    age_hours: float = Field(2.0, ge=0)
    remarks: str = ""
    currency: str = "MYR"
    items: list[Item] = Field(min_length=1)
    packages: list[Package] = Field(default_factory=list)


class SeedChat(SeedPart):
    """An existing chat, oldest message first, and what stands between the two."""

    shop_id: str
    buyer_id: str
    blocked_by_buyer: bool = False
    return_open: bool = False
    messages: list[SeedMessage] = Field(default_factory=list)


class Seed(SeedPart):
    """A whole marketplace."""

    apps: list[App] = Field(min_length=1)
    shops: list[SeedShop] = Field(min_length=1)
    buyers: list[Buyer] = Field(default_factory=list)
    orders: list[SeedOrder] = Field(default_factory=list)
    chats: list[SeedChat] = Field(default_factory=list)
    limits: Limits = Field(default_factory=Limits)

    @model_validator(mode="after")
    def _references_hold(self) -> "Seed":
        shops = {shop.shop_id for shop in self.shops}
        buyers = {buyer.user_id for buyer in self.buyers}
        apps = {app.app_key for app in self.apps}
        seeding.names_known("orders", self.orders, shop_id=shops, buyer_id=buyers)
        seeding.names_known("chats", self.chats, shop_id=shops, buyer_id=buyers)
        for index, shop in enumerate(self.shops):
            seeding.names_known(f"shops.{index}.tokens", shop.tokens, app_key=apps)
        self._names_are_single()
        return self

    def _names_are_single(self) -> None:
        for name, values in (
            ("apps.app_key", [app.app_key for app in self.apps]),
            ("orders.order_id", [order.order_id for order in self.orders]),
            ("shops.shop_id", [shop.shop_id for shop in self.shops]),
            ("buyers.user_id", [buyer.user_id for buyer in self.buyers]),
        ):
            seeding.names_given_twice(name, values)


def parse_seed(data: object) -> Seed:
    """The seed in parsed JSON. Raises SeedInvalid naming the first wrong field."""
    return seeding.parse(Seed, data)


def plant(world: World, seed: Seed) -> None:
    """Replace everything in the world by the seed, durably."""
    world.clear()
    world.set_limits(seed.limits)
    for app in seed.apps:
        world.apps.put(app)
    for buyer in seed.buyers:
        world.buyers.put(buyer)
    for shop in seed.shops:
        world.shops.put(Shop(**shop.model_dump(exclude={"tokens"})))
        for pair in shop.tokens:
            _plant_tokens(world, shop.shop_id, pair)
    for order in seed.orders:
        add_order(world, order)
    for chat in seed.chats:
        _plant_chat(world, chat)
    world.commit()


def add_order(world: World, seed: SeedOrder) -> Order:
    """Put the order into the world, as old as it says."""
    created = world.clock.now() - seed.age_hours * HOUR_S
    values = seed.model_dump(exclude={"age_hours"})
    return world.orders.put(Order(**values, created_at=created, updated_at=created))


def _plant_tokens(world: World, shop_id: str, pair: SeedToken) -> None:
    app = world.apps.get(pair.app_key)
    if app is None:
        raise AssertionError("the seed was checked")
    tokens.grant(
        world,
        app,
        [shop_id],
        access_token=pair.access_token,
        refresh_token=pair.refresh_token,
        access_life_s=pair.access_life_s,
    )


def _plant_chat(world: World, chat: SeedChat) -> None:
    world.contacts.put(
        Contact(
            shop_id=chat.shop_id,
            buyer_id=chat.buyer_id,
            blocked_by_buyer=chat.blocked_by_buyer,
            return_open=chat.return_open,
        )
    )
    for message in chat.messages:
        chatlog.append(
            world,
            shop_id=chat.shop_id,
            buyer_id=chat.buyer_id,
            by=message.by,
            message_type="text",
            content={"text": message.text},
            source="app" if message.by == "buyer" else "seller_center",
            created_ns=world.clock.now_ns() - int(message.age_hours * HOUR_S * 1e9),
        )
