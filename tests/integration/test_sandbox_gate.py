"""What the sandbox checks before any business, and tolerates (marketplace-apis 1.1, 4.5)."""

import time

import httpx
import pytest

from sandbox.testing import RunningSandbox
from tests.support.shopee_caller import ShopeeCaller, sign
from tests.support.shopee_vectors import TIMESTAMP, VECTORS, Vector

INFO = "/api/v2/shop/get_shop_info"
SCHEDULE = pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.name)


def ask(caller: ShopeeCaller, vector: Vector, query: dict[str, str]) -> httpx.Response:
    return caller.http.request(vector.method, caller.base_url + vector.path, params=query)


@SCHEDULE
def test_worked_signature_passes_the_gate(
    shopee_sandbox: RunningSandbox, caller: ShopeeCaller, vector: Vector
) -> None:
    shopee_sandbox.control.judge_requests_at(float(TIMESTAMP))

    answer = ask(caller, vector, {**vector.query, "redirect": "http://127.0.0.1/back"})

    if vector.path.endswith("auth_partner"):
        assert "Authorize" in answer.text
    else:
        # Past signature and token: what is left to say is about missing business parameters.
        assert answer.json()["error"] in {"", "error_param", "param_error"}
        assert "timestamp" not in answer.json()["message"].lower()


@SCHEDULE
def test_changed_signature_is_refused_at_the_gate(
    shopee_sandbox: RunningSandbox, caller: ShopeeCaller, vector: Vector
) -> None:
    shopee_sandbox.control.judge_requests_at(float(TIMESTAMP))
    last = "0" if vector.sign[-1] != "0" else "1"

    answer = ask(caller, vector, {**vector.query, "sign": vector.sign[:-1] + last})

    assert answer.json()["error"] == "error_sign"
    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"partner_id": None}, "error_param", "no partner_id"),
        ({"partner_id": "999"}, "error_param", "Invalid partner_id"),
        ({"timestamp": None}, "error_param", "no timestamp"),
        ({"timestamp": "soon"}, "error_param", "Invalid timestamp"),
        ({"timestamp": "1"}, "error_param", "Timestamp is expired"),
        ({"sign": None}, "error_param", "no sign"),
        ({"access_token": None}, "error_param", "no access_token"),
        ({"shop_id": None}, "error_param", "no shop_id"),
        ({"shop_id": "22000002"}, "error_sign", "Wrong sign"),
        ({"access_token": "f" * 32}, "error_sign", "Wrong sign"),
    ],
)
def test_common_parameters(
    caller: ShopeeCaller, change: dict[str, str | None], error: str, words: str
) -> None:
    query = {**caller.common(INFO), **change}
    query = {name: value for name, value in query.items() if value is not None}

    answer = caller.http.get(caller.base_url + INFO, params=query).json()

    assert answer["error"] == error
    assert words in answer["message"]


@pytest.mark.parametrize(
    ("name", "value"), [("access_token", "f" * 32), ("shop_id", 22000002)], ids=str
)
def test_a_well_signed_wrong_token_or_shop_is_refused(
    caller: ShopeeCaller, name: str, value: object
) -> None:
    setattr(caller, name, value)

    answer = caller.get("shop/get_shop_info")

    assert (answer.status_code, answer.json()["error"]) == (403, "invalid_acceess_token")


@pytest.mark.parametrize("shift_s", [-299, 299, -301, 301])
def test_the_timestamp_may_be_five_minutes_off(
    shopee_sandbox: RunningSandbox, caller: ShopeeCaller, shift_s: int
) -> None:
    shopee_sandbox.control.judge_requests_at(time.time() + shift_s)

    error = caller.get("shop/get_shop_info").json()["error"]

    # A second of slack: signing and judging are not at the same instant.
    assert error == ("" if abs(shift_s) < 300 else "error_param")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v2/order/get_orders"),
        ("POST", INFO),
        ("DELETE", INFO),
        ("GET", "/api/v1/shop/get_shop_info"),
    ],
)
def test_an_unknown_path_or_method(caller: ShopeeCaller, method: str, path: str) -> None:
    answer = caller.http.request(method, caller.base_url + path, params=caller.common(path))

    assert (answer.status_code, answer.json()["error"]) == (404, "error_param")


def test_every_answer_is_an_envelope(caller: ShopeeCaller) -> None:
    good = caller.get("sellerchat/get_unread_conversation_count").json()
    bad = caller.get("order/get_order_list").json()

    assert good["error"] == ""
    assert good["response"] == {"total_unread_count": 1}
    assert bad["error"] == "error_param"
    assert good["request_id"] != bad["request_id"]


@pytest.mark.parametrize("body", ["{", "[]", '"text"'])
def test_a_body_that_is_no_json_object(caller: ShopeeCaller, body: str) -> None:
    path = "/api/v2/sellerchat/send_message"

    answer = caller.http.post(caller.base_url + path, params=caller.common(path), content=body)

    assert answer.json()["error"] == "param_error"


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"category": "erp"}, "error_permission"),
        ({"suspended": True}, "api_suspended"),
        ({"key_expired": True}, "error_partner_key_expired"),
    ],
)
def test_the_state_of_the_app(
    shopee_sandbox: RunningSandbox, caller: ShopeeCaller, change: dict[str, object], error: str
) -> None:
    shopee_sandbox.control.call("PATCH", "/apps/1000001", change)

    answer = caller.get("sellerchat/get_unread_conversation_count")

    assert (answer.status_code, answer.json()["error"]) == (403, error)


def test_an_app_for_orders_only_may_still_read_orders(
    shopee_sandbox: RunningSandbox, caller: ShopeeCaller
) -> None:
    shopee_sandbox.control.call("PATCH", "/apps/1000001", {"category": "erp"})

    assert caller.get("shop/get_shop_info").json()["error"] == ""


def test_a_banned_shop(shopee_sandbox: RunningSandbox, caller: ShopeeCaller) -> None:
    shopee_sandbox.control.call("PATCH", "/shops/22000001", {"status": "BANNED"})

    assert caller.get("shop/get_shop_info").json()["error"] == "shop_banned"


def test_too_many_calls_in_a_second(shopee_sandbox: RunningSandbox, caller: ShopeeCaller) -> None:
    shopee_sandbox.control.limits(requests_per_second=1)

    answers = [caller.get("shop/get_shop_info") for _ in range(20)]

    limited = [answer for answer in answers if answer.json()["error"]]
    assert {answer.json()["error"] for answer in limited} == {"error_rate_limit"}
    assert {answer.status_code for answer in limited} == {429}


def test_the_log_tells_what_happened_and_no_secrets(
    shopee_sandbox: RunningSandbox, caller: ShopeeCaller
) -> None:
    caller.get("shop/get_shop_info")
    caller.partner_key = "wrong key"
    caller.get("shop/get_shop_info")

    log = shopee_sandbox.control.requests()

    assert [(entry["path"], entry["outcome"], entry["accepted"]) for entry in log] == [
        (INFO, "ok", True),
        (INFO, "error_sign", False),
    ]
    assert caller.access_token not in str(log)


def test_own_signing_of_these_tests_agrees_with_the_worked_ones() -> None:
    parts = VECTORS[6].signed_parts

    assert sign("shpk_test_0123456789abcdef0123456789abcdef", *parts) == VECTORS[6].sign
