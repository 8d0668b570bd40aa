"""Tokens of the Lazada sandbox: consent, codes, lives on a movable clock (marketplace-apis 2.2)."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest

from sandbox.control_client import MarketControl
from tests.support.lazada_caller import LazadaCaller

DAY_S = 86_400
CREATE, REFRESH = "/auth/token/create", "/auth/token/refresh"


def consented(lazada: LazadaCaller, **changes: str) -> dict[str, list[str]]:
    """Open the link, choose the first account, and see what comes back."""
    link = {
        "response_type": "code",
        "force_auth": "true",
        "redirect_uri": "https://app.test/back?lang=en",
        "client_id": lazada.app_key,
        "state": "nonce-1",
        **changes,
    }
    shown = lazada.http.get(f"{lazada.base_url}/oauth/authorize", params=link)
    assert shown.status_code == 200, shown.text
    ticket = re.search(r'name="ticket" value="([^"]+)"', shown.text)
    account = re.search(r'name="account" value="([^"]+)"', shown.text)
    assert ticket is not None
    assert account is not None
    form = {"ticket": ticket[1], "account": account[1]}
    answer = lazada.http.post(f"{lazada.base_url}/consent", data=form)
    assert answer.status_code == 303
    back = urlsplit(answer.headers["location"])
    assert (back.netloc, back.path) == ("app.test", "/back")
    return parse_qs(back.query)


def works(lazada: LazadaCaller, token: str) -> bool:
    held, lazada.access_token = lazada.access_token, token
    code = lazada.get("/seller/get")["code"]
    lazada.access_token = held
    assert code in {"0", "IllegalAccessToken"}
    return bool(code == "0")


def test_a_consent_brings_a_code_that_works_once(lazada: LazadaCaller) -> None:
    back = consented(lazada)
    assert (back["state"], back["lang"]) == (["nonce-1"], ["en"])
    (code,) = back["code"]
    granted = lazada.post(CREATE, token=False, code=code)
    assert (granted["code"], granted["country"]) == ("0", "my")
    assert (granted["expires_in"], granted["refresh_expires_in"]) == (30 * DAY_S, 180 * DAY_S)
    (country,) = granted["country_user_info"]
    assert (country["country"], country["seller_id"]) == ("my", "200000001")
    assert works(lazada, granted["access_token"])
    assert lazada.post(CREATE, token=False, code=code)["code"] == "InvalidCode"


def test_a_link_of_one_country_offers_its_accounts_alone(lazada: LazadaCaller) -> None:
    assert consented(lazada, country="my")["code"]
    link = {"response_type": "code", "client_id": "100001", "redirect_uri": "https://app.test/"}
    shown = lazada.http.get(f"{lazada.base_url}/oauth/authorize", params={**link, "country": "th"})
    assert 'name="account"' not in shown.text


@pytest.mark.parametrize(
    "change",
    [{"client_id": "999"}, {"response_type": "token"}, {"redirect_uri": "javascript:alert(1)"}],
)
def test_a_wrong_link_shows_no_page(lazada: LazadaCaller, change: dict[str, str]) -> None:
    link = {"response_type": "code", "client_id": "100001", "redirect_uri": "https://app.test/"}
    answer = lazada.http.get(f"{lazada.base_url}/oauth/authorize", params={**link, **change})
    assert (answer.status_code, answer.json()["code"]) == (400, "InvalidParameter")


def test_a_code_is_good_for_half_an_hour(
    lazada_control: MarketControl, lazada: LazadaCaller
) -> None:
    early, late = consented(lazada)["code"][0], consented(lazada)["code"][0]
    lazada_control.advance(1790)
    assert lazada.post(CREATE, token=False, code=early)["code"] == "0"
    lazada_control.advance(20)
    assert lazada.post(CREATE, token=False, code=late)["code"] == "InvalidCode"


def test_a_code_of_another_app_is_no_good(
    lazada_control: MarketControl, lazada: LazadaCaller
) -> None:
    app = {"app_key": "100002", "app_secret": "another_secret_000"}
    lazada_control.call("POST", "/apps", app)
    code = consented(lazada)["code"][0]
    lazada.app_key, lazada.app_secret = app["app_key"], app["app_secret"]
    assert lazada.get(CREATE, token=False, code=code)["code"] == "InvalidCode"


@pytest.mark.parametrize(("is_online", "access_days"), [(True, 30), (False, 7)])
def test_an_access_token_lives_its_time(
    lazada_control: MarketControl, lazada: LazadaCaller, is_online: bool, access_days: int
) -> None:
    lazada_control.call("PATCH", "/apps/100001", {"is_online": is_online})
    minted = lazada_control.call("POST", "/shops/200000001/tokens", {"app_key": "100001"})
    assert minted["expires_in_s"] == access_days * DAY_S
    lazada_control.advance(access_days * DAY_S - 60)
    assert works(lazada, minted["access_token"])
    lazada_control.advance(120)
    assert not works(lazada, minted["access_token"])


def test_a_refresh_renews_the_access_and_puts_off_no_end(
    lazada_control: MarketControl, lazada: LazadaCaller
) -> None:
    minted = lazada_control.call("POST", "/shops/200000001/tokens", {"app_key": "100001"})
    lazada_control.advance(100 * DAY_S)
    first = lazada.post(REFRESH, token=False, refresh_token=minted["refresh_token"])
    assert first["refresh_expires_in"] == pytest.approx(80 * DAY_S, abs=60)
    assert first["country_user_info_list"][0]["seller_id"] == "200000001"
    assert works(lazada, first["access_token"])
    lazada_control.advance(79 * DAY_S)
    second = lazada.post(REFRESH, token=False, refresh_token=first["refresh_token"])
    assert second["refresh_expires_in"] == pytest.approx(1 * DAY_S, abs=60)
    lazada_control.advance(DAY_S)
    for token in (minted["refresh_token"], second["refresh_token"]):
        ended = lazada.post(REFRESH, token=False, refresh_token=token)
        assert ended["code"] == "IllegalRefreshToken"


@pytest.mark.parametrize(("single_use", "code"), [(False, "0"), (True, "IllegalRefreshToken")])
def test_whether_a_refresh_spends_its_token_is_a_limit(
    lazada_control: MarketControl, lazada: LazadaCaller, single_use: bool, code: str
) -> None:
    lazada_control.limits(refresh_token_single_use=single_use)
    for expected in ("0", code):
        again = lazada.post(REFRESH, token=False, refresh_token="50001refresh")
        assert again["code"] == expected


@pytest.mark.parametrize("token", ["", "x" * 20, "50000abcdtok"])
def test_a_wrong_refresh_token_is_refused(lazada: LazadaCaller, token: str) -> None:
    expected = "IllegalRefreshToken" if token else "MissingParameter"
    assert lazada.post(REFRESH, token=False, refresh_token=token)["code"] == expected


@pytest.mark.parametrize("category", ["erp", "erp_im"])
def test_a_subscribed_app_cannot_refresh(
    lazada_control: MarketControl, lazada: LazadaCaller, category: str
) -> None:
    lazada_control.call("PATCH", "/apps/100001", {"category": category})
    answer = lazada.post(REFRESH, token=False, refresh_token="50001refresh")
    assert answer["code"] == "AUTH_TYPE_UNSUPPORTED"


def test_a_seller_may_take_the_authorization_back(
    lazada_control: MarketControl, lazada: LazadaCaller
) -> None:
    lazada_control.call("POST", "/shops/200000001/tokens/revoke", {"app_key": "100001"})
    assert not works(lazada, lazada.access_token)
    answer = lazada.post(REFRESH, token=False, refresh_token="50001refresh")
    assert answer["code"] == "IllegalRefreshToken"


def test_a_new_authorization_ends_the_earlier_tokens(
    lazada_control: MarketControl, lazada: LazadaCaller
) -> None:
    lazada_control.call("POST", "/shops/200000001/tokens", {"app_key": "100001"})
    assert not works(lazada, "50000abcdtok")
    answer = lazada.post(REFRESH, token=False, refresh_token="50001refresh")
    assert answer["code"] == "IllegalRefreshToken"


def test_one_token_of_a_cross_border_account_serves_all_its_countries(
    lazada_control: MarketControl, lazada: LazadaCaller
) -> None:
    """The host picks the shop (marketplace-apis 2.2)."""
    for shop_id, region in (("200000002", "TH"), ("200000003", "SG")):
        body = {"shop_id": shop_id, "shop_name": region, "region": region, "account": "a@cb.test"}
        lazada_control.call("POST", "/shops", body)
    granted = lazada.post(CREATE, token=False, code=consented(lazada, country="th")["code"][0])
    assert granted["country"] == "cb"
    assert {one["country"] for one in granted["country_user_info"]} == {"sg", "th"}
    lazada.access_token = granted["access_token"]
    seen = {}
    for host in ("api.lazada.co.th", "api.lazada.sg"):
        lazada.host = host
        seen[host] = lazada.get("/seller/get")["data"]["seller_id"]
    assert seen == {"api.lazada.co.th": 200000002, "api.lazada.sg": 200000003}


def test_tokens_outlive_a_restart_of_the_clock_alone(
    lazada_control: MarketControl, lazada: LazadaCaller
) -> None:
    lazada_control.advance(40 * DAY_S)
    minted = lazada_control.call("POST", "/shops/200000001/tokens", {"app_key": "100001"})
    assert works(lazada, minted["access_token"])
    assert not works(lazada, "50000abcdtok")
