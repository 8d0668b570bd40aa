"""What the TikTok Shop sandbox checks before any business (marketplace-apis 3.1, 3.5, 4.5)."""

import time

import httpx
import pytest

from sandbox.control_client import MarketControl
from sandbox.tiktok import demo_seed
from tests.support.tiktok_caller import CHATS, TikTokCaller, code_of, data_of, jpeg
from tests.support.tiktok_vectors import TIMESTAMP, VECTORS, Vector
from tests.support.waiting import eventually

SHOPS = "/authorization/202309/shops"
ORDERS = "/order/202309/orders"
EACH = pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.name)
# Past the gate, what is left to say of the worked calls: no such conversation, no such picture.
PAST_THE_GATE = {0, 45101003, 45101001}


def ask(tiktok: TikTokCaller, vector: Vector, signature: str) -> httpx.Response:
    query = {**vector.whole_query, "sign": signature}
    if vector.is_upload:
        return tiktok.http.post(
            tiktok.base_url + vector.path,
            params=query,
            files={"data": ("photo.jpg", jpeg(), "image/jpeg")},
            headers={"x-tts-access-token": tiktok.access_token},
        )
    return tiktok.request(vector.method, vector.path, query, vector.body)


@EACH
def test_a_worked_signature_passes_the_gate(
    tiktok_control: MarketControl, tiktok: TikTokCaller, vector: Vector
) -> None:
    tiktok_control.judge_requests_at(float(TIMESTAMP))
    answer = ask(tiktok, vector, vector.sign).json()
    assert answer["code"] in PAST_THE_GATE, answer


@EACH
def test_a_changed_signature_is_refused_at_the_gate(
    tiktok_control: MarketControl, tiktok: TikTokCaller, vector: Vector
) -> None:
    tiktok_control.judge_requests_at(float(TIMESTAMP))
    last = "0" if vector.sign[-1] != "0" else "1"
    answer = ask(tiktok, vector, vector.sign[:-1] + last)
    assert (code_of(answer), answer.status_code) == (106001, 401)


def test_an_answer_has_the_documented_envelope(tiktok: TikTokCaller) -> None:
    good, bad = tiktok.get(SHOPS).json(), tiktok.get("/no/such/path").json()
    assert set(good) == {"code", "message", "request_id", "data"}
    assert (good["code"], good["message"]) == (0, "Success")
    assert set(bad) == {"code", "message", "request_id"}


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", "/order/202309/nothing", 36009009),
        ("GET", "/order/209901/orders", 36009009),
        ("POST", ORDERS, 36009010),
        ("GET", "/api/v2/token/nothing", 36009009),
        ("POST", "/api/v2/token/get", 36009010),
    ],
)
def test_path_and_method_come_first(
    tiktok: TikTokCaller, method: str, path: str, code: int
) -> None:
    assert code_of(tiktok.request(method, path, {})) == code


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"app_key": None}, "app_key is missing"),
        ({"app_key": "nobody"}, "Invalid app_key"),
        ({"timestamp": None}, "timestamp is missing"),
        ({"timestamp": "soon"}, "Invalid timestamp"),
        ({"timestamp": "1700000000000"}, "Invalid timestamp"),
        ({"timestamp": "1700000000"}, "Invalid timestamp"),
        ({"sign": None}, "sign is missing"),
    ],
)
def test_a_common_parameter_that_is_wrong_is_named(
    tiktok: TikTokCaller, change: dict[str, str | None], words: str
) -> None:
    query = {**tiktok.signed(SHOPS, {}), **change}
    given = {name: value for name, value in query.items() if value is not None}
    answer = tiktok.request("GET", SHOPS, given)
    assert code_of(answer) == 36009004
    assert words in answer.json()["message"]


@pytest.mark.parametrize(
    ("ahead_s", "is_good"), [(-299, True), (-305, False), (25, True), (40, False)]
)
def test_a_timestamp_may_be_five_minutes_old_and_half_a_minute_ahead(
    tiktok: TikTokCaller, ahead_s: int, is_good: bool
) -> None:
    query = tiktok.signed(SHOPS, {"timestamp": str(int(time.time()) + ahead_s)})
    assert (tiktok.request("GET", SHOPS, query).json()["code"] == 0) is is_good


def test_the_token_travels_in_its_header(tiktok: TikTokCaller) -> None:
    query = tiktok.signed(SHOPS, {"access_token": tiktok.access_token})
    without = {"x-tts-access-token": ""}
    assert code_of(tiktok.request("GET", SHOPS, query, b"", **without)) == 36009004
    assert tiktok.request("GET", SHOPS, query).json()["code"] == 0, "in the query it is not signed"


def test_a_wrong_token_is_refused(tiktok: TikTokCaller) -> None:
    tiktok.access_token = "TTP_another"
    answer = tiktok.get(SHOPS)
    assert (code_of(answer), answer.status_code) == (105001, 401)


def test_a_call_for_a_shop_needs_a_cipher_of_its_seller(
    tiktok_control: MarketControl, tiktok: TikTokCaller
) -> None:
    tiktok_control.call("POST", "/sellers", {"seller_id": "1", "seller_name": "Another"})
    shop = {"shop_id": "11", "shop_name": "Theirs", "seller_id": "1", "cipher": "GCP_theirs"}
    tiktok_control.call("POST", "/shops", shop)
    tiktok.cipher = ""
    assert code_of(tiktok.get(CHATS)) == 106013
    for cipher in ("GCP_theirs", "GCP_nobodys"):
        tiktok.cipher = cipher
        answer = tiktok.get(CHATS)
        assert (code_of(answer), answer.status_code) == (101000, 401)


def test_a_seller_without_the_chat_scope_has_no_chats(
    tiktok_control: MarketControl, tiktok: TikTokCaller
) -> None:
    """The scope is of the authorization: what the app gets later needs a new one."""
    path = f"/sellers/{demo_seed.SELLER_ID}/tokens"
    scopes = {"scopes": ["seller.order.info"]}
    tiktok_control.call("PATCH", f"/apps/{demo_seed.APP_KEY}", scopes)
    assert data_of(tiktok.get(CHATS))
    pair = tiktok_control.call("POST", path, {"app_key": demo_seed.APP_KEY})
    tiktok.access_token = pair["access_token"]
    answer = tiktok.get(CHATS)
    assert (code_of(answer), answer.status_code) == (105005, 401)
    assert data_of(tiktok.get(ORDERS, ids=demo_seed.NORMAL_ORDER_ID))


@pytest.mark.parametrize(
    ("kind", "body", "code"),
    [
        ("text/plain", b"{}", 36009023),
        ("application/json", b"{", 36009022),
        ("application/json", b"[]", 36009022),
        ("application/json; charset=utf-8", b'{"buyer_user_id":"0"}', 45109003),
    ],
)
def test_the_body_is_json_and_says_so(
    tiktok: TikTokCaller, kind: str, body: bytes, code: int
) -> None:
    query = tiktok.signed(CHATS, {}, body)
    assert code_of(tiktok.request("POST", CHATS, query, body, **{"content-type": kind})) == code


def test_the_body_is_signed_byte_for_byte(tiktok: TikTokCaller) -> None:
    query = tiktok.signed(CHATS, {}, b'{"buyer_user_id":"0"}')
    assert code_of(tiktok.request("POST", CHATS, query, b'{"buyer_user_id": "0"}')) == 106001


def test_an_upload_is_multipart(tiktok: TikTokCaller) -> None:
    path = "/customer_service/202309/images/upload"
    query = tiktok.signed(path, {}, b"{}")
    assert code_of(tiktok.request("POST", path, query, b"{}")) == 36009023


def test_too_many_calls_of_one_kind_in_a_second(
    tiktok_control: MarketControl, tiktok: TikTokCaller
) -> None:
    # A shop of its own, for which nobody else has called in this second.
    shop = {"shop_id": "12", "shop_name": "Sister", "seller_id": demo_seed.SELLER_ID}
    tiktok_control.call("POST", "/shops", {**shop, "cipher": "GCP_paced"})
    tiktok.cipher = "GCP_paced"
    tiktok_control.limits(requests_per_second=1)
    # As often as it takes: on a busy machine a second may pass between two calls.
    assert eventually(lambda: tiktok.get(CHATS).json()["code"] == 36009002)
    ids = demo_seed.NORMAL_ORDER_ID
    assert code_of(tiktok.get(ORDERS, ids=ids)) == 21008111, "another call has its own count"


def test_the_days_chat_calls_are_counted_and_begin_anew(
    tiktok_control: MarketControl, tiktok: TikTokCaller
) -> None:
    tiktok_control.limits(chat_calls_per_day=2)
    answers = [tiktok.get(CHATS).json()["code"] for _ in range(4)]
    assert answers == [0, 0, 45101004, 45101004]
    assert data_of(tiktok.get(SHOPS))
    tiktok_control.advance(86_400)
    assert data_of(tiktok.get(CHATS))


def test_a_fault_answers_in_the_platforms_envelope(
    tiktok_control: MarketControl, tiktok: TikTokCaller
) -> None:
    tiktok_control.fault("error_before", "shops", http_status=503)
    answer = tiktok.get(SHOPS)
    assert (code_of(answer), answer.status_code) == (36009003, 503)
    tiktok_control.fault("error_body", "shops", error="36009007")
    assert code_of(tiktok.get(SHOPS)) == 36009007
    tiktok_control.fault("not_json", "shops")
    assert "html" in tiktok.get(SHOPS).text
    tiktok_control.fault("token_expired", "shops")
    assert code_of(tiktok.get(SHOPS)) == 105002
