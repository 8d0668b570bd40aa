"""The worked signatures S1 to S13 of marketplace-apis 1.1: inputs fixed, made by other clients."""

from dataclasses import dataclass
from typing import Literal

KEY = "shpk_test_0123456789abcdef0123456789abcdef"
PARTNER_ID = "1000001"
TIMESTAMP = "1700000000"
ACCESS_TOKEN = "0123456789abcdef0123456789abcdef"
SHOP_ID = "22000001"
MERCHANT_ID = "33000001"


@dataclass(frozen=True)
class Vector:
    """One call and its signature."""

    name: str
    kind: Literal["public", "shop", "merchant"]
    method: Literal["GET", "POST"]
    path: str
    sign: str

    @property
    def query(self) -> dict[str, str]:
        query = {"partner_id": PARTNER_ID, "timestamp": TIMESTAMP, "sign": self.sign}
        if self.kind == "shop":
            query |= {"access_token": ACCESS_TOKEN, "shop_id": SHOP_ID}
        if self.kind == "merchant":
            query |= {"access_token": ACCESS_TOKEN, "merchant_id": MERCHANT_ID}
        return query

    @property
    def signed_parts(self) -> list[str]:
        owner = {"public": [], "shop": [ACCESS_TOKEN, SHOP_ID]}
        parts = owner.get(self.kind, [ACCESS_TOKEN, MERCHANT_ID])
        return [PARTNER_ID, self.path, TIMESTAMP, *parts]


VECTORS = (
    Vector(
        "S1",
        "public",
        "GET",
        "/api/v2/shop/auth_partner",
        "f670337066e69c2729969853f4c851e67a0ce09e6f8d81fc087254102afeb775",
    ),
    Vector(
        "S2",
        "public",
        "POST",
        "/api/v2/auth/token/get",
        "382899d72e67f3a215e62de372e3e68097dc5bcb00bc6e242f6382e05abc6802",
    ),
    Vector(
        "S3",
        "public",
        "POST",
        "/api/v2/auth/access_token/get",
        "fa151b7ac22cfc92e2eb842e2599fe3ac382c933e0049acb6b9a9e74aa25fd47",
    ),
    Vector(
        "S4",
        "public",
        "GET",
        "/api/v2/public/get_shops_by_partner",
        "7f56c9f16c21831a3ca50ad042ca0c6a455226a9c79eb89f1731715e3a2ee28a",
    ),
    Vector(
        "S5",
        "shop",
        "GET",
        "/api/v2/shop/get_shop_info",
        "f7d6774dd1981a0b88a60e4bc73944757427cd6a117b0f6f2624c2ee8bea7ed2",
    ),
    Vector(
        "S6",
        "shop",
        "GET",
        "/api/v2/order/get_order_list",
        "12296534d31f76b60662c3e72ad08894ccbc6eaea3a02910536a15cbd7ce91b6",
    ),
    Vector(
        "S7",
        "shop",
        "GET",
        "/api/v2/order/get_order_detail",
        "9436ced46260b5bf398f982ea833cc2f471e48afafb465c29885672eeb9c3899",
    ),
    Vector(
        "S8",
        "shop",
        "GET",
        "/api/v2/sellerchat/get_conversation_list",
        "a01ebfd0076d9d2fd946f20ea9c63d160338b9663e2193303c137bd8f4448470",
    ),
    Vector(
        "S9",
        "shop",
        "GET",
        "/api/v2/sellerchat/get_message",
        "671b12b082e3cf7e42c0a4a24663e9a01f0b5031932638447cf815ed573f6c61",
    ),
    Vector(
        "S10",
        "shop",
        "POST",
        "/api/v2/sellerchat/send_message",
        "f863530695ae1c46213065c7b1b668116f3523b0cee3ca33388aefc5c33ae9cc",
    ),
    Vector(
        "S11",
        "shop",
        "POST",
        "/api/v2/sellerchat/read_conversation",
        "a1bbfd9b3030863d8a9c8e37c349b57ba23da5a948a738709539e83e4bcfcc26",
    ),
    Vector(
        "S12",
        "shop",
        "POST",
        "/api/v2/sellerchat/upload_image",
        "c844f1797fc2ad64ddeeadf10ec6ee1b6a4de01b89ed0c4c2259cd2ac2e743f6",
    ),
    Vector(
        "S13",
        "merchant",
        "GET",
        "/api/v2/merchant/get_merchant_info",
        "afca7a361d0ea979f279023a5c20b9c911b51e5e2f2f5ad1e3af6b0c0ce9df2e",
    ),
)
