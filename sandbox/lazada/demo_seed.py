"""The marketplace that the sandbox starts with when it is given none: the demo's and the tests'."""

from sandbox.lazada.entities import App, Buyer, Item, Package
from sandbox.lazada.seed import Seed, SeedChat, SeedOrder, SeedShop, SeedToken
from sandbox.market.seeding import SeedMessage

# The fixed inputs of the worked signatures, so that each of them is good at this sandbox.
APP_KEY = "100001"
APP_SECRET = "lzsecret_test_0123456789abcdef"  # noqa: S105  # a published test value
ACCESS_TOKEN = "50000abcdtok"  # noqa: S105  # a published test value
REFRESH_TOKEN = "50001refresh"  # noqa: S105  # a published test value
SHOP_ID = "200000001"
SESSION_ID = "200000001_2_100000001_1_103"
NORMAL_ORDER_ID = "330011223344556"
TWO_PARCELS_ORDER_ID = "330011223344557"
CANCELLED_ORDER_ID = "330011223344558"
OLD_ORDER_ID = "330011223344559"
FURTHER_ORDER_IDS = tuple(str(330011223344570 + number) for number in range(10))

_FIRST_BUYER_ID = 100000001
_LIFE_S = 365 * 86_400
_NAMES = (
    ("aisyah.rahman", "Aisyah Rahman"),
    ("tan_weiming", "Tan Wei Ming"),
    ("priya.k", "Priya Krishnan"),
    ("farid_osman", "Farid Osman"),
    ("lim.sueyin", "Lim Sue Yin"),
    ("nurul_huda88", "Nurul Huda"),
    ("jason.wong", "Jason Wong"),
    ("siti.khadijah", "Siti Khadijah"),
    ("kumar_raj", "Kumar Raj"),
    ("chong.meiling", "Chong Mei Ling"),
    ("hafiz.zain", "Hafiz Zain"),
    ("grace_lee", "Grace Lee"),
    ("amir.hamzah", "Amir Hamzah"),
    ("ong.kahwai", "Ong Kah Wai"),
)
_GOODS = (
    ("Ceramic mug, 350 ml", "MUG-350", 18.9),
    ("Cotton tote bag", "TOTE-01", 25.0),
    ("Stainless steel bottle, 750 ml", "BOT-750", 39.9),
)


def demo_seed() -> Seed:
    """One app, one shop in Malaysia, fourteen buyers with an order each, one of them chatting."""
    return Seed(
        apps=[App(app_key=APP_KEY, app_secret=APP_SECRET, name="Packing table")],
        shops=[
            SeedShop(
                shop_id=SHOP_ID,
                shop_name="Demo Shop",
                region="MY",
                short_code="MYDEMO1",
                tokens=[
                    SeedToken(
                        app_key=APP_KEY,
                        access_token=ACCESS_TOKEN,
                        refresh_token=REFRESH_TOKEN,
                        access_life_s=_LIFE_S,
                    )
                ],
            )
        ],
        buyers=[
            Buyer(user_id=str(_FIRST_BUYER_ID + index), username=username, full_name=full_name)
            for index, (username, full_name) in enumerate(_NAMES)
        ],
        orders=_orders(),
        chats=[
            SeedChat(
                shop_id=SHOP_ID,
                buyer_id=str(_FIRST_BUYER_ID),
                messages=[
                    SeedMessage(by="buyer", text="Hi, is the mug still there?", age_hours=30),
                    SeedMessage(by="shop", text="Yes, it is.", age_hours=29),
                    SeedMessage(by="buyer", text="Thanks! I have just ordered it.", age_hours=28),
                ],
            )
        ],
    )


def _orders() -> list[SeedOrder]:
    return [
        _order(NORMAL_ORDER_ID, 0, packages=[_package(1)]),
        _order(TWO_PARCELS_ORDER_ID, 1, lines=2, packages=[_package(2), _package(3)]),
        _order(CANCELLED_ORDER_ID, 2, status="canceled"),
        _order(OLD_ORDER_ID, 3, status="delivered", age_hours=31 * 24, packages=[_package(4)]),
        *(
            _order(number, 4 + index, packages=[_package(11 + index)])
            for index, number in enumerate(FURTHER_ORDER_IDS)
        ),
    ]


def _order(
    order_id: str,
    buyer: int,
    *,
    lines: int = 1,
    packages: list[Package] | None = None,
    **fields: object,
) -> SeedOrder:
    goods = [_GOODS[(buyer + line) % len(_GOODS)] for line in range(lines)]
    values = {
        "order_id": order_id,
        "shop_id": SHOP_ID,
        "buyer_id": str(_FIRST_BUYER_ID + buyer),
        "status": "ready_to_ship",
        "items": [Item(name=name, sku=sku, price=price) for name, sku, price in goods],
        "packages": packages or [],
    }
    return SeedOrder.model_validate(values | fields)


def _package(number: int) -> Package:
    return Package(package_id=f"FP{number:08}", tracking_code=f"LEXMY{number:010}")
