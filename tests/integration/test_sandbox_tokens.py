"""Authorization, tokens, refresh and their ends (marketplace-apis 1.2)."""

import re
import time
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from sandbox.shopee import demo_seed
from sandbox.testing import RunningSandbox
from tests.support.shopee_caller import ShopeeCaller

BACK = "http://127.0.0.1:9/back?nonce=7"
DAY_S = 86_400


def consent(caller: ShopeeCaller, account: str, link: str = "shop/auth_partner") -> dict[str, str]:
    """Open the link and press the button; what came back in the redirect."""
    shown = caller.get(link, public=True, redirect=BACK)
    return press(caller, shown, account)


def press(caller: ShopeeCaller, shown: httpx.Response, account: str) -> dict[str, str]:
    ticket = re.search(r'name="ticket" value="([^"]+)"', shown.text)
    assert ticket is not None, shown.text
    form = {"ticket": ticket[1], "account": account}
    answer = caller.http.post(caller.base_url + "/consent", data=form)
    assert answer.status_code == 303, answer.text
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    return {name: values[0] for name, values in query.items()}


def exchange(caller: ShopeeCaller, code: str, **subject: int) -> dict[str, object]:
    body = {"code": code, "partner_id": caller.partner_id, **subject}
    answer: dict[str, object] = caller.post("auth/token/get", body, public=True).json()
    return answer


def refresh(caller: ShopeeCaller, token: object, **subject: int) -> dict[str, object]:
    body = {"refresh_token": token, "partner_id": caller.partner_id, **subject}
    answer: dict[str, object] = caller.post("auth/access_token/get", body, public=True).json()
    return answer


def works(caller: ShopeeCaller, token: object) -> str:
    caller.access_token = str(token)
    return str(caller.get("shop/get_shop_info").json()["error"])


def test_a_seller_authorizes_and_the_code_gives_tokens(caller: ShopeeCaller) -> None:
    back = consent(caller, "shop:22000001")
    pair = exchange(caller, back["code"], shop_id=22000001)

    assert back["nonce"] == "7"
    assert back["shop_id"] == "22000001"
    assert pair["expire_in"] == 14_400
    assert works(caller, pair["access_token"]) == ""


def test_authorizing_again_ends_the_earlier_pair(caller: ShopeeCaller) -> None:
    earlier = caller.access_token
    exchange(caller, consent(caller, "shop:22000001")["code"], shop_id=22000001)

    assert works(caller, earlier) == "invalid_acceess_token"
    refused = refresh(caller, demo_seed.REFRESH_TOKEN, shop_id=22000001)
    assert refused["error"] == "error_shop_refresh_token"


def test_a_code_works_once(caller: ShopeeCaller) -> None:
    code = consent(caller, "shop:22000001")["code"]

    assert exchange(caller, code, shop_id=22000001)["error"] == ""
    assert exchange(caller, code, shop_id=22000001)["error"] == "invalid_code"


def test_a_code_ends_after_ten_minutes(
    shopee_sandbox: RunningSandbox, caller: ShopeeCaller
) -> None:
    code = consent(caller, "shop:22000001")["code"]
    shopee_sandbox.control.advance(601)

    assert exchange(caller, code, shop_id=22000001)["error"] == "invalid_code"


@pytest.mark.parametrize(
    ("subject", "error"),
    [
        ({"shop_id": 22000002}, "invalid_shop_id"),
        ({"main_account_id": 44000001}, "invalid_shop_id"),
        ({}, "error_param"),
        ({"shop_id": 22000001, "partner_id": 5}, "error_param"),
    ],
)
def test_a_code_for_something_else(
    caller: ShopeeCaller, subject: dict[str, int], error: str
) -> None:
    code = consent(caller, "shop:22000001")["code"]

    assert exchange(caller, code, **subject)["error"] == error
    assert exchange(caller, code, shop_id=22000001)["error"] == ""


def test_a_main_account_authorizes_all_its_shops_and_each_refreshes_apart(
    caller: ShopeeCaller,
) -> None:
    code = consent(caller, "main:44000001")["code"]
    first = exchange(caller, code, main_account_id=44000001)

    shop = refresh(caller, first["refresh_token"], shop_id=22000001)
    merchant = refresh(caller, first["refresh_token"], merchant_id=33000001)

    assert first["shop_id_list"] == [22000001]
    assert first["merchant_id_list"] == [33000001]
    assert works(caller, shop["access_token"]) == ""
    assert merchant["merchant_id"] == 33000001
    assert works(caller, merchant["access_token"]) == "invalid_acceess_token"


def test_the_newer_link_needs_no_signature_and_keeps_the_state(caller: ShopeeCaller) -> None:
    query = {
        "partner_id": "1000001",
        "auth_type": "seller",
        "redirect_uri": BACK,
        "response_type": "code",
        "state": "s1",
    }
    shown = caller.http.get(caller.base_url + "/auth", params=query)

    back = press(caller, shown, "shop:22000001")

    assert back["state"] == "s1"
    assert exchange(caller, back["code"], shop_id=22000001)["error"] == ""


def test_a_link_older_than_five_minutes_is_refused(
    shopee_sandbox: RunningSandbox, caller: ShopeeCaller
) -> None:
    shopee_sandbox.control.judge_requests_at(time.time() + 400)

    shown = caller.get("shop/auth_partner", public=True, redirect=BACK)

    assert shown.json()["message"] == "Timestamp is expired."


@pytest.mark.parametrize("redirect", ["javascript:alert(1)", "/back", ""])
def test_a_redirect_must_be_a_web_address(caller: ShopeeCaller, redirect: str) -> None:
    shown = caller.get("shop/auth_partner", public=True, redirect=redirect)

    assert shown.json()["error"] == "error_param"


def test_an_access_token_ends_after_four_hours(
    shopee_sandbox: RunningSandbox, caller: ShopeeCaller
) -> None:
    token, _ = shopee_sandbox.control.mint_tokens(22000001, 1000001)

    shopee_sandbox.control.advance(4 * 3600 - 60)
    assert works(caller, token) == ""
    shopee_sandbox.control.advance(61)
    assert works(caller, token) == "invalid_acceess_token"


def test_after_a_refresh_the_earlier_token_works_five_minutes_more(
    shopee_sandbox: RunningSandbox, caller: ShopeeCaller
) -> None:
    earlier = caller.access_token
    pair = refresh(caller, demo_seed.REFRESH_TOKEN, shop_id=22000001)

    assert pair["shop_id"] == 22000001
    assert works(caller, pair["access_token"]) == ""
    assert works(caller, earlier) == ""
    shopee_sandbox.control.advance(301)
    assert works(caller, earlier) == "invalid_acceess_token"
    assert works(caller, pair["access_token"]) == ""


def test_a_refresh_token_works_once(caller: ShopeeCaller) -> None:
    assert refresh(caller, demo_seed.REFRESH_TOKEN, shop_id=22000001)["error"] == ""

    again = refresh(caller, demo_seed.REFRESH_TOKEN, shop_id=22000001)

    assert again["error"] == "error_shop_refresh_token"


def test_a_refresh_token_ends_after_thirty_days(
    shopee_sandbox: RunningSandbox, caller: ShopeeCaller
) -> None:
    shopee_sandbox.control.advance(30 * DAY_S + 1)

    refused = refresh(caller, demo_seed.REFRESH_TOKEN, shop_id=22000001)

    assert refused["error"] == "refresh_token_expired"


def test_an_unknown_refresh_token(caller: ShopeeCaller) -> None:
    assert refresh(caller, "f" * 32, shop_id=22000001)["error"] == "error_auth"


def test_control_can_end_the_access_token_and_a_refresh_brings_the_shop_back(
    shopee_sandbox: RunningSandbox, caller: ShopeeCaller
) -> None:
    body = {"partner_id": 1000001}
    shopee_sandbox.control.call("POST", "/shops/22000001/tokens/expire", body)
    assert works(caller, caller.access_token) == "invalid_acceess_token"

    pair = refresh(caller, demo_seed.REFRESH_TOKEN, shop_id=22000001)

    assert works(caller, pair["access_token"]) == ""


def test_a_removed_authorization(shopee_sandbox: RunningSandbox, caller: ShopeeCaller) -> None:
    back = consent(caller, "shop:22000001", link="shop/cancel_auth_partner")

    assert back["shop_id"] == "22000001"
    assert works(caller, caller.access_token) == "shop_no_linked"
    assert refresh(caller, demo_seed.REFRESH_TOKEN, shop_id=22000001)["error"] == "shop_no_linked"
    shops = caller.get("public/get_shops_by_partner", public=True).json()
    assert shops["authed_shop_list"] == []


def test_an_authorization_lasts_a_year(
    shopee_sandbox: RunningSandbox, caller: ShopeeCaller
) -> None:
    shopee_sandbox.control.limits(refresh_token_life_s=400 * DAY_S)
    _, token = shopee_sandbox.control.mint_tokens(22000001, 1000001)
    shopee_sandbox.control.advance(365 * DAY_S + 1)

    assert refresh(caller, token, shop_id=22000001)["error"] == "shop_access_expired"


def test_the_shops_of_an_app(caller: ShopeeCaller) -> None:
    shops = caller.get("public/get_shops_by_partner", public=True, page_size=1).json()

    assert [shop["shop_id"] for shop in shops["authed_shop_list"]] == [22000001]
    assert shops["more"] is False
