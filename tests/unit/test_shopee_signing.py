"""The worked signatures S1 to S14: computed by real clients, and all ours have to equal them."""

import hmac

import pytest

from cloud.marketplaces.shopee import signing
from tests.support.shopee_answers import ACCESS, APP, shopee

TIMESTAMP_S = 1700000000
MERCHANT_ID = "33000001"

PUBLIC = [
    ("S1", "shop/auth_partner", "f670337066e69c2729969853f4c851e67a0ce09e6f8d81fc087254102afeb775"),
    ("S2", "auth/token/get", "382899d72e67f3a215e62de372e3e68097dc5bcb00bc6e242f6382e05abc6802"),
    (
        "S3",
        "auth/access_token/get",
        "fa151b7ac22cfc92e2eb842e2599fe3ac382c933e0049acb6b9a9e74aa25fd47",
    ),
    (
        "S4",
        "public/get_shops_by_partner",
        "7f56c9f16c21831a3ca50ad042ca0c6a455226a9c79eb89f1731715e3a2ee28a",
    ),
]
SHOP = [
    (
        "S5",
        "shop/get_shop_info",
        "f7d6774dd1981a0b88a60e4bc73944757427cd6a117b0f6f2624c2ee8bea7ed2",
    ),
    (
        "S6",
        "order/get_order_list",
        "12296534d31f76b60662c3e72ad08894ccbc6eaea3a02910536a15cbd7ce91b6",
    ),
    (
        "S7",
        "order/get_order_detail",
        "9436ced46260b5bf398f982ea833cc2f471e48afafb465c29885672eeb9c3899",
    ),
    (
        "S8",
        "sellerchat/get_conversation_list",
        "a01ebfd0076d9d2fd946f20ea9c63d160338b9663e2193303c137bd8f4448470",
    ),
    (
        "S9",
        "sellerchat/get_message",
        "671b12b082e3cf7e42c0a4a24663e9a01f0b5031932638447cf815ed573f6c61",
    ),
    (
        "S10",
        "sellerchat/send_message",
        "f863530695ae1c46213065c7b1b668116f3523b0cee3ca33388aefc5c33ae9cc",
    ),
    (
        "S11",
        "sellerchat/read_conversation",
        "a1bbfd9b3030863d8a9c8e37c349b57ba23da5a948a738709539e83e4bcfcc26",
    ),
    (
        "S12",
        "sellerchat/upload_image",
        "c844f1797fc2ad64ddeeadf10ec6ee1b6a4de01b89ed0c4c2259cd2ac2e743f6",
    ),
]
S13 = "afca7a361d0ea979f279023a5c20b9c911b51e5e2f2f5ad1e3af6b0c0ce9df2e"
S14 = "153450d212ff24bb30dcf7c63a5e1c5950a89aa9be9773cbffc389a48a411f50"
PUSH_URL = "https://example.test/hooks/shopee"
PUSH_BODY = (
    b'{"code":3,"timestamp":1700000000,"shop_id":22000001,'
    b'"data":{"ordersn":"231115ABCDEF12","status":"READY_TO_SHIP"}}'
)


@pytest.mark.parametrize(
    ("path", "expected"), [row[1:] for row in PUBLIC], ids=[r[0] for r in PUBLIC]
)
def test_public_calls_are_signed_as_shopee_does(path: str, expected: str) -> None:
    made = signing.sign(
        APP.app_secret, partner_id=APP.app_id, path=f"/api/v2/{path}", timestamp_s=TIMESTAMP_S
    )
    assert made == expected


@pytest.mark.parametrize(("path", "expected"), [row[1:] for row in SHOP], ids=[r[0] for r in SHOP])
def test_shop_calls_are_signed_as_shopee_does(path: str, expected: str) -> None:
    assert sign_for(ACCESS.shop_id, path) == expected


def test_merchant_calls_are_signed_as_shopee_does() -> None:
    """S13."""
    assert sign_for(MERCHANT_ID, "merchant/get_merchant_info") == S13


def sign_for(owner_id: str, path: str) -> str:
    return signing.sign(
        APP.app_secret,
        partner_id=APP.app_id,
        path=f"/api/v2/{path}",
        timestamp_s=TIMESTAMP_S,
        access_token=ACCESS.access_token,
        owner_id=owner_id,
    )


def test_a_push_is_signed_over_the_registered_address_and_the_raw_body() -> None:
    """S14."""
    made = signing.sign_push(APP.app_secret, callback_url=PUSH_URL, raw_body=PUSH_BODY)
    assert made == S14


@pytest.mark.parametrize(
    ("keys", "url", "body", "signature", "expected"),
    [
        ((APP.app_secret,), PUSH_URL, PUSH_BODY, S14, True),
        (("another push key", APP.app_secret), PUSH_URL, PUSH_BODY, S14, True),
        ((APP.app_secret, "another partner key"), PUSH_URL, PUSH_BODY, S14, True),
        (("", APP.app_secret), PUSH_URL, PUSH_BODY, S14, True),
        (("another key",), PUSH_URL, PUSH_BODY, S14, False),
        (("",), PUSH_URL, PUSH_BODY, signing.sign_push("", callback_url="", raw_body=b""), False),
        ((APP.app_secret,), PUSH_URL + "/", PUSH_BODY, S14, False),
        ((APP.app_secret,), PUSH_URL, PUSH_BODY + b" ", S14, False),
        ((APP.app_secret,), PUSH_URL, PUSH_BODY, "", False),
        ((APP.app_secret,), PUSH_URL, PUSH_BODY, S14[:-1], False),
        ((APP.app_secret,), PUSH_URL, PUSH_BODY, "not ascii: ä\udcff", False),
    ],
)
def test_a_push_counts_only_with_the_signature_of_one_of_our_keys(
    keys: tuple[str, ...], url: str, body: bytes, signature: str, expected: bool
) -> None:
    judged = signing.is_signed_push(keys, callback_url=url, raw_body=body, signature=signature)
    assert judged is expected


def test_an_empty_key_signs_nothing_for_us() -> None:
    forged = signing.sign_push("", callback_url=PUSH_URL, raw_body=PUSH_BODY)
    assert not signing.is_signed_push(
        ("",), callback_url=PUSH_URL, raw_body=PUSH_BODY, signature=forged
    )


def test_a_push_signature_is_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[object, object]] = []

    def spy(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return one == other

    monkeypatch.setattr(hmac, "compare_digest", spy)
    for signature in (S14, "x" * 64):
        signing.is_signed_push(
            (APP.app_secret,), callback_url=PUSH_URL, raw_body=PUSH_BODY, signature=signature
        )
    assert [other for _, other in compared] == [S14.encode(), b"x" * 64]


def test_the_adapter_takes_the_partner_key_when_no_push_key_is_set() -> None:
    adapter = shopee(lambda request: pytest.fail(f"{request.url} was asked"))
    assert adapter.verify_push(APP, callback_url=PUSH_URL, raw_body=PUSH_BODY, signature=S14)
