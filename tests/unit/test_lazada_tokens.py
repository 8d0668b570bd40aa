"""Authorizing at Lazada: links, codes and refreshes in their documented shapes."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from cloud.marketplaces.access import GrantedShop, ShopFacts
from cloud.marketplaces.errors import AuthorizationEnded, OutcomeUnknown
from tests.support.lazada_answers import ACCESS, APP, NOW, Recorded, documented, lazada, refusal


def never(request: httpx.Request) -> httpx.Response:
    pytest.fail(f"{request.url} was asked")


@pytest.mark.parametrize(
    ("base_url", "expected"),
    [
        ("https://lazada.test/rest", "https://lazada.test/oauth/authorize"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000/oauth/authorize"),
        ("https://api.lazada.com.my/rest", "https://auth.lazada.com/oauth/authorize"),
    ],
)
def test_the_authorize_link_is_on_the_host_for_authorizations(base_url: str, expected: str) -> None:
    link = httpx.URL(
        lazada(never, base_url=base_url).authorize_link(
            APP, redirect_url="https://seller.test/shops/back?lang=en", state="nonce-1"
        )
    )
    assert str(link.copy_with(query=None)) == expected
    assert dict(link.params) == {
        "response_type": "code",
        "force_auth": "true",
        "client_id": "100001",
        "redirect_uri": "https://seller.test/shops/back?lang=en",
        "state": "nonce-1",
    }


def test_a_code_becomes_tokens_of_the_sellers_shop() -> None:
    recorded = Recorded(documented("token_create"))
    tokens = lazada(recorded).exchange_code(APP, {"code": "0_100001_abc", "state": "nonce-1"})
    assert (tokens.access_token, tokens.refresh_token) == ("50000a0a0a0a", "50001b0b0b0b")
    assert tokens.shops == (GrantedShop("100000001", country="MY"),)
    assert tokens.access_expires_at == NOW + timedelta(days=30)
    assert tokens.refresh_expires_at == NOW + timedelta(days=180)
    (request,) = recorded.requests
    assert (request.method, str(request.url)) == (
        "POST",
        "https://lazada.test/rest/auth/token/create",
    )
    assert set(recorded.forms[0]) == {"code", "app_key", "timestamp", "sign_method", "sign"}


def test_a_cross_border_account_has_a_shop_in_each_country() -> None:
    tokens = lazada(Recorded(documented("token_create_cross_border"))).exchange_code(
        APP, {"code": "c0de"}
    )
    assert [shop.country for shop in tokens.shops] == ["SG", "TH", "MY", "VN", "PH", "ID"]
    assert tokens.shop_ids[0] == "100000011"


@pytest.mark.parametrize("callback", [{}, {"code": ""}, {"state": "x"}])
def test_an_incomplete_callback_is_refused_before_lazada_is_asked(callback: dict[str, str]) -> None:
    with pytest.raises(AuthorizationEnded, match="no code"):
        lazada(never).exchange_code(APP, callback)


def test_tokens_of_every_country_come_from_the_one_host_for_authorizations() -> None:
    recorded = Recorded(documented("token_refresh"))
    adapter = lazada(recorded, base_url="https://api.lazada.co.th/rest")
    adapter.refresh(APP, shop_id="100000001", refresh_token="50001refresh")
    assert str(recorded.requests[0].url) == "https://auth.lazada.com/rest/auth/token/refresh"


def test_a_refresh_renews_access_and_leaves_the_refresh_token_its_life() -> None:
    tokens = lazada(Recorded(documented("token_refresh"))).refresh(
        APP, shop_id="100000001", refresh_token="50001b0b0b0b"
    )
    assert (tokens.access_token, tokens.refresh_token) == ("50000e0e0e0e", "50001b0b0b0b")
    assert tokens.access_expires_at == NOW + timedelta(days=30)
    assert tokens.refresh_expires_at == NOW + timedelta(days=150)
    assert tokens.shop_ids == ("100000001",)


def test_a_refresh_life_of_zero_says_that_the_seller_has_to_authorize_again() -> None:
    reply = {**documented("token_refresh"), "refresh_expires_in": 0}
    tokens = lazada(Recorded(reply)).refresh(APP, shop_id="1", refresh_token="r")
    assert tokens.refresh_expires_at == NOW
    assert tokens.access_expires_at > NOW


@pytest.mark.parametrize("code", ["IllegalRefreshToken", "AUTH_TYPE_UNSUPPORTED"])
def test_a_refused_refresh_token_ends_the_authorization_and_is_not_repeated(code: str) -> None:
    reply = refusal(code, f"refused: 50001b0b0b0b of {APP.app_secret}")
    with pytest.raises(AuthorizationEnded) as caught:
        lazada(Recorded(reply)).refresh(APP, shop_id="1", refresh_token="50001b0b0b0b")
    assert caught.value.detail == "refused: *** of ***"


@pytest.mark.parametrize(
    "change",
    [
        {"access_token": ""},
        {"refresh_token": None},
        {"expires_in": 0},
        {"expires_in": "a month"},
        {"expires_in": 251_606_995_200},
        {"refresh_expires_in": "251606995200"},
        {"refresh_expires_in": -1},
        {"country_user_info_list": []},
        {"country_user_info_list": [{"country": "my"}]},
    ],
)
def test_a_refresh_with_an_unusable_pair_may_have_spent_the_old_one(change: dict[str, Any]) -> None:
    reply = {**documented("token_refresh"), **change}
    with pytest.raises(OutcomeUnknown, match=next(iter(change)).removesuffix("_list")):
        lazada(Recorded(reply)).refresh(APP, shop_id="1", refresh_token="r")


def test_no_secret_shows_in_a_repr_or_an_address() -> None:
    recorded = Recorded(documented("token_create"))
    tokens = lazada(recorded).exchange_code(APP, {"code": "c0de"})
    shown = repr((APP, ACCESS, tokens)) + str(recorded.requests[0].url)
    secrets = (APP.app_secret, ACCESS.access_token, tokens.access_token, "c0de")
    assert not [secret for secret in secrets if secret in shown]


def test_a_shop_says_its_name_and_its_host_the_country() -> None:
    recorded = Recorded(documented("seller_get"))
    facts = lazada(recorded).shop_facts(ACCESS)
    assert facts == ShopFacts(name="Mugs & Spoons", country="MY")
    assert recorded.paths == ["/seller/get"]
