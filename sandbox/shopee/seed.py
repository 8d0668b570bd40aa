"""The seed: what the marketplace holds at its first start. Reading, checking and planting it."""

from pydantic import Field, model_validator

from sandbox.market import chatlog, seeding
from sandbox.market.entities import Contact
from sandbox.market.seeding import HOUR_S, SeedMessage, SeedPart
from sandbox.shopee import tokens
from sandbox.shopee.entities import (
    App,
    Buyer,
    Item,
    MainAccount,
    Merchant,
    Order,
    OrderStatus,
    Package,
    Shop,
)
from sandbox.shopee.limits import Limits
from sandbox.shopee.world import World


class SeedToken(SeedPart):
    """A token pair that works from the start, as if the seller had authorized the app."""

    partner_id: int
    access_token: str = Field(min_length=8, repr=False)
    refresh_token: str = Field(min_length=8, repr=False)
    access_life_s: int | None = Field(None, ge=1, description="Default: the usual 4 hours.")


class SeedShop(Shop):
    """A shop, with its authorizations."""

    tokens: list[SeedToken] = Field(default_factory=list)


class SeedMerchant(Merchant):
    """A merchant, with its authorizations."""

    tokens: list[SeedToken] = Field(default_factory=list)


class SeedOrder(SeedPart):
    """An order. Its time is told as an age, so that contact windows hold whenever it is planted."""

    order_sn: str = Field(pattern=r"^[0-9]{6}[0-9A-Z]{8}$")
    shop_id: int
    buyer_id: int
    order_status: OrderStatus = "READY_TO_SHIP"
    age_hours: float = Field(2.0, ge=0)
    message_to_seller: str = ""
    cancel_reason: str = ""
    cod: bool = False
    currency: str = "MYR"
    items: list[Item] = Field(min_length=1)
    packages: list[Package] = Field(default_factory=list)


class SeedChat(SeedPart):
    """An existing chat, oldest message first, and what stands between the two."""

    shop_id: int
    buyer_id: int
    blocked_by_buyer: bool = False
    blocked_by_shop: bool = False
    return_open: bool = False
    messages: list[SeedMessage] = Field(default_factory=list)


class Seed(SeedPart):
    """A whole marketplace."""

    apps: list[App] = Field(min_length=1)
    merchants: list[SeedMerchant] = Field(default_factory=list)
    shops: list[SeedShop] = Field(min_length=1)
    main_accounts: list[MainAccount] = Field(default_factory=list)
    buyers: list[Buyer] = Field(default_factory=list)
    orders: list[SeedOrder] = Field(default_factory=list)
    chats: list[SeedChat] = Field(default_factory=list)
    limits: Limits = Field(default_factory=Limits)

    @model_validator(mode="after")
    def _references_hold(self) -> "Seed":
        shops = {shop.shop_id for shop in self.shops}
        buyers = {buyer.user_id for buyer in self.buyers}
        seeding.names_known("orders", self.orders, shop_id=shops, buyer_id=buyers)
        seeding.names_known("chats", self.chats, shop_id=shops, buyer_id=buyers)
        partners = {app.partner_id for app in self.apps}
        pairs = {f"shops.{index}": shop.tokens for index, shop in enumerate(self.shops)}
        pairs |= {f"merchants.{index}": one.tokens for index, one in enumerate(self.merchants)}
        for owner, its in pairs.items():
            seeding.names_known(f"{owner}.tokens", its, partner_id=partners)
        self._names_are_single()
        return self

    def _names_are_single(self) -> None:
        order_numbers = [order.order_sn for order in self.orders]
        packages = [package for order in self.orders for package in order.packages]
        for name, values in (
            ("orders.order_sn", order_numbers),
            ("packages.package_number", [package.package_number for package in packages]),
            ("shops.shop_id", [str(shop.shop_id) for shop in self.shops]),
            ("buyers.user_id", [str(buyer.user_id) for buyer in self.buyers]),
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
    for account in seed.main_accounts:
        world.main_accounts.put(account)
    for buyer in seed.buyers:
        world.buyers.put(buyer)
    for merchant in seed.merchants:
        world.merchants.put(Merchant(**merchant.model_dump(exclude={"tokens"})))
        _plant_tokens(world, tokens.merchant_subject(merchant.merchant_id), merchant.tokens)
    for shop in seed.shops:
        world.shops.put(Shop(**shop.model_dump(exclude={"tokens"})))
        _plant_tokens(world, tokens.shop_subject(shop.shop_id), shop.tokens)
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


def _plant_tokens(world: World, subject: str, pairs: list[SeedToken]) -> None:
    for pair in pairs:
        tokens.grant(
            world,
            partner_id=pair.partner_id,
            subjects=[subject],
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
            blocked_by_shop=chat.blocked_by_shop,
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
            source="ios" if message.by == "buyer" else "new_webchat",
            created_ns=world.clock.now_ns() - int(message.age_hours * HOUR_S * 1e9),
        )
