"""The marketplace that the sandbox starts with when it is given none: the demo's and the tests'."""

from sandbox.market.seeding import SeedMessage
from sandbox.shopee.entities import App, Buyer, Item, MainAccount, Package
from sandbox.shopee.seed import (
    Seed,
    SeedChat,
    SeedMerchant,
    SeedOrder,
    SeedShop,
    SeedToken,
)

# The fixed inputs of the worked signatures, so that each of them is good at this sandbox.
PARTNER_ID = 1000001
PARTNER_KEY = "shpk_test_0123456789abcdef0123456789abcdef"
SHOP_ID = 22000001
MERCHANT_ID = 33000001
MAIN_ACCOUNT_ID = 44000001
ACCESS_TOKEN = "0123456789abcdef0123456789abcdef"  # noqa: S105  # a published test value
REFRESH_TOKEN = "fedcba9876543210fedcba9876543210"  # noqa: S105  # a published test value

NORMAL_ORDER_SN = "261018DEMO0001"
TWO_PARCELS_ORDER_SN = "261018TWOBOX02"
CANCELLED_ORDER_SN = "261018CANCEL03"
FURTHER_ORDER_SNS = tuple(f"261018DEMO{number:04}" for number in range(11, 21))

_YEAR_S = 365 * 86_400
_FIRST_BUYER_ID = 900000001
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
    (50001, "Ceramic mug, 350 ml", "MUG-350", 18.9),
    (50002, "Cotton tote bag", "TOTE-01", 25.0),
    (50003, "Stainless steel bottle, 750 ml", "BOT-750", 39.9),
    (50004, "Notebook A5, dotted", "NOTE-A5", 12.5),
)


def demo_seed() -> Seed:
    """One app, one shop in Malaysia, thirteen buyers with an order each, one of them chatting."""
    return Seed(
        apps=[App(partner_id=PARTNER_ID, partner_key=PARTNER_KEY, name="Packing table")],
        merchants=[
            SeedMerchant(
                merchant_id=MERCHANT_ID, merchant_name="Demo Merchant", tokens=[_tokens("m")]
            )
        ],
        shops=[
            SeedShop(
                shop_id=SHOP_ID,
                shop_name="Demo Shop",
                region="MY",
                merchant_id=MERCHANT_ID,
                tokens=[_tokens("")],
            )
        ],
        main_accounts=[
            MainAccount(
                main_account_id=MAIN_ACCOUNT_ID, shop_ids=[SHOP_ID], merchant_ids=[MERCHANT_ID]
            )
        ],
        buyers=_buyers(),
        orders=_orders(),
        chats=[
            SeedChat(
                shop_id=SHOP_ID,
                buyer_id=_FIRST_BUYER_ID,
                messages=[
                    SeedMessage(by="buyer", text="Hi, is my parcel going out today?", age_hours=1),
                    SeedMessage(by="shop", text="Yes, we are packing it.", age_hours=0.9),
                    SeedMessage(by="buyer", text="Great, thank you!", age_hours=0.8),
                ],
            )
        ],
    )


def _tokens(suffix: str) -> SeedToken:
    # One access token for shop and merchant, as in the worked signatures.
    return SeedToken(
        partner_id=PARTNER_ID,
        access_token=ACCESS_TOKEN,
        refresh_token=REFRESH_TOKEN + suffix,
        access_life_s=_YEAR_S,
    )


def _buyers() -> list[Buyer]:
    return [
        Buyer(
            user_id=_FIRST_BUYER_ID + index,
            username=username,
            full_name=full_name,
            phone=f"6012345{index:04}",
            address=f"{index + 1} Jalan Contoh",
        )
        for index, (username, full_name) in enumerate(_NAMES)
    ]


def _orders() -> list[SeedOrder]:
    special = [
        _order(NORMAL_ORDER_SN, 0, parcels=1, serial=1),
        _order(TWO_PARCELS_ORDER_SN, 1, parcels=2, serial=2),
        _order(CANCELLED_ORDER_SN, 2, parcels=1, serial=3).model_copy(
            update={"order_status": "CANCELLED", "cancel_reason": "Change of delivery address"}
        ),
    ]
    further = [
        _order(order_sn, 3 + index, parcels=1, serial=11 + index)
        for index, order_sn in enumerate(FURTHER_ORDER_SNS)
    ]
    return special + further


def _order(order_sn: str, buyer: int, *, parcels: int, serial: int) -> SeedOrder:
    """Tracking numbers are SPXMY, the serial number in ten digits, the parcel's in two."""
    item_id, name, sku, price = _GOODS[buyer % len(_GOODS)]
    return SeedOrder(
        order_sn=order_sn,
        shop_id=SHOP_ID,
        buyer_id=_FIRST_BUYER_ID + buyer,
        order_status="PROCESSED",
        age_hours=2 + buyer,
        items=[
            Item(item_id=item_id, item_name=name, item_sku=sku, price=price, quantity=1 + buyer % 3)
        ],
        packages=[
            Package(
                package_number=f"OFG{serial:012}{parcel:02}",
                tracking_number=f"SPXMY{serial:010}{parcel:02}",
                logistics_status="LOGISTICS_REQUEST_CREATED",
            )
            for parcel in range(1, parcels + 1)
        ],
    )
