"""Authorizing at Shopee: links, codes and refreshes in their documented shapes."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from cloud.marketplaces.access import AppCredentials
from cloud.marketplaces.errors import AuthorizationEnded, OutcomeUnknown, PermanentError
from tests.support.shopee_answers import ACCESS, APP, NOW, Recorded, documented, refusal, shopee


def never(request: httpx.Request) -> httpx.Response:
    pytest.fail(f"{request.url} was asked")


def test_the_authorize_link_is_signed_and_carries_our_state_inside_the_redirect() -> None:
    link = httpx.URL(
        shopee(never).authorize_link(
            APP, redirect_url="https://seller.test/shops/back?lang=en", state="nonce-1"
        )
    )
    assert (link.host, link.path) == ("shopee.test", "/api/v2/shop/auth_partner")
    assert dict(link.params) == {
        "partner_id": "1000001",
        "timestamp": "1700000000",
        "sign": "f670337066e69c2729969853f4c851e67a0ce09e6f8d81fc087254102afeb775",
        "redirect": "https://seller.test/shops/back?lang=en&state=nonce-1",
    }


def test_a_code_of_a_shop_becomes_tokens_of_that_shop() -> None:
    recorded = Recorded(documented("token_get"))
    tokens = shopee(recorded).exchange_code(APP, {"code": "c0de", "shop_id": "22000001"})
    assert (tokens.access_token, tokens.refresh_token) == ("a0" * 16, "b0" * 16)
    assert tokens.shop_ids == ("22000001",)
    assert tokens.access_expires_at == NOW + timedelta(seconds=14399)
    assert tokens.refresh_expires_at == NOW + timedelta(days=30)
    (request,) = recorded.requests
    assert request.url.path == "/api/v2/auth/token/get"
    assert json.loads(request.content) == {
        "code": "c0de",
        "shop_id": 22000001,
        "partner_id": 1000001,
    }
    assert set(request.url.params) == {"partner_id", "timestamp", "sign"}


def test_a_code_of_a_main_account_becomes_tokens_of_all_its_shops() -> None:
    recorded = Recorded(documented("token_get_main_account"))
    tokens = shopee(recorded).exchange_code(APP, {"code": "c0de", "main_account_id": "44000001"})
    assert tokens.shop_ids == ("22000001", "22000002")
    assert json.loads(recorded.requests[0].content)["main_account_id"] == 44000001


@pytest.mark.parametrize(
    "callback", [{}, {"code": "c0de"}, {"shop_id": "1"}, {"code": "", "shop_id": "1"}]
)
def test_an_incomplete_callback_is_refused_before_shopee_is_asked(callback: dict[str, str]) -> None:
    with pytest.raises(AuthorizationEnded, match="code and shop_id"):
        shopee(never).exchange_code(APP, callback)


def test_ids_that_cannot_be_shopees_are_refused_before_it_is_asked() -> None:
    with pytest.raises(PermanentError, match="shop_id has to be digits"):
        shopee(never).exchange_code(APP, {"code": "c0de", "shop_id": "../1"})
    with pytest.raises(PermanentError, match="partner_id has to be digits"):
        shopee(never).refresh(AppCredentials("x", "y"), shop_id="1", refresh_token="r")


def test_a_refresh_gives_a_whole_new_pair() -> None:
    recorded = Recorded(documented("access_token_get"))
    tokens = shopee(recorded).refresh(APP, shop_id="22000001", refresh_token="b0" * 16)
    assert (tokens.access_token, tokens.refresh_token) == ("a2" * 16, "b2" * 16)
    assert tokens.shop_ids == ("22000001",)
    (request,) = recorded.requests
    assert request.url.path == "/api/v2/auth/access_token/get"
    assert json.loads(request.content) == {
        "refresh_token": "b0" * 16,
        "shop_id": 22000001,
        "partner_id": 1000001,
    }


def test_a_spent_refresh_token_ends_the_authorization_and_is_not_repeated_in_the_error() -> None:
    reply = refusal("error_auth", f"Invalid refresh_token. {'b0' * 16} of {APP.app_secret}")
    with pytest.raises(AuthorizationEnded) as caught:
        shopee(Recorded(reply)).refresh(APP, shop_id="22000001", refresh_token="b0" * 16)
    assert caught.value.detail == "Invalid refresh_token. *** of ***"


@pytest.mark.parametrize(
    "change",
    [
        {"access_token": ""},
        {"refresh_token": None},
        {"expire_in": 0},
        {"expire_in": "4 hours"},
        {"expire_in": 251_606_995_200},
    ],
)
def test_a_refresh_with_an_unusable_pair_may_have_spent_the_old_one(change: dict[str, Any]) -> None:
    reply = {**documented("access_token_get"), **change}
    with pytest.raises(OutcomeUnknown, match=next(iter(change))):
        shopee(Recorded(reply)).refresh(APP, shop_id="22000001", refresh_token="r")


def test_no_secret_shows_in_a_repr() -> None:
    tokens = shopee(Recorded(documented("token_get"))).exchange_code(
        APP, {"code": "c0de", "shop_id": "22000001"}
    )
    shown = repr((APP, ACCESS, tokens))
    secrets = (APP.app_secret, ACCESS.access_token, tokens.access_token, tokens.refresh_token)
    assert not [secret for secret in secrets if secret in shown]


def test_a_shop_says_its_name_its_region_and_when_its_authorization_ends() -> None:
    recorded = Recorded(documented("shop_info"))
    facts = shopee(recorded).shop_facts(ACCESS)
    assert (facts.name, facts.country) == ("Kedai Demo", "MY")
    assert facts.authorization_ends_at == datetime.fromtimestamp(1731536000, UTC)
    (request,) = recorded.requests
    assert request.url.path == "/api/v2/shop/get_shop_info"
    assert request.url.params["shop_id"] == ACCESS.shop_id


def test_a_shop_without_a_name_is_called_by_its_id() -> None:
    recorded = Recorded({"request_id": "1", "error": "", "message": ""})
    facts = shopee(recorded).shop_facts(ACCESS)
    assert (facts.name, facts.country) == (ACCESS.shop_id, ACCESS.country)
    assert facts.authorization_ends_at is None
