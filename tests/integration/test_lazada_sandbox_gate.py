"""What the Lazada sandbox checks before any business, and tolerates (marketplace-apis 2.1, 4.5)."""

import json
import time
from typing import Any

import pytest

from sandbox.control_client import MarketControl
from tests.support.lazada_caller import LazadaCaller, Way, sign
from tests.support.lazada_vectors import SDK, TIMESTAMP_MS, VECTORS, Vector
from tests.support.shopee_caller import jpeg

EACH = pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.name)
GETS = {"/order/get", "/im/session/list"}
# What is left to say of the worked calls once signature and token are good.
PAST_THE_GATE = {"0", "InvalidParameter", "302", "InvalidCode"}


def ask(lazada: LazadaCaller, vector: Vector, signature: str, **more: str) -> Any:
    method = "GET" if vector.path in GETS else "POST"
    values = {**vector.parameters, **more, "sign": signature}
    return lazada.request(method, vector.path, values, "form")


@EACH
@pytest.mark.parametrize("with_sdk", [False, True])
def test_worked_signature_passes_the_gate(
    lazada_control: MarketControl, lazada: LazadaCaller, vector: Vector, with_sdk: bool
) -> None:
    lazada_control.judge_requests_at(int(TIMESTAMP_MS) / 1000)
    more = {"partner_id": SDK} if with_sdk else {}
    answer = ask(lazada, vector, vector.sign_with_sdk if with_sdk else vector.sign, **more)
    assert answer["code"] in PAST_THE_GATE, answer


@EACH
def test_changed_signature_is_refused_at_the_gate(
    lazada_control: MarketControl, lazada: LazadaCaller, vector: Vector
) -> None:
    lazada_control.judge_requests_at(int(TIMESTAMP_MS) / 1000)
    last = "0" if vector.sign[-1] != "0" else "1"
    for wrong in (vector.sign[:-1] + last, vector.sign.lower(), vector.sign_with_sdk):
        assert ask(lazada, vector, wrong)["code"] == "IncompleteSignature"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"app_key": None}, "MissingParameter"),
        ({"app_key": "999"}, "InvalidAppKey"),
        ({"timestamp": None}, "MissingParameter"),
        ({"timestamp": "soon"}, "IllegalTimestamp"),
        ({"timestamp": "1700000000000"}, "IllegalTimestamp"),
        ({"sign_method": None}, "MissingParameter"),
        ({"sign_method": "md5"}, "InvalidParameter"),
        ({"sign": None}, "MissingParameter"),
        ({"order_id": "330011223344557"}, "IncompleteSignature"),
        ({"anything": "added"}, "IncompleteSignature"),
    ],
)
def test_common_parameters(lazada: LazadaCaller, change: dict[str, str | None], code: str) -> None:
    path = "/order/get"
    values = {**lazada.signed(path, order_id="330011223344556"), **change}
    values = {name: value for name, value in values.items() if value is not None}
    answer = lazada.request("GET", path, values)
    assert (answer["code"], answer["type"]) == (code, "ISV")
    assert answer["message"]
    assert answer["request_id"]


@pytest.mark.parametrize(("offset_s", "is_good"), [(-7190, True), (7190, True), (-7210, False)])
def test_a_timestamp_is_good_for_two_hours(
    lazada: LazadaCaller, offset_s: int, is_good: bool
) -> None:
    path = "/seller/get"
    values = lazada.signed(path)
    values["timestamp"] = round((time.time() + offset_s) * 1000)
    del values["sign"]
    values["sign"] = sign(lazada.app_secret, path, values)
    code = lazada.request("GET", path, values)["code"]
    assert code == ("0" if is_good else "IllegalTimestamp")


@pytest.mark.parametrize("way", ["form", "query", "multipart"])
def test_the_parameters_of_a_post_may_stand_anywhere(lazada: LazadaCaller, way: Way) -> None:
    answer = lazada.post("/im/session/open", way=way, order_id="330011223344556")
    assert answer["data"]["session_id"] == "200000001_2_100000001_1_103"


def test_parameters_may_be_divided_between_query_and_form(lazada: LazadaCaller) -> None:
    path = "/im/session/open"
    values = lazada.signed(path, order_id="330011223344556")
    query = {name: values.pop(name) for name in ("access_token", "sign", "timestamp")}
    answer = lazada.http.post(f"{lazada.base_url}/rest{path}", params=query, data=values)
    assert answer.json()["code"] == "0"


def test_a_json_body_beside_the_query_need_not_be_signed(lazada: LazadaCaller) -> None:
    path = "/im/session/open"
    values = lazada.signed(path, order_id="330011223344556")
    url = f"{lazada.base_url}/rest{path}"
    assert lazada.http.post(url, params=values, json={"a": 1}).json()["code"] == "0"


def test_a_raw_body_may_be_signed_after_the_parameters(lazada: LazadaCaller) -> None:
    path, body = "/im/session/open", json.dumps({"a": 1})
    values = lazada.signed(path, order_id="330011223344556")
    del values["sign"]
    values["sign"] = sign(lazada.app_secret, path, values, body)
    url, headers = f"{lazada.base_url}/rest{path}", {"content-type": "application/json"}

    def code(content: str) -> str:
        answer = lazada.http.post(url, params=values, content=content, headers=headers)
        return str(answer.json()["code"])

    assert code(body) == "0"
    assert code(body + " ") == "IncompleteSignature"


def test_other_letters_than_ascii_are_signed_as_they_are(lazada: LazadaCaller) -> None:
    answer = lazada.text("200000001_2_100000001_1_103", "包裹 🙂 & = +")
    assert answer["success"] is True


def test_an_unknown_path_or_method_is_refused_first(lazada: LazadaCaller) -> None:
    lazada.app_key = "999"
    for method, path in (("GET", "/order/find"), ("POST", "/order/get"), ("DELETE", "/order/get")):
        assert lazada.request(method, path, {})["code"] == "InvalidApiPath"


def test_a_file_is_not_signed(lazada: LazadaCaller) -> None:
    assert lazada.upload(jpeg())["code"] == "0"


@pytest.mark.parametrize("token", ["", "x" * 20, "50001refresh"])
def test_a_wrong_token_is_refused(lazada: LazadaCaller, token: str) -> None:
    lazada.access_token = token
    expected = "IllegalAccessToken" if token else "MissingParameter"
    assert lazada.get("/seller/get")["code"] == expected


def test_a_token_of_another_app_is_refused(
    lazada_control: MarketControl, lazada: LazadaCaller
) -> None:
    app = {"app_key": "100002", "app_secret": "another_secret_000"}
    lazada_control.call("POST", "/apps", app)
    lazada.app_key, lazada.app_secret = app["app_key"], app["app_secret"]
    assert lazada.get("/seller/get")["code"] == "IllegalAccessToken"


@pytest.mark.parametrize(
    ("category", "orders", "chat"),
    [
        ("seller_in_house", "0", "IllegalAccessToken"),
        ("erp", "0", "IllegalAccessToken"),
        ("in_house_im", "InsufficientPermission", "0"),
        ("erp_im", "InsufficientPermission", "0"),
        ("both", "0", "0"),
    ],
)
def test_an_app_does_what_its_category_may(
    lazada_control: MarketControl, lazada: LazadaCaller, category: str, orders: str, chat: str
) -> None:
    """An app for orders is told in chats that its token is wrong, as was seen."""
    lazada_control.call("PATCH", "/apps/100001", {"category": category})
    assert lazada.get("/order/get", order_id="330011223344556")["code"] == orders
    assert lazada.get("/im/session/open", order_id="330011223344556")["code"] == chat
    assert lazada.upload(jpeg())["code"] == "0"


def test_whether_a_chat_app_may_upload_is_a_limit(
    lazada_control: MarketControl, lazada: LazadaCaller
) -> None:
    lazada_control.call("PATCH", "/apps/100001", {"category": "in_house_im"})
    lazada_control.limits(im_apps_may_upload=False)
    assert lazada.upload(jpeg())["code"] == "InsufficientPermission"


@pytest.mark.parametrize(
    ("status", "code"), [("INACTIVE", "SellerNotActive"), ("UNVERIFIED", "SellerNotVerified")]
)
def test_a_seller_has_to_be_in_order(
    lazada_control: MarketControl, lazada: LazadaCaller, status: str, code: str
) -> None:
    lazada_control.call("PATCH", "/shops/200000001", {"status": status})
    assert lazada.get("/seller/get")["code"] == code


def test_too_many_calls_lead_to_a_ban_that_names_its_length(
    lazada_control: MarketControl, lazada: LazadaCaller
) -> None:
    lazada_control.limits(requests_per_second=1, ban_s=30)
    answers = [lazada.get("/seller/get") for _ in range(3)]
    assert answers[0]["code"] == "0"
    assert [one["code"] for one in answers[1:]] == ["ApiCallLimit", "ApiCallLimit"]
    assert "this ban will last 30 seconds" in answers[1]["message"]


def test_a_fault_may_name_the_length_of_a_ban(
    lazada_control: MarketControl, lazada: LazadaCaller
) -> None:
    lazada_control.fault("rate_limit", "get", retry_after_s=7)
    assert "this ban will last 7 seconds" in lazada.get("/seller/get")["message"]


def test_a_fault_of_the_platform_is_a_system_error_with_its_status(
    lazada_control: MarketControl, lazada: LazadaCaller
) -> None:
    lazada_control.fault("error_before", "/rest/seller/get")
    answer = lazada.http.get(
        f"{lazada.base_url}/rest/seller/get", params=lazada.signed("/seller/get")
    )
    assert answer.status_code == 500
    assert (answer.json()["code"], answer.json()["type"]) == ("UnknownRuntimeException", "SYSTEM")


def test_a_body_that_is_no_form_is_refused_and_not_crashed_over(lazada: LazadaCaller) -> None:
    url = f"{lazada.base_url}/rest/im/session/open"
    for kind, body in (
        ("application/x-www-form-urlencoded", b"\xff\xfe="),
        ("multipart/form-data; boundary=x", b"--x\r\nnonsense"),
        ("multipart/form-data", b""),
    ):
        answer = lazada.http.post(url, content=body, headers={"content-type": kind})
        assert answer.json()["code"] in {"InvalidParameter", "MissingParameter"}
