"""The worked signatures L0 to L8: computed by real clients, and all ours have to equal them."""

import hmac
from collections.abc import Callable

import httpx
import pytest

from cloud.marketplaces.chats import ImagePart, OutgoingMessage, TextPart
from cloud.marketplaces.errors import MarketplaceError
from cloud.marketplaces.lazada import signing
from cloud.marketplaces.lazada.adapter import Lazada
from tests.support.lazada_answers import ACCESS, APP, lazada
from tests.support.lazada_vectors import (
    APP_KEY,
    APP_SECRET,
    OFFICIAL_PARAMETERS,
    OFFICIAL_SECRET,
    OFFICIAL_SIGN,
    SDK,
    SESSION,
    VECTORS,
    Vector,
)

L8 = "166521e01aaeafbf2d0931e434cfa604df2b13727163db8009983f3548694711"
PUSH_BODY = (
    b'{"seller_id":"100000001","message_type":0,"data":{"order_status":"pending",'
    b'"trade_order_id":"330011223344556"},"timestamp":1700000000,"site":"lazada_my"}'
)

Ask = Callable[[Lazada], object]


def test_the_documented_sample_is_signed_as_documented() -> None:
    """L0."""
    made = signing.sign(OFFICIAL_SECRET, path="/order/get", parameters=OFFICIAL_PARAMETERS)
    assert made == OFFICIAL_SIGN


@pytest.mark.parametrize("vector", VECTORS, ids=lambda one: one.name)
def test_calls_are_signed_as_lazada_does(vector: Vector) -> None:
    assert signing.sign(APP_SECRET, path=vector.path, parameters=vector.parameters) == vector.sign


@pytest.mark.parametrize("vector", VECTORS, ids=lambda one: one.name)
def test_every_further_parameter_is_signed_too(vector: Vector) -> None:
    parameters = {**vector.parameters, "partner_id": SDK}
    made = signing.sign(APP_SECRET, path=vector.path, parameters=parameters)
    assert made == vector.sign_with_sdk


def test_values_are_signed_as_they_are_and_not_as_they_travel() -> None:
    made = signing.sign("s", path="/p", parameters={"b": "ä &=+", "a": "1"})
    assert made == hmac.new(b"s", "/pa1bä &=+".encode(), "sha256").hexdigest().upper()


def sent(part: TextPart | ImagePart) -> Ask:
    message = OutgoingMessage("1", "1", part, SESSION)
    return lambda adapter: adapter.send(ACCESS, message, deadline_s=5)


PICTURE = ImagePart("https://my-live.slatic.net/p/abc.jpg", 1280, 960)
JPEG = bytes.fromhex(
    "ffd8ffe000104a46494600010100000100010000ffc0000b080001000101011100ffda0008010100003f00d2cf20ffd9"
)
OURS: list[tuple[str, Ask]] = [
    ("L1", lambda adapter: adapter.order(ACCESS, "330011223344556")),
    ("L2", lambda adapter: adapter.conversations(ACCESS)),
    ("L3", sent(TextPart("hello"))),
    ("L4", sent(PICTURE)),
    ("L5", lambda adapter: adapter.upload_image(ACCESS, JPEG)),
    ("L6", lambda adapter: adapter.exchange_code(APP, {"code": "0_100001_abc"})),
    ("L7", lambda adapter: adapter.refresh(APP, shop_id="1", refresh_token="50001refresh")),
]


@pytest.mark.parametrize(("name", "ask"), OURS, ids=[name for name, _ in OURS])
def test_our_requests_carry_the_worked_signature(name: str, ask: Ask) -> None:
    """On the wire: GET in the query, POST in the form, an upload in fields beside its file."""
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={"code": "IncompleteSignature"})

    with pytest.raises(MarketplaceError):
        ask(lazada(answer))
    vector = next(one for one in VECTORS if one.name == name)
    (request,) = seen
    assert request.url.path == "/rest" + vector.path
    parameters = parameters_of(request)
    assert parameters.pop("sign") == vector.sign
    assert parameters == vector.parameters


def parameters_of(request: httpx.Request) -> dict[str, str]:
    if request.method == "GET":
        return dict(request.url.params)
    assert not request.url.query
    kind = request.headers["content-type"]
    if kind.startswith("application/x-www-form-urlencoded"):
        return dict(httpx.QueryParams(request.content.decode()))
    boundary = kind.partition("boundary=")[2].encode()
    fields = {}
    for part in request.content.split(b"--" + boundary)[1:-1]:
        head, _, value = part.strip(b"\r\n").partition(b"\r\n\r\n")
        name = head.partition(b'name="')[2].partition(b'"')[0].decode()
        if b"filename=" in head:
            assert (name, value) == ("image", JPEG)
        else:
            fields[name] = value.decode()
    return fields


def test_a_push_is_signed_over_the_app_key_and_the_raw_body() -> None:
    """L8."""
    assert signing.sign_push(APP_SECRET, app_key=APP_KEY, raw_body=PUSH_BODY) == L8


@pytest.mark.parametrize(
    ("secret", "app_key", "body", "signature", "expected"),
    [
        (APP_SECRET, APP_KEY, PUSH_BODY, L8, True),
        ("another secret", APP_KEY, PUSH_BODY, L8, False),
        (APP_SECRET, "100002", PUSH_BODY, L8, False),
        (APP_SECRET, APP_KEY, PUSH_BODY + b" ", L8, False),
        (APP_SECRET, APP_KEY, PUSH_BODY, "", False),
        (APP_SECRET, APP_KEY, PUSH_BODY, L8[:-1], False),
        (APP_SECRET, APP_KEY, PUSH_BODY, "not ascii: ä\udcff", False),
    ],
)
def test_a_push_counts_only_with_our_signature(
    secret: str, app_key: str, body: bytes, signature: str, expected: bool
) -> None:
    judged = signing.is_signed_push(secret, app_key=app_key, raw_body=body, signature=signature)
    assert judged is expected


def test_an_empty_secret_signs_nothing_for_us() -> None:
    forged = signing.sign_push("", app_key=APP_KEY, raw_body=PUSH_BODY)
    assert not signing.is_signed_push("", app_key=APP_KEY, raw_body=PUSH_BODY, signature=forged)


def test_a_push_signature_is_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[object, object]] = []

    def spy(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return one == other

    monkeypatch.setattr(hmac, "compare_digest", spy)
    for signature in (L8, "x" * 64):
        signing.is_signed_push(APP_SECRET, app_key=APP_KEY, raw_body=PUSH_BODY, signature=signature)
    assert [other for _, other in compared] == [L8.encode(), b"x" * 64]


def test_the_adapter_takes_the_apps_own_secret_for_pushes() -> None:
    adapter = lazada(lambda request: pytest.fail(f"{request.url} was asked"))
    assert adapter.verify_push(APP, callback_url="", raw_body=PUSH_BODY, signature=L8)
