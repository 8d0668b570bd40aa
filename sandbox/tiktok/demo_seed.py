"""The marketplace that the sandbox starts with when it is given none: the demo's and the tests'."""

from sandbox.market.seeding import SeedMessage
from sandbox.tiktok.entities import App, Buyer, Item, Package, Shop
from sandbox.tiktok.seed import Seed, SeedChat, SeedOrder, SeedSeller, SeedToken

# The fixed inputs of the worked signatures, so that each of them is good at this sandbox.
APP_KEY = "tk_app_123"
APP_SECRET = "tk_secret_0123456789abcdef"  # noqa: S105  # a published test value
SERVICE_ID = "7000000000000000123"
SELLER_ID = "7494000000000000900"
SHOP_ID = "7494049642642441621"
CIPHER = "GCP_cipher"
ACCESS_TOKEN = "TTP_access"  # noqa: S105  # a published test value
REFRESH_TOKEN = "TTP_refresh"  # noqa: S105  # a published test value

NORMAL_ORDER_ID = "576461413038785752"
TWO_PARCELS_ORDER_ID = "576461413038785753"
CANCELLED_ORDER_ID = "576461413038785754"
FURTHER_ORDER_IDS = tuple(f"5764614130387858{number}" for number in range(11, 21))

_YEAR_S = 365 * 86_400
_FIRST_BUYER_ID = 7_494_000_000_000_000_001
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
)
_GOODS = (
    ("1729000000000000001", "Ceramic mug, 350 ml", "MUG-350", "18.90"),
    ("1729000000000000003", "Cotton tote bag", "TOTE-01", "25.00"),
    ("1729000000000000005", "Stainless steel bottle, 750 ml", "BOT-750", "39.90"),
    ("1729000000000000007", "Notebook A5, dotted", "NOTE-A5", "12.50"),
)


def buyer_id(index: int) -> str:
    """The id of the demo's buyer with this index, from 0 to 12."""
    return str(_FIRST_BUYER_ID + index)


def demo_seed() -> Seed:
    """One app, one shop in Malaysia, thirteen buyers with an order each, one of them chatting."""
    return Seed(
        apps=[
            App(
                app_key=APP_KEY,
                app_secret=APP_SECRET,
                service_id=SERVICE_ID,
                name="Packing table",
                redirect_url="http://127.0.0.1:8080/channels/tiktok/back",
            )
        ],
        sellers=[
            SeedSeller(
                seller_id=SELLER_ID,
                seller_name="Demo Seller",
                tokens=[
                    SeedToken(
                        app_key=APP_KEY,
                        access_token=ACCESS_TOKEN,
                        refresh_token=REFRESH_TOKEN,
                        access_life_s=_YEAR_S,
                    )
                ],
            )
        ],
        shops=[
            Shop(
                shop_id=SHOP_ID,
                shop_name="Demo Shop",
                region="MY",
                seller_id=SELLER_ID,
                cipher=CIPHER,
                code="MYLCDEMO01",
            )
        ],
        buyers=[
            Buyer(
                user_id=buyer_id(index),
                username=username,
                full_name=full_name,
                phone=f"(+60)12345{index:04}",
                address=f"{index + 1} Jalan Contoh",
            )
            for index, (username, full_name) in enumerate(_NAMES)
        ],
        orders=_orders(),
        chats=[
            SeedChat(
                shop_id=SHOP_ID,
                buyer_id=buyer_id(0),
                messages=[
                    SeedMessage(by="buyer", text="Hi, is my parcel going out today?", age_hours=1),
                    SeedMessage(by="shop", text="Yes, we are packing it.", age_hours=0.9),
                    SeedMessage(by="buyer", text="Great, thank you!", age_hours=0.8),
                ],
            )
        ],
    )


def _orders() -> list[SeedOrder]:
    special = [
        _order(NORMAL_ORDER_ID, 0, parcels=1, serial=1),
        _order(TWO_PARCELS_ORDER_ID, 1, parcels=2, serial=2),
        _order(CANCELLED_ORDER_ID, 2, parcels=1, serial=3).model_copy(
            update={"status": "CANCELLED", "cancel_reason": "Change of delivery address"}
        ),
    ]
    further = [
        _order(order_id, 3 + index, parcels=1, serial=11 + index)
        for index, order_id in enumerate(FURTHER_ORDER_IDS)
    ]
    return special + further


def _order(order_id: str, buyer: int, *, parcels: int, serial: int) -> SeedOrder:
    """Tracking numbers are TTMY, the serial number in eight digits, the parcel's in two."""
    product_id, name, sku, price = _GOODS[buyer % len(_GOODS)]
    packages = [
        Package(
            package_id=f"115{serial:013}{parcel:02}", tracking_number=f"TTMY{serial:08}{parcel:02}"
        )
        for parcel in range(1, parcels + 1)
    ]
    units = max(parcels, 1 + buyer % 3)
    return SeedOrder(
        order_id=order_id,
        shop_id=SHOP_ID,
        buyer_id=buyer_id(buyer),
        status="AWAITING_COLLECTION",
        age_hours=2 + buyer,
        items=[
            Item(
                product_id=product_id,
                product_name=name,
                seller_sku=sku,
                price=price,
                package_id=packages[unit % parcels].package_id,
            )
            for unit in range(units)
        ],
        packages=packages,
    )
