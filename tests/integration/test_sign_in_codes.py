"""Signing in with a verification code, backup codes and remembered browsers (issue 6: people)."""

import base64
import re
from collections.abc import Iterator
from datetime import datetime, timedelta

import httpx
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from cloud.accounts import codes, signing_in, totp
from cloud.accounts.code_models import BackupCode, RememberedDevice, SignInStep, VerificationCode
from cloud.accounts.codes import BACKUP_CODES, WRONG_CODES_ALLOWED
from cloud.accounts.errors import UnknownMember
from cloud.accounts.models import Member
from cloud.accounts.roles import Role
from cloud.database.base import utc_now
from cloud.database.scope import system
from tests.database_rows import only_sqlite
from tests.support.dashboard_rows import PASSWORD, World
from tests.support.dashboard_server import RunningDashboard, text_of

TEST = system("test")


class Phone:
    """An authenticator app."""

    def __init__(self, secret: bytes, backup_codes: list[str]) -> None:
        self.secret = secret
        self.backup_codes = backup_codes
        self._step = totp.step_of(utc_now())

    def code(self) -> str:
        """One that was not shown yet: this step's, or the next one's."""
        self._step = max(self._step + 1, totp.step_of(utc_now()))
        return totp.code_at(self.secret, self._step)


class Clock:
    """The time of the sign-in, which tests move on."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        return utc_now() + self.ahead


@pytest.fixture
def phone(dashboard: RunningDashboard, world: World) -> Phone:
    with dashboard.browser(world.email) as browser:
        return set_up(browser)


def set_up(browser: httpx.Client) -> Phone:
    page = browser.post("/account/code", data={"password": PASSWORD})
    found = re.search(r'id="key">([A-Z2-7]+)<', page.text)
    assert found is not None, page.text
    assert page.headers["cache-control"] == "no-store"
    secret = base64.b32decode(found[1])
    code = totp.code_at(secret, totp.step_of(utc_now()))
    done = browser.post("/account/code/confirm", data={"code": f"{code[:3]} {code[3:]}"})
    assert "From now on a code is asked for" in done.text, done.text
    return Phone(secret, re.findall(r'<li class="code">([^<]+)</li>', done.text))


@pytest.fixture
def guest(dashboard: RunningDashboard) -> Iterator[httpx.Client]:
    with dashboard.browser() as client:
        yield client


def enter(browser: httpx.Client, email: str = "owner@demo.test") -> str:
    answer = browser.post(
        "/sign-in", data={"email": email, "password": PASSWORD, "next": "/tables"}
    )
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def show(browser: httpx.Client, code: str, **more: str) -> httpx.Response:
    return browser.post("/sign-in/code", data={"code": code, "next": "/tables", **more})


def is_in(browser: httpx.Client) -> bool:
    return browser.get("/workbench").status_code == 200


def test_password_and_code_sign_in_and_the_password_alone_does_not(
    phone: Phone, guest: httpx.Client
) -> None:
    assert enter(guest) == "/sign-in/code?next=%2Ftables"
    assert not is_in(guest)
    assert 'autocomplete="one-time-code"' in guest.get("/sign-in/code").text
    answer = show(guest, phone.code())
    assert answer.headers["location"] == "/tables"
    assert is_in(guest)
    assert guest.get("/sign-in/code").headers["location"] == "/sign-in"  # the step is spent


def test_no_code_counts_twice(phone: Phone, guest: httpx.Client) -> None:
    code = phone.code()
    enter(guest)
    assert show(guest, code).status_code == 303
    guest.post("/sign-out")
    enter(guest)
    assert show(guest, code).status_code == 401
    assert not is_in(guest)


def test_a_backup_code_counts_once(
    dashboard: RunningDashboard, phone: Phone, guest: httpx.Client
) -> None:
    assert len(set(phone.backup_codes)) == BACKUP_CODES
    enter(guest)
    assert show(guest, f" {phone.backup_codes[0].upper()} ").status_code == 303
    assert "9 backup codes are left" in text_of(guest.get("/account").text)
    guest.post("/sign-out")
    enter(guest)
    assert show(guest, phone.backup_codes[0]).status_code == 401
    assert show(guest, phone.backup_codes[1].replace("-", "")).status_code == 303
    with dashboard.database.read(TEST) as session:
        hashes = session.scalars(select(BackupCode.code_hash)).all()
        sealed = session.scalars(select(VerificationCode.sealed_secret)).one()
    assert len(hashes) == BACKUP_CODES - 2
    assert phone.secret not in sealed


def test_guessing_codes_is_slowed_down_whoever_knows_the_password(
    phone: Phone, guest: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(WRONG_CODES_ALLOWED):
        enter(guest)
        assert show(guest, "not one").status_code == 401
    answer = show(guest, phone.code())
    assert answer.status_code == 429
    assert "Wait 15 minutes" in answer.text
    assert not is_in(guest)
    clock = Clock()
    clock.ahead = timedelta(minutes=16)
    monkeypatch.setattr(signing_in, "utc_now", clock.now)
    enter(guest)
    later = totp.code_at(phone.secret, totp.step_of(clock.now()))
    assert show(guest, later).status_code == 303


@only_sqlite
def test_the_step_to_the_code_ends_and_opens_nothing(
    dashboard: RunningDashboard,
    phone: Phone,
    guest: httpx.Client,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert guest.get("/sign-in/code").headers["location"] == "/sign-in"
    assert show(guest, phone.code()).headers["location"] == "/sign-in"
    enter(guest)
    step = guest.cookies["packwitness-step"]
    with dashboard.database.read(TEST) as session:
        assert step.encode() not in session.scalars(select(SignInStep.token_hash)).one()
    with dashboard.browser() as other:
        other.cookies.set("packwitness-session", step)
        assert not is_in(other)
    clock = Clock()
    clock.ahead = timedelta(minutes=11)
    monkeypatch.setattr(signing_in, "utc_now", clock.now)
    assert show(guest, phone.code()).headers["location"] == "/sign-in"


def test_a_remembered_browser_shows_the_password_alone_until_it_is_revoked(
    dashboard: RunningDashboard, phone: Phone, guest: httpx.Client
) -> None:
    guest.headers["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0"
    enter(guest)
    show(guest, phone.code(), remember="true")
    token = next(one.value for one in guest.cookies.jar if one.name == "packwitness-device")
    guest.post("/sign-out")
    assert enter(guest) == "/tables"
    page = guest.get("/account").text
    assert "Firefox, Linux" in page
    with dashboard.database.read(TEST) as session:
        device = session.scalars(select(RememberedDevice)).one()
    assert token is not None
    assert token.encode() not in device.token_hash
    guest.post(f"/account/devices/{device.id}/forget")
    assert "Firefox, Linux" not in guest.get("/account").text
    assert enter(guest).startswith("/sign-in/code")


@only_sqlite
def test_the_browser_of_one_member_is_nothing_for_another(
    dashboard: RunningDashboard, phone: Phone, guest: httpx.Client
) -> None:
    enter(guest)
    show(guest, phone.code(), remember="true")
    stranger = dashboard.world("stranger@other.test", name="Other")
    with dashboard.browser(stranger.email) as theirs:
        set_up(theirs)
        with dashboard.database.read(TEST) as session:
            device = session.scalars(select(RememberedDevice)).one()
        assert theirs.post(f"/account/devices/{device.id}/forget").status_code == 303
        assert "Firefox" not in theirs.get("/account").text
    assert enter(guest, stranger.email).startswith("/sign-in/code")
    assert enter(guest) == "/tables"


@only_sqlite
def test_signing_out_everywhere_ends_all_browsers_and_what_they_remember(
    dashboard: RunningDashboard, world: World, phone: Phone, guest: httpx.Client
) -> None:
    enter(guest)
    show(guest, phone.code(), remember="true")
    with dashboard.browser() as other:
        enter(other)
        show(other, phone.backup_codes[0])
        assert other.post("/account/sign-out-everywhere").headers["location"] == "/sign-in"
    assert not is_in(guest)
    assert enter(guest).startswith("/sign-in/code")


@only_sqlite
def test_who_changes_codes_shows_the_password(phone: Phone, guest: httpx.Client) -> None:
    enter(guest)
    show(guest, phone.code())
    for path in ("/account/code", "/account/code/off", "/account/backup-codes"):
        answer = guest.post(path, data={"password": "guess"})
        assert answer.headers["location"] == "/account?notice=password-wrong"
    answer = guest.post("/account/code", data={"password": PASSWORD})
    assert answer.headers["location"] == "/account?notice=code-is-on"
    again = guest.post("/account/backup-codes", data={"password": PASSWORD})
    assert not any(code in again.text for code in phone.backup_codes)
    guest.post("/account/code/off", data={"password": PASSWORD})
    assert enter(guest) == "/tables"


@only_sqlite
def test_a_code_counts_only_once_it_was_confirmed(
    dashboard: RunningDashboard, world: World
) -> None:
    with dashboard.browser(world.email) as browser:
        browser.post("/account/code", data={"password": PASSWORD})
        answer = browser.post("/account/code/confirm", data={"code": "12345"})
        assert answer.headers["location"] == "/account?notice=code-wrong"
        assert enter(browser) == "/tables"


def set_role(world: World, role: Role) -> None:
    def unit(session: Session) -> None:
        session.get_one(Member, world.member_id).role = role

    world.database.write(unit, world.scope)


def test_codes_required_of_all_close_every_page_but_the_members_own(
    dashboard: RunningDashboard, world: World
) -> None:
    other = dashboard.world("stranger@other.test", name="Other")
    with dashboard.browser(world.email) as browser, dashboard.browser(other.email) as theirs:
        browser.post("/sign-in-codes/required", data={"required": "true"})
        assert browser.get("/workbench").headers["location"] == "/account"
        assert browser.post("/members").headers["location"] == "/account"
        assert browser.get("/events").status_code == 401
        assert "asks all members for a code" in text_of(browser.get("/account").text)
        assert is_in(theirs)
        set_up(browser)
        assert is_in(browser)
        browser.post("/sign-in-codes/required", data={"required": "false"})
        browser.post("/account/code/off", data={"password": PASSWORD})
        assert is_in(browser)


@only_sqlite
def test_a_manager_resets_codes_but_not_an_owners_nor_a_strangers(
    dashboard: RunningDashboard, world: World, phone: Phone
) -> None:
    other = dashboard.world("stranger@other.test", name="Other")
    with dashboard.browser(other.email) as theirs:
        set_up(theirs)

    def add_manager(session: Session) -> int:
        own = session.get_one(Member, world.member_id)
        manager = Member(
            email="manager@demo.test",
            role=Role.MANAGER,
            password_hash=own.password_hash,
            created_at=utc_now(),
        )
        session.add(manager)
        session.flush()
        return manager.id

    world.database.write(add_manager, world.scope)
    with dashboard.browser("manager@demo.test") as manager:
        resets = {
            member: manager.post(f"/sign-in-codes/{member}/reset").headers["location"]
            for member in (world.member_id, other.member_id)
        }
        assert resets[world.member_id].endswith("owners-only")
        assert resets[other.member_id].endswith("gone")
        page = manager.get("/sign-in-codes").text
        assert "stranger@other.test" not in page
        set_role(world, Role.AGENT)
        answer = manager.post(f"/sign-in-codes/{world.member_id}/reset")
        assert answer.headers["location"].endswith("=reset")
    with dashboard.browser() as guest:
        assert enter(guest) == "/tables"
    with dashboard.database.read(TEST) as session:
        left = session.scalars(select(VerificationCode.member_id)).all()
        assert list(left) == [other.member_id]
        assert codes.members_with_codes(session) == {other.member_id}


def test_an_owner_who_is_alone_is_let_in_again_by_who_runs_the_server(
    dashboard: RunningDashboard, phone: Phone, guest: httpx.Client
) -> None:
    dashboard.database.write(
        lambda session: codes.forget_codes_of(session, " Owner@Demo.test "), TEST
    )
    assert enter(guest) == "/tables"
    with pytest.raises(UnknownMember, match=r"nobody@demo\.test"):
        dashboard.database.write(
            lambda session: codes.forget_codes_of(session, "nobody@demo.test"), TEST
        )
