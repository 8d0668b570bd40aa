"""Signing in and out, and the languages."""

import httpx
import pytest
from sqlalchemy import func, select

from cloud.accounts.models import Member, SignIn
from cloud.accounts.service import FAILURES_ALLOWED
from cloud.database.scope import system
from tests.database_rows import only_sqlite
from tests.support.dashboard_rows import PASSWORD, World
from tests.support.dashboard_server import RunningDashboard, running_dashboard

pytestmark = only_sqlite


def enter(browser: httpx.Client, password: str, **fields: str) -> httpx.Response:
    form = {"email": "owner@demo.test", "password": password} | fields
    return browser.post("/sign-in", data=form)


@pytest.mark.parametrize(
    "path", ["/", "/workbench", "/parcelguard/log?state=sent", "/parcelguard/proofs/1"]
)
def test_a_page_leads_to_the_sign_in_and_from_there_back(
    dashboard: RunningDashboard, world: World, path: str
) -> None:
    with dashboard.browser() as browser:
        away = browser.get(path)
        assert away.status_code == 303
        form = browser.get(away.headers["location"])
        assert "Password" in form.text
        answer = enter(browser, PASSWORD, next=path)
        assert answer.headers["location"] == path
        assert browser.get(path, follow_redirects=True).status_code in {200, 404}


def test_a_sign_in_leads_to_no_other_host(dashboard: RunningDashboard, world: World) -> None:
    with dashboard.browser() as browser:
        answer = enter(browser, PASSWORD, next="//evil.test/")
        assert answer.headers["location"] == "/"
        assert browser.get("/sign-in?next=//evil.test").headers["location"] == "/"


def test_a_wrong_password_is_refused_the_same_way_as_a_wrong_address(
    dashboard: RunningDashboard, world: World
) -> None:
    with dashboard.browser() as browser:
        wrong = enter(browser, "not the password")
        unknown = enter(browser, PASSWORD, email="nobody@demo.test")
        assert (wrong.status_code, unknown.status_code) == (401, 401)
        for answer in (wrong, unknown):
            assert "The e-mail address or the password is not right." in answer.text
            assert "set-cookie" not in answer.headers
            assert PASSWORD not in answer.text


def test_after_many_failures_the_page_says_how_long_to_wait(
    dashboard: RunningDashboard, world: World
) -> None:
    with dashboard.browser() as browser:
        for _ in range(FAILURES_ALLOWED):
            assert enter(browser, "guess").status_code == 401
        answer = enter(browser, PASSWORD)
    assert answer.status_code == 429
    assert "Wait 15 minutes, then try again." in answer.text


def test_the_cookie_is_kept_from_scripts_and_other_sites(
    dashboard: RunningDashboard, world: World
) -> None:
    with dashboard.browser() as browser:
        cookie = enter(browser, PASSWORD).headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Secure" not in cookie
    token = cookie.split("=", 1)[1].split(";")[0]
    with dashboard.database.read(system("test")) as session:
        assert token.encode() not in session.scalars(select(SignIn.token_hash)).one()


def test_over_tls_the_cookie_never_travels_in_the_clear(dashboard: RunningDashboard) -> None:
    public_url = "https://pages.test"
    with running_dashboard(dashboard.database, public_url=public_url) as secure:
        secure.world()
        with secure.browser() as browser:
            answer = browser.post(
                "/sign-in",
                data={"email": "owner@demo.test", "password": PASSWORD},
                headers={"Origin": public_url},
            )
    assert "Secure" in answer.headers["set-cookie"]


def test_signing_out_ends_it_at_the_server_too(dashboard: RunningDashboard, world: World) -> None:
    with dashboard.browser(world.email) as browser:
        stolen = dict(browser.cookies)
        answer = browser.post("/sign-out")
        assert answer.headers["location"] == "/sign-in"
        assert answer.headers["clear-site-data"] == '"cache"'
        browser.cookies.update(stolen)
        assert browser.get("/workbench").status_code == 303
    with dashboard.database.read(system("test")) as session:
        assert session.scalar(select(func.count(SignIn.id))) == 0


def test_the_language_is_the_browsers_until_one_is_chosen(dashboard: RunningDashboard) -> None:
    with dashboard.browser() as browser:
        malay = browser.get("/sign-in", headers={"Accept-Language": "ms-MY"})
        assert "Kata laluan" in malay.text
        assert '<html lang="ms">' in malay.text
        browser.post("/language", data={"language": "zh-TW", "next": "/sign-in"})
        assert "密碼" in browser.get("/sign-in").text
        assert browser.post("/language", data={"language": "tlh"}).status_code == 422


def test_a_chosen_language_stays_with_the_person(dashboard: RunningDashboard, world: World) -> None:
    with dashboard.browser() as browser:
        browser.post("/language", data={"language": "zh-TW"})
        enter(browser, PASSWORD)
        assert "工作台" in browser.get("/workbench").text
    with dashboard.browser(world.email) as elsewhere:
        assert "工作台" in elsewhere.get("/workbench").text
        elsewhere.post("/language", data={"language": "ms", "next": "/workbench"})
        assert "Meja kerja" in elsewhere.get("/workbench").text
    with dashboard.database.read(world.scope) as session:
        assert session.scalars(select(Member.language)).one() == "ms"
