"""Authorizing at TikTok Shop: links, codes, ciphers and refreshes in their documented shapes."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from cloud.marketplaces.access import AppCredentials, GrantedShop
from cloud.marketplaces.errors import AuthorizationEnded, MarketplaceError, OutcomeUnknown
from tests.support.tiktok_answers import (
    ACCESS,
    APP,
    NOW,
    Recorded,
    documented,
    refusal,
    success,
    tiktok,
)

API = "https://open-api.tiktokglobalshop.com"
CALLBACK = {"code": "c0de", "state": "nonce-1", "app_key": "tk_app_123"}
T1 = "0fd0737181a9937c543ec301a65407bd9b46c8acc1607ebbb6493fb030d4b523"


def never(request: httpx.Request) -> httpx.Response:
    pytest.fail(f"{request.url.path} was asked")


def test_the_authorize_link_names_the_app_by_its_service_id_and_carries_our_state() -> None:
    link = httpx.URL(
        tiktok(never).authorize_link(APP, redirect_url="https://seller.test/back", state="nonce-1")
    )
    assert (link.host, link.path) == ("tiktok.test", "/open/authorize")
    assert dict(link.params) == {"service_id": "7494000000000000777", "state": "nonce-1"}


def test_an_app_without_a_service_id_has_no_link() -> None:
    app = AppCredentials(APP.app_id, APP.app_secret)
    with pytest.raises(ValueError, match="service id"):
        tiktok(never).authorize_link(app, redirect_url="https://seller.test/back", state="n")


def test_the_real_marketplace_has_a_host_for_each_of_calls_tokens_and_consent() -> None:
    recorded = Recorded(documented("token_get"), documented("shops"))
    adapter = tiktok(recorded, host=API)
    link = adapter.authorize_link(APP, redirect_url="https://seller.test/back", state="n")
    adapter.exchange_code(APP, CALLBACK)
    hosts = [httpx.URL(link).host, *(request.url.host for request in recorded.requests)]
    assert hosts == [
        "services.tiktokshop.com",
        "auth.tiktok-shops.com",
        "open-api.tiktokglobalshop.com",
    ]


def test_a_sandbox_answers_everything_at_one_address() -> None:
    recorded = Recorded(documented("token_get"), documented("shops"))
    tiktok(recorded, host="http://127.0.0.1:8080/").exchange_code(APP, CALLBACK)
    addresses = {(request.url.host, request.url.port) for request in recorded.requests}
    assert addresses == {("127.0.0.1", 8080)}


def test_a_code_becomes_tokens_of_all_shops_of_the_seller_with_their_ciphers() -> None:
    recorded = Recorded(documented("token_get"), documented("shops"))
    tokens = tiktok(recorded).exchange_code(APP, CALLBACK)
    assert (tokens.access_token, tokens.refresh_token) == (
        "TTP_first_access",
        "TTP_first_refresh",
    )
    assert tokens.shops == (
        GrantedShop("7494049642642441621", "Demo Shop MY", "MY", "GCP_cipher"),
        GrantedShop("7494049642642441622", "Demo Shop SG", "SG", "GCP_cipher_of_sg"),
    )
    assert tokens.cipher_of("7494049642642441622") == "GCP_cipher_of_sg"
    token, shops = recorded.requests
    assert (token.method, token.url.path) == ("GET", "/api/v2/token/get")
    assert dict(token.url.params) == {
        "app_key": APP.app_id,
        "app_secret": APP.app_secret,
        "auth_code": "c0de",
        "grant_type": "authorized_code",
    }
    assert shops.url.path == "/authorization/202309/shops"
    assert dict(shops.url.params) == {
        "app_key": APP.app_id,
        "timestamp": "1700000000",
        "sign": T1,
    }
    assert shops.headers["x-tts-access-token"] == "TTP_first_access"


def test_the_ends_of_tokens_are_times_and_not_durations() -> None:
    recorded = Recorded(documented("token_refresh"))
    tokens = tiktok(recorded).refresh(APP, shop_id="1", refresh_token="r")
    assert tokens.access_expires_at == datetime(2023, 11, 21, 22, 13, 20, tzinfo=UTC)
    assert tokens.refresh_expires_at == datetime(2024, 5, 12, 22, 13, 20, tzinfo=UTC)


@pytest.mark.parametrize("value", [4_831_624_400, 9_999_999_999_999])
def test_a_refresh_token_that_ends_far_in_the_future_is_taken(value: int) -> None:
    reply = documented("token_refresh")
    reply["data"]["refresh_token_expire_in"] = value
    tokens = tiktok(Recorded(reply)).refresh(APP, shop_id="1", refresh_token="r")
    assert tokens.refresh_expires_at.year == 2099
    assert tokens.refresh_expires_at > NOW


@pytest.mark.parametrize(
    "callback",
    [
        {},
        {"state": "nonce-1"},
        {"code": ""},
        {"code": "null"},
        {"code": "null", "error": "auth_denied"},
        {"code": "c0de", "error": "auth_denied"},
    ],
)
def test_a_callback_without_a_code_is_refused_before_tiktok_is_asked(
    callback: dict[str, str],
) -> None:
    with pytest.raises(AuthorizationEnded) as caught:
        tiktok(never).exchange_code(APP, callback)
    assert caught.value.name == callback.get("error", "incomplete_callback")


def test_a_refresh_gives_a_whole_new_pair_and_no_cipher() -> None:
    recorded = Recorded(documented("token_refresh"))
    tokens = tiktok(recorded).refresh(APP, shop_id="7494049642642441621", refresh_token="old")
    assert (tokens.access_token, tokens.refresh_token) == (
        "TTP_second_access",
        "TTP_second_refresh",
    )
    assert tokens.shops == (GrantedShop("7494049642642441621"),)
    (request,) = recorded.requests
    assert request.url.path == "/api/v2/token/refresh"
    assert dict(request.url.params) == {
        "app_key": APP.app_id,
        "app_secret": APP.app_secret,
        "refresh_token": "old",
        "grant_type": "refresh_token",
    }


@pytest.mark.parametrize("code", [36004001, 36004004, 36004005, 36004999, 105002])
def test_a_refused_refresh_ends_the_authorization_and_shows_no_secret(code: int) -> None:
    reply = refusal(code, f"old-token of {APP.app_secret} is no good")
    with pytest.raises(AuthorizationEnded) as caught:
        tiktok(Recorded(reply)).refresh(APP, shop_id="1", refresh_token="old-token")
    assert caught.value.detail == "*** of *** is no good"


@pytest.mark.parametrize(
    "change",
    [
        {"access_token": ""},
        {"refresh_token": None},
        {"access_token": "two words"},
        {"access_token": "line\r\nbreak"},
        {"access_token": "über"},
        {"access_token_expire_in": 604800},
        {"access_token_expire_in": "in a week"},
        {"refresh_token_expire_in": True},
    ],
)
def test_a_refresh_with_an_unusable_pair_may_have_spent_the_old_one(change: dict[str, Any]) -> None:
    reply = documented("token_refresh")
    reply["data"] |= change
    with pytest.raises(OutcomeUnknown, match=next(iter(change))):
        tiktok(Recorded(reply)).refresh(APP, shop_id="1", refresh_token="r")


@pytest.mark.parametrize("user_type", [1, 3])
def test_an_account_that_is_no_sellers_is_refused(user_type: int) -> None:
    reply = documented("token_get")
    reply["data"]["user_type"] = user_type
    with pytest.raises(AuthorizationEnded, match="not_a_seller"):
        tiktok(Recorded(reply)).exchange_code(APP, CALLBACK)


@pytest.mark.parametrize(
    ("shops", "kind"),
    [
        (refusal(36009003, "Internal error"), OutcomeUnknown),
        (refusal(36009002, "too many requests"), OutcomeUnknown),
        (success({}), OutcomeUnknown),
        (success({"shops": [{"id": "1"}]}), OutcomeUnknown),
        (refusal(105005, "Access denied: missing scope"), AuthorizationEnded),
        (success({"shops": []}), AuthorizationEnded),
    ],
)
def test_a_code_whose_shops_are_not_told_is_spent(
    shops: dict[str, Any], kind: type[MarketplaceError]
) -> None:
    recorded = Recorded(documented("token_get"), shops)
    with pytest.raises(MarketplaceError) as caught:
        tiktok(recorded).exchange_code(APP, CALLBACK)
    assert type(caught.value) is kind
    assert len(recorded.requests) == 2


def test_a_shop_says_its_name_and_country() -> None:
    recorded = Recorded(documented("shops"))
    facts = tiktok(recorded).shop_facts(ACCESS)
    assert (facts.name, facts.country) == ("Demo Shop MY", "MY")
    assert facts.authorization_ends_at is None
    assert "shop_cipher" not in recorded.queries[0]


def test_a_shop_that_the_token_no_longer_covers_has_to_be_authorized() -> None:
    with pytest.raises(AuthorizationEnded, match="shop_not_granted"):
        tiktok(Recorded(success({"shops": []}))).shop_facts(ACCESS)


def test_no_secret_shows_in_a_repr() -> None:
    tokens = tiktok(Recorded(documented("token_get"), documented("shops"))).exchange_code(
        APP, CALLBACK
    )
    shown = repr((APP, ACCESS, tokens))
    secrets = (
        APP.app_secret,
        ACCESS.access_token,
        ACCESS.cipher,
        tokens.access_token,
        tokens.refresh_token,
    )
    assert not [secret for secret in secrets if secret in shown]
