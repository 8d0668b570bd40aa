"""The worked signatures T0 to T11 of marketplace-apis 3.1: inputs fixed, made by other clients."""

from dataclasses import dataclass, field

APP_KEY = "tk_app_123"
APP_SECRET = "tk_secret_0123456789abcdef"
TIMESTAMP = "1700000000"
ACCESS_TOKEN = "TTP_access"
CIPHER = "GCP_cipher"
CONVERSATION = "7490000000000000001"

OFFICIAL_SECRET = "e59af819cc"
OFFICIAL_QUERY: dict[str, str | list[str]] = {"app_key": "29a39d", "timestamp": "1623812664"}
OFFICIAL_SIGN = "b596b73e0cc6de07ac26f036364178ab16b0a907af13d43f0a0cd2345f582dc8"

WEBHOOK_BODY = (
    b'{"type":14,"tts_notification_id":"7327112393057371910","shop_id":"7494049642642441621",'
    b'"timestamp":1700000000,"data":{"message_id":"1"}}'
)
WEBHOOK_SIGN = "49666d7856029deed87b0a1d5db59d941516ae5ff86fb9934470cec9f5745d4e"


@dataclass(frozen=True)
class Vector:
    """One call and its signature. A file's bytes are not signed, and not here."""

    name: str
    method: str
    path: str
    sign: str
    query: dict[str, str | list[str]] = field(default_factory=dict)
    body: bytes = b""
    has_cipher: bool = True
    is_upload: bool = False

    @property
    def whole_query(self) -> dict[str, str | list[str]]:
        """All parameters but the signature."""
        cipher: dict[str, str | list[str]] = {"shop_cipher": CIPHER} if self.has_cipher else {}
        return {"app_key": APP_KEY, "timestamp": TIMESTAMP, **cipher, **self.query}


_CONVERSATIONS = "/customer_service/202309/conversations"
_HELLO = rb'{"type":"TEXT","content":"{\"content\":\"hello\"}"}'
_IMAGE = (
    rb'{"type":"IMAGE","content":"{\"url\":\"https://p16.example/abc.jpeg\",'
    rb'\"width\":1280,\"height\":960}"}'
)

VECTORS = (
    Vector(
        "T1",
        "GET",
        "/authorization/202309/shops",
        "0fd0737181a9937c543ec301a65407bd9b46c8acc1607ebbb6493fb030d4b523",
        has_cipher=False,
    ),
    Vector(
        "T2",
        "GET",
        _CONVERSATIONS,
        "7397375bcfc83c00c34446b7a2728d8939c7da747dc1f5e88d36e1c7d0a80c42",
        query={"page_size": "20"},
    ),
    Vector(
        "T3",
        "POST",
        _CONVERSATIONS,
        "c579f7716c4d3fc3148bfc769a7b3ead59482295f09f9614b6d91c6e58597630",
        body=b'{"buyer_user_id":"7494000000000000001"}',
    ),
    Vector(
        "T4",
        "POST",
        f"/customer_service/202606/conversations/{CONVERSATION}/messages",
        "d4d35c68d53dd05573d407ea5d8a3e91deb03604e6b55480e53a2c408c75b85b",
        body=_HELLO,
    ),
    Vector(
        "T5",
        "POST",
        f"{_CONVERSATIONS}/{CONVERSATION}/messages",
        "6ef949c266e259e6d4d590167369ed3df94ee4cb617cb55b0a01c3ec46979894",
        body=_HELLO,
    ),
    Vector(
        "T6",
        "POST",
        f"/customer_service/202606/conversations/{CONVERSATION}/messages",
        "bb634eb32a73633471a4406116d957d62cd9ed7b7e69818a46987de2642345f1",
        body=_IMAGE,
    ),
    Vector(
        "T7",
        "POST",
        f"{_CONVERSATIONS}/{CONVERSATION}/messages/read",
        "918d5887ab2dbf3da93a45b8cd7e00c0b245afb7b2caee12f207075fd2ab98e0",
    ),
    Vector(
        "T8",
        "POST",
        "/customer_service/202309/images/upload",
        "497d61c17611d648b57ef2103734c881ca1e85cf0c55fcb0f73f9947b9b63d2a",
        is_upload=True,
    ),
    Vector(
        "T9",
        "POST",
        "/order/202309/orders/search",
        "34dad608a58c4965949621ca10058e97fc4342fd81dd675ac5fdd36de2935e81",
        query={"page_size": "50", "sort_order": "DESC", "sort_field": "create_time"},
        body=b'{"create_time_ge":1699900000,"create_time_lt":1700000000}',
    ),
    Vector(
        "T10",
        "GET",
        "/order/202507/orders",
        "93b05e056f1c113bd8b2911895698b00ab72a65f137860576a5dff136cb70eb2",
        query={"ids": "576461413038785752,576461413038785753"},
    ),
    Vector(
        "T11",
        "GET",
        "/order/202507/orders",
        "48640f72905f3f6165bdefe3016edccb59a252e21b4cdd19e2bfa35d015fed2a",
        query={"ids": ["576461413038785752", "576461413038785753"]},
    ),
)
