"""Authorizations at the TikTok Shop sandbox, with their real lives (marketplace-apis 3.2)."""

import re
import time
from urllib.parse import parse_qs, urlsplit

import pytest

from sandbox.control_client import MarketControl
from sandbox.tiktok import demo_seed
from tests.support.tiktok_caller import TikTokCaller, code_of, data_of

SHOPS = "/authorization/202309/shops"
DAY_S = 86_400


def consented(tiktok: TikTokCaller, choice: str = demo_seed.SELLER_ID) -> dict[str, list[str]]:
    """What a seller's answer on the consent page brings back to the app."""
    page = tiktok.http.get(
        f"{tiktok.base_url}/open/authorize",
        params={"service_id": demo_seed.SERVICE_ID, "state": "nonce-1"},
    )
    assert "Demo Seller" in page.text
    ticket = re.search(r'name="ticket" value="([^"]+)"', page.text)
    assert ticket
    back = tiktok.http.post(
        f"{tiktok.base_url}/consent", data={"ticket": ticket[1], "account": choice}
    )
    assert back.status_code == 303
    return parse_qs(urlsplit(back.headers["location"]).query)


def exchanged(tiktok: TikTokCaller, code: str) -> dict[str, object]:
    answer = tiktok.token("get", auth_code=code, grant_type="authorized_code")
    return data_of(answer)


def test_a_sellers_consent_becomes_a_pair_of_tokens(tiktok: TikTokCaller) -> None:
    back = consented(tiktok)
    assert back["state"] == ["nonce-1"]
    assert back["app_key"] == [demo_seed.APP_KEY], "more than is needed comes along"
    pair = exchanged(tiktok, back["code"][0])
    access_ends, refresh_ends = pair["access_token_expire_in"], pair["refresh_token_expire_in"]
    assert isinstance(access_ends, int)
    assert isinstance(refresh_ends, int)
    assert abs(access_ends - time.time() - 7 * DAY_S) < 60, "a time, not a duration"
    assert refresh_ends - time.time() > 50 * 365 * DAY_S, "far in the future"
    assert (pair["user_type"], pair["seller_base_region"]) == (0, "MY")
    assert "seller.customer_service" in pair["granted_scopes"]  # type: ignore[operator]  # a list
    tiktok.access_token = str(pair["access_token"])
    (shop,) = data_of(tiktok.get(SHOPS))["shops"]
    assert shop == {
        "id": demo_seed.SHOP_ID,
        "name": "Demo Shop",
        "region": "MY",
        "seller_type": "LOCAL",
        "cipher": demo_seed.CIPHER,
        "code": "MYLCDEMO01",
    }


def test_a_seller_may_refuse(tiktok: TikTokCaller) -> None:
    back = consented(tiktok, "refuse")
    assert (back["code"], back["error"], back["state"]) == (["null"], ["auth_denied"], ["nonce-1"])


def test_a_link_without_a_known_app_is_no_consent_page(tiktok: TikTokCaller) -> None:
    for service_id in ("", "1"):
        answer = tiktok.http.get(
            f"{tiktok.base_url}/open/authorize", params={"service_id": service_id}
        )
        assert code_of(answer) == 36009004


def test_a_code_works_once(tiktok: TikTokCaller) -> None:
    code = consented(tiktok)["code"][0]
    exchanged(tiktok, code)
    again = tiktok.token("get", auth_code=code, grant_type="authorized_code")
    assert code_of(again) == 36004004


def test_a_code_lives_half_an_hour(tiktok_control: MarketControl, tiktok: TikTokCaller) -> None:
    code = consented(tiktok)["code"][0]
    tiktok_control.advance(1801)
    answer = tiktok.token("get", auth_code=code, grant_type="authorized_code")
    assert code_of(answer) == 36004004


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"app_secret": "wrong"}, 36009004),
        ({"app_key": "nobody"}, 36009004),
        ({"grant_type": "refresh_token"}, 36009004),
        ({"auth_code": "x"}, 36004004),
        ({"auth_code": ""}, 36009004),
    ],
)
def test_a_wrong_exchange_is_refused(
    tiktok: TikTokCaller, change: dict[str, str], code: int
) -> None:
    good = {"auth_code": consented(tiktok)["code"][0], "grant_type": "authorized_code"}
    assert code_of(tiktok.token("get", **{**good, **change})) == code


def test_an_access_token_lives_seven_days_and_is_refreshed(
    tiktok_control: MarketControl, tiktok: TikTokCaller
) -> None:
    pair = exchanged(tiktok, consented(tiktok)["code"][0])
    tiktok.access_token = str(pair["access_token"])
    tiktok_control.advance(7 * DAY_S + 1)
    answer = tiktok.get(SHOPS)
    assert (code_of(answer), answer.status_code) == (105002, 401)
    renewed = data_of(
        tiktok.token(
            "refresh", refresh_token=str(pair["refresh_token"]), grant_type="refresh_token"
        )
    )
    tiktok.access_token = renewed["access_token"]
    assert data_of(tiktok.get(SHOPS))["shops"]


def test_a_refresh_token_ends_at_its_time(
    tiktok_control: MarketControl, tiktok: TikTokCaller
) -> None:
    tiktok_control.limits(refresh_token_life_s=30 * DAY_S)
    pair = exchanged(tiktok, consented(tiktok)["code"][0])
    tiktok_control.advance(30 * DAY_S + 1)
    token = str(pair["refresh_token"])
    answer = tiktok.token("refresh", refresh_token=token, grant_type="refresh_token")
    assert code_of(answer) == 36004001


@pytest.mark.parametrize(("single", "code"), [(False, 0), (True, 36004001)])
def test_whether_a_refresh_token_works_twice_can_be_set(
    tiktok_control: MarketControl, tiktok: TikTokCaller, single: bool, code: int
) -> None:
    tiktok_control.limits(refresh_token_single_use=single)
    asked = {"refresh_token": demo_seed.REFRESH_TOKEN, "grant_type": "refresh_token"}
    data_of(tiktok.token("refresh", **asked))
    assert tiktok.token("refresh", **asked).json()["code"] == code


def test_a_seller_who_takes_it_back_ends_everything(
    tiktok_control: MarketControl, tiktok: TikTokCaller
) -> None:
    path = f"/sellers/{demo_seed.SELLER_ID}/tokens/revoke"
    tiktok_control.call("POST", path, {"app_key": demo_seed.APP_KEY})
    assert code_of(tiktok.get(SHOPS)) == 105001
    answer = tiktok.token(
        "refresh", refresh_token=demo_seed.REFRESH_TOKEN, grant_type="refresh_token"
    )
    assert code_of(answer) == 36004005


def test_the_token_calls_are_not_in_the_log_with_their_secrets(
    tiktok_control: MarketControl, tiktok: TikTokCaller
) -> None:
    tiktok.token("get", auth_code="c0de", grant_type="authorized_code")
    shown = repr(tiktok_control.requests())
    assert "token/get" in shown
    assert "c0de" not in shown
    assert demo_seed.APP_SECRET not in shown
