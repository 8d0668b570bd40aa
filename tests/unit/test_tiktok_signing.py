"""The worked signatures T0 to T12: most computed by real clients, and all ours have to equal."""

import hmac
import json

import httpx
import pytest

from cloud.marketplaces.access import AppCredentials
from cloud.marketplaces.chats import ImagePart, OutgoingMessage, TextPart
from cloud.marketplaces.tiktok import signing
from cloud.marketplaces.tiktok.client import TikTokClient
from tests.support.tiktok_answers import (
    ACCESS,
    APP,
    BUYER,
    CONVERSATION,
    NOW,
    ORDER,
    Recorded,
    documented,
    success,
    tiktok,
)

COMMON = {"app_key": "tk_app_123", "timestamp": "1700000000", "shop_cipher": "GCP_cipher"}
CHATS = "/customer_service/202309/conversations"
NEWER = "/customer_service/202606/conversations"
HELLO = rb'{"type":"TEXT","content":"{\"content\":\"hello\"}"}'
IMAGE = (
    rb'{"type":"IMAGE","content":"{\"url\":\"https://p16.example/abc.jpeg\",'
    rb'\"width\":1280,\"height\":960}"}'
)
T8 = "497d61c17611d648b57ef2103734c881ca1e85cf0c55fcb0f73f9947b9b63d2a"
SEARCH_QUERY = [("page_size", "50"), ("sort_order", "DESC"), ("sort_field", "create_time")]

# number, path, further query, body, sign
VECTORS: list[tuple[str, str, list[tuple[str, str]], bytes, str]] = [
    (
        "T2",
        CHATS,
        [("page_size", "20")],
        b"",
        "7397375bcfc83c00c34446b7a2728d8939c7da747dc1f5e88d36e1c7d0a80c42",
    ),
    (
        "T3",
        CHATS,
        [],
        b'{"buyer_user_id":"7494000000000000001"}',
        "c579f7716c4d3fc3148bfc769a7b3ead59482295f09f9614b6d91c6e58597630",
    ),
    (
        "T4",
        f"{NEWER}/7490000000000000001/messages",
        [],
        HELLO,
        "d4d35c68d53dd05573d407ea5d8a3e91deb03604e6b55480e53a2c408c75b85b",
    ),
    (
        "T5",
        f"{CHATS}/7490000000000000001/messages",
        [],
        HELLO,
        "6ef949c266e259e6d4d590167369ed3df94ee4cb617cb55b0a01c3ec46979894",
    ),
    (
        "T6",
        f"{NEWER}/7490000000000000001/messages",
        [],
        IMAGE,
        "bb634eb32a73633471a4406116d957d62cd9ed7b7e69818a46987de2642345f1",
    ),
    (
        "T7",
        f"{CHATS}/7490000000000000001/messages/read",
        [],
        b"",
        "918d5887ab2dbf3da93a45b8cd7e00c0b245afb7b2caee12f207075fd2ab98e0",
    ),
    ("T8", "/customer_service/202309/images/upload", [], b"", T8),
    (
        "T9",
        "/order/202309/orders/search",
        SEARCH_QUERY,
        b'{"create_time_ge":1699900000,"create_time_lt":1700000000}',
        "34dad608a58c4965949621ca10058e97fc4342fd81dd675ac5fdd36de2935e81",
    ),
    (
        "T10",
        "/order/202507/orders",
        [("ids", "576461413038785752,576461413038785753")],
        b"",
        "93b05e056f1c113bd8b2911895698b00ab72a65f137860576a5dff136cb70eb2",
    ),
    (
        "T11",
        "/order/202507/orders",
        [("ids", "576461413038785752"), ("ids", "576461413038785753")],
        b"",
        "48640f72905f3f6165bdefe3016edccb59a252e21b4cdd19e2bfa35d015fed2a",
    ),
]
PUSH = (
    b'{"type":14,"tts_notification_id":"7327112393057371910","shop_id":"7494049642642441621",'
    b'"timestamp":1700000000,"data":{"message_id":"1"}}'
)
T12 = "49666d7856029deed87b0a1d5db59d941516ae5ff86fb9934470cec9f5745d4e"


@pytest.mark.parametrize(
    ("path", "query", "body", "expected"),
    [row[1:] for row in VECTORS],
    ids=[row[0] for row in VECTORS],
)
def test_a_call_of_a_shop_is_signed_as_other_clients_sign_it(
    path: str, query: list[tuple[str, str]], body: bytes, expected: str
) -> None:
    pairs = [*COMMON.items(), *query]
    assert signing.sign(APP.app_secret, path=path, query=pairs, body=body) == expected


def test_the_official_sample_and_a_call_without_a_cipher() -> None:
    path = "/authorization/202309/shops"
    sample = [("app_key", "29a39d"), ("timestamp", "1623812664")]
    assert (
        signing.sign("e59af819cc", path=path, query=sample)
        == "b596b73e0cc6de07ac26f036364178ab16b0a907af13d43f0a0cd2345f582dc8"
    )
    query = [("app_key", "tk_app_123"), ("timestamp", "1700000000")]
    assert (
        signing.sign(APP.app_secret, path=path, query=query)
        == "0fd0737181a9937c543ec301a65407bd9b46c8acc1607ebbb6493fb030d4b523"
    )


def test_neither_the_signature_nor_a_token_in_the_query_is_signed() -> None:
    query = [*COMMON.items(), ("page_size", "20")]
    extra = [*query, ("sign", "anything"), ("access_token", "TTP_access")]
    assert signing.sign(APP.app_secret, path=CHATS, query=extra) == VECTORS[0][-1]


def test_the_order_of_parameters_does_not_matter_but_their_values_do() -> None:
    path, query, body, expected = VECTORS[7][1:]
    pairs = [*COMMON.items(), *query]
    assert signing.sign(APP.app_secret, path=path, query=reversed(pairs), body=body) == expected
    assert signing.sign(APP.app_secret, path=path, query=pairs[1:], body=body) != expected
    assert signing.sign(APP.app_secret, path=path, query=pairs, body=body + b" ") != expected


@pytest.mark.parametrize("method", ["open", "send", "image"])
def test_the_bytes_that_are_sent_are_the_bytes_that_are_signed(method: str) -> None:
    recorded = Recorded(documented("conversation_created" if method == "open" else "message_sent"))
    adapter = tiktok(recorded)
    if method == "open":
        adapter.open_conversation(ACCESS, order_number=ORDER, buyer_id=BUYER)
    else:
        part = TextPart("包裹 🙂 \ud83d") if method == "send" else ImagePart("https://a/b", 4, 3)
        adapter.send(ACCESS, OutgoingMessage(BUYER, ORDER, part, CONVERSATION), deadline_s=5)
    (request,) = recorded.requests
    given = dict(request.url.params)
    unsigned = {key: value for key, value in given.items() if key != "sign"}
    assert unsigned == COMMON
    assert given["sign"] == signing.sign(
        APP.app_secret, path=request.url.path, query=unsigned.items(), body=request.content
    )
    assert request.headers["x-tts-access-token"] == "TTP_access"
    assert request.headers["content-type"] == "application/json"
    assert "TTP_access" not in str(request.url)


def test_an_upload_is_signed_without_its_body() -> None:
    recorded = Recorded(documented("image_upload"))
    tiktok(recorded).upload_image(ACCESS, b"\xff\xd8\xff jpeg")
    (request,) = recorded.requests
    assert request.url.params["sign"] == T8
    assert request.headers["content-type"].startswith("multipart/form-data")


def test_values_are_signed_decoded() -> None:
    recorded = Recorded(success({"orders": []}))
    http = httpx.Client(transport=httpx.MockTransport(recorded))
    client = TikTokClient(http, "https://tiktok.test", now=lambda: NOW)
    client.get(ACCESS, "/order/202507/orders", {"ids": "1,2 &+=/ü"})
    (request,) = recorded.requests
    query = [pair for pair in request.url.params.multi_items() if pair[0] != "sign"]
    assert ("ids", "1,2 &+=/ü") in query
    expected = signing.sign(APP.app_secret, path=request.url.path, query=query)
    assert request.url.params["sign"] == expected


def test_a_push_of_the_marketplace_is_known_by_its_signature() -> None:
    adapter = tiktok(Recorded())

    def verified(app: AppCredentials, body: bytes, signature: str) -> bool:
        return adapter.verify_push(
            app, callback_url="https://seller.test/push", raw_body=body, signature=signature
        )

    assert verified(APP, PUSH, T12)
    assert json.loads(PUSH)["type"] == 14
    assert not verified(APP, PUSH + b" ", T12)
    assert not verified(APP, PUSH, T12.upper())
    assert not verified(APP, PUSH, "")
    assert not verified(APP, PUSH, "\udce9")
    assert not verified(AppCredentials("tk_app_124", APP.app_secret), PUSH, T12)
    assert not verified(AppCredentials(APP.app_id, "another"), PUSH, T12)


def test_signatures_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[object] = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append(one)
        return one == other

    monkeypatch.setattr(hmac, "compare_digest", compare)
    assert signing.is_signed_push(APP.app_secret, app_key=APP.app_id, raw_body=PUSH, signature=T12)
    assert len(compared) == 1
