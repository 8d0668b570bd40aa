"""Clients that are not ours: accepted in every form that real ones were seen to use, else refused.

The forms are those of marketplace-apis 1.1. Requests are written byte by byte, so that no library
of this test tidies them up.
"""

import http.client
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest

from sandbox.testing import RunningSandbox
from tests.support.shopee_caller import ShopeeCaller, jpeg, sign

BUYER, CHAT, FIRST_MESSAGE = 900000001, 960000000000000001, 2300000000000000001
ORDERS = ("261018DEMO0001", "261018TWOBOX02")
DETAIL = "/api/v2/order/get_order_detail"
CHATS = "/api/v2/sellerchat/get_conversation_list"
READ = "/api/v2/sellerchat/get_message"
SEND = "/api/v2/sellerchat/send_message"
MARK_READ = "/api/v2/sellerchat/read_conversation"
UPLOAD = "/api/v2/sellerchat/upload_image"
REFRESH = "/api/v2/auth/access_token/get"
TEXT: dict[str, Any] = {"to_id": BUYER, "message_type": "text", "content": {"text": "Packed"}}
JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Form:
    """One way to write a call. `query` gets the pairs of the common parameters."""

    method: str
    path: str
    query: Callable[[list[str]], str] = "&".join
    headers: dict[str, str] = field(default_factory=dict)
    body: Callable[[ShopeeCaller], bytes] = lambda _: b""
    public: bool = False


def said(caller: ShopeeCaller, form: Form) -> dict[str, Any]:
    """The envelope of the answer to the call, written as the form says."""
    common = caller.common(form.path, public=form.public)
    pairs = [f"{name}={value}" for name, value in common.items()]
    connection = http.client.HTTPConnection(urlsplit(caller.base_url).netloc, timeout=10)
    try:
        target = f"{form.path}?{form.query(pairs)}"
        connection.request(form.method, target, form.body(caller) or None, form.headers)
        answer: dict[str, Any] = json.loads(connection.getresponse().read())
    finally:
        connection.close()
    return answer


def more(*pairs: str) -> Callable[[list[str]], str]:
    return lambda common: "&".join([*common, *pairs])


def as_json(**values: Any) -> Callable[[ShopeeCaller], bytes]:
    return lambda _: json.dumps(TEXT | values).encode()


def with_credentials(caller: ShopeeCaller) -> bytes:
    own = {"access_token": caller.access_token, "shop_id": caller.shop_id}
    return json.dumps(TEXT | own | {"partner_id": caller.partner_id}).encode()


def multipart(_caller: ShopeeCaller) -> bytes:
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="blob"\r\n'
    return head + b"Content-Type: application/octet-stream\r\n\r\n" + jpeg() + b"\r\n--x--\r\n"


def refresh_body(as_text: bool) -> Callable[[ShopeeCaller], bytes]:
    def body(caller: ShopeeCaller) -> bytes:
        kind = str if as_text else int
        values = {"partner_id": kind(caller.partner_id), "shop_id": kind(caller.shop_id)}
        token = {"refresh_token": "fedcba9876543210fedcba9876543210"}
        return json.dumps(values | token).encode()

    return body


def reading(as_text: bool) -> Callable[[ShopeeCaller], bytes]:
    kind = str if as_text else int
    values = {"conversation_id": kind(CHAT), "last_read_message_id": kind(FIRST_MESSAGE)}
    return lambda _: json.dumps(values).encode()


JOINED = f"order_sn_list={','.join(ORDERS)}"
REPEATED = [f"order_sn_list={number}" for number in ORDERS]
ACCEPTED = {
    "plain": Form("GET", DETAIL, more(JOINED)),
    "parameters backwards": Form("GET", DETAIL, lambda common: "&".join([JOINED, *common[::-1]])),
    "empty pairs": Form("GET", DETAIL, lambda common: f"&{'&&'.join(common)}&&{JOINED}&"),
    "an empty parameter": Form("GET", DETAIL, more(JOINED, "response_optional_fields=")),
    "a parameter nobody knows": Form("GET", DETAIL, more(JOINED, "sdk=9")),
    "a list escaped": Form("GET", DETAIL, more(JOINED.replace(",", "%2C"))),
    "a list as repeated keys": Form("GET", DETAIL, more(*REPEATED)),
    "GET that says JSON": Form("GET", DETAIL, more(JOINED), JSON),
    "GET with an empty JSON body": Form("GET", DETAIL, more(JOINED), JSON, lambda _: b"{}"),
    "values not escaped": Form(
        "GET", CHATS, more("direction=latest", "type=all", "page_size=25", "x=a/b:c?d@e")
    ),
    "a time of nothing": Form(
        "GET", CHATS, more("direction=older", "type=all", "next_timestamp_nano=")
    ),
    "an id in the query": Form("GET", READ, more(f"conversation_id={CHAT}")),
    "ids as numbers": Form("POST", SEND, headers=JSON, body=as_json()),
    "ids as strings": Form("POST", SEND, headers=JSON, body=as_json(to_id=str(BUYER))),
    "long ids as numbers": Form("POST", MARK_READ, headers=JSON, body=reading(as_text=False)),
    "long ids as strings": Form("POST", MARK_READ, headers=JSON, body=reading(as_text=True)),
    "JSON with a charset": Form(
        "POST", SEND, headers={"Content-Type": "application/json; charset=utf-8"}, body=as_json()
    ),
    "JSON that is not called so": Form("POST", SEND, body=as_json()),
    "fields nobody knows": Form("POST", SEND, headers=JSON, body=as_json(business_type=0, x=1)),
    "credentials also in the body": Form("POST", SEND, headers=JSON, body=with_credentials),
    "an upload without a name": Form(
        "POST", UPLOAD, headers={"Content-Type": "multipart/form-data; boundary=x"}, body=multipart
    ),
    "partner as a number": Form(
        "POST", REFRESH, headers=JSON, body=refresh_body(as_text=False), public=True
    ),
    "partner as a string": Form(
        "POST", REFRESH, headers=JSON, body=refresh_body(as_text=True), public=True
    ),
}


@pytest.mark.parametrize("form", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_a_form_that_real_clients_use_is_accepted(caller: ShopeeCaller, form: Form) -> None:
    answer = said(caller, form)

    assert answer["error"] == "", answer


def test_both_styles_of_lists_name_the_same_orders(caller: ShopeeCaller) -> None:
    found = [
        [order["order_sn"] for order in said(caller, ACCEPTED[name])["response"]["order_list"]]
        for name in ("plain", "a list as repeated keys", "a list escaped")
    ]

    assert found == [list(ORDERS)] * 3


def replaced(name: str, value: Callable[[str], str]) -> Callable[[list[str]], str]:
    """The common parameters with one value made another."""

    def query(common: list[str]) -> str:
        pairs = dict(pair.split("=") for pair in common)
        return "&".join(f"{key}={value(v) if key == name else v}" for key, v in pairs.items())

    return query


def without(*names: str) -> Callable[[list[str]], str]:
    return lambda common: "&".join(pair for pair in common if pair.split("=")[0] not in names)


REFUSED = {
    "signature in capitals": (
        Form("POST", SEND, replaced("sign", str.upper), JSON, as_json()),
        "error_sign",
    ),
    "time in milliseconds": (
        Form("POST", SEND, replaced("timestamp", lambda at: at + "000"), JSON, as_json()),
        "error_param",
    ),
    "another shop than signed for": (
        Form("POST", SEND, replaced("shop_id", lambda _: "22000002"), JSON, as_json()),
        "error_sign",
    ),
    "credentials in the body alone": (
        Form("POST", SEND, without("access_token", "shop_id"), JSON, with_credentials),
        "error_param",
    ),
    "a shop's call signed as public": (
        Form("POST", SEND, headers=JSON, body=as_json(), public=True),
        "error_param",
    ),
    "a public call signed as the shop's": (
        Form("POST", REFRESH, headers=JSON, body=refresh_body(as_text=False)),
        "error_sign",
    ),
    "a slash at the end": (Form("POST", SEND + "/", headers=JSON, body=as_json()), "error_param"),
    "another method": (Form("PUT", SEND, headers=JSON, body=as_json()), "error_param"),
    "GET parameters in a body": (
        Form("GET", DETAIL, headers=JSON, body=lambda _: b'{"order_sn_list": "261018DEMO0001"}'),
        "error_param",
    ),
    "POST parameters in the query": (
        Form("POST", SEND, more(f"to_id={BUYER}", "message_type=text")),
        "param_error",
    ),
    "content as text": (
        Form("POST", SEND, headers=JSON, body=as_json(content='{"text": "Packed"}')),
        "param_error",
    ),
    "the message as a form": (
        Form(
            "POST",
            SEND,
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            body=lambda _: b"to_id=900000001&message_type=text",
        ),
        "param_error",
    ),
    "an upload as raw bytes": (
        Form("POST", UPLOAD, headers={"Content-Type": "image/jpeg"}, body=lambda _: jpeg()),
        "param_error",
    ),
}


@pytest.mark.parametrize(("form", "error"), REFUSED.values(), ids=REFUSED.keys())
def test_a_wrong_form_is_refused_by_name(
    shopee_sandbox: RunningSandbox, caller: ShopeeCaller, form: Form, error: str
) -> None:
    answer = said(caller, form)

    assert answer["error"] == error, answer
    assert not shopee_sandbox.control.requests()[-1]["accepted"]


def test_a_signature_over_the_whole_query_is_wrong(caller: ShopeeCaller) -> None:
    """As some other platforms sign: the wrong rule, followed well."""
    now = int(time.time())
    own = {"access_token": caller.access_token, "shop_id": caller.shop_id}
    query: dict[str, Any] = {"partner_id": caller.partner_id, "timestamp": now, **own}
    everything = "".join(f"{name}{value}" for name, value in sorted(query.items()))
    signed = query | {"sign": sign(caller.partner_key, DETAIL, everything)}

    answer = caller.http.get(caller.base_url + DETAIL, params=signed | {"order_sn_list": ORDERS[0]})

    assert answer.json()["error"] == "error_sign"
