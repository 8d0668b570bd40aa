"""Invitations and forgotten passwords by mail: links that work once (issue 6: people)."""

import json
import re
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from cloud.accounts.models import Member, PasswordLink, SignInFailure
from cloud.accounts.password_links import LINKS_AT_ONCE
from cloud.accounts.passwords import hash_password
from cloud.accounts.service import set_password
from cloud.dashboard.mail_texts import MailTexts
from cloud.database.base import utc_now
from cloud.database.scope import system
from cloud.mail.models import Mail
from cloud.mail.posting import bound_to
from tests.database_rows import only_sqlite
from tests.support.dashboard_rows import PASSWORD, World
from tests.support.dashboard_server import RunningDashboard, running_dashboard, text_of

TEST = system("test")
NEW = "a password of my own"
GUEST = "guest@demo.test"


def mails(running: RunningDashboard) -> list[Mail]:
    with running.database.read(TEST) as session:
        return list(session.scalars(select(Mail).order_by(Mail.id)))


def code_in(running: RunningDashboard, mail: Mail) -> str:
    """As its reader finds it: in the link of the text."""
    assert mail.sealed_facts is not None
    facts = json.loads(running.box.open(mail.sealed_facts, bound_to(mail.key)))
    text = MailTexts("https://pw.test")(mail.kind, mail.language, facts).text
    found = re.search(r"https://pw\.test/choose-password#(\S+)\n", text)
    assert found is not None, text
    return found[1]


def ask(running: RunningDashboard, email: str) -> httpx.Response:
    with running.browser() as browser:
        return browser.post("/forgot-password", data={"email": email})


def choose(browser: httpx.Client, code: str, password: str = NEW) -> httpx.Response:
    return browser.post("/choose-password", data={"code": code, "password": password})


def sign_in(browser: httpx.Client, email: str, password: str) -> int:
    answer = browser.post("/sign-in", data={"email": email, "password": password})
    return answer.status_code


def test_who_is_invited_chooses_a_password_and_signs_in(
    dashboard: RunningDashboard, world: World
) -> None:
    with dashboard.browser(world.email) as owner:
        form = {"email": GUEST, "role": "agent", "by_mail": "true"}
        answer = owner.post("/members", data=form)
        assert answer.headers["location"] == "/members?notice=invited"
        listed = text_of(owner.get("/members").text)
        assert "Invited, has not chosen one yet" in listed
        assert "Mail is waiting to be sent" in listed
    (mail,) = mails(dashboard)
    assert (mail.recipient, mail.kind) == (GUEST, "invitation")
    code = code_in(dashboard, mail)
    with dashboard.browser() as guest:
        assert sign_in(guest, GUEST, "") == 401
        assert code not in guest.get("/choose-password").text
        answer = choose(guest, code)
        assert answer.headers["location"] == "/sign-in?said=password-set"
        assert "The password is set" in guest.get(answer.headers["location"]).text
        assert sign_in(guest, GUEST, NEW) == 303
        assert guest.get("/sales-channels").status_code == 200
        assert choose(guest, code, "another password").status_code == 410
    with dashboard.database.read(TEST) as session:
        assert session.scalars(select(PasswordLink)).all() == []


def test_a_forgotten_password_is_replaced_and_all_browsers_are_out(
    dashboard: RunningDashboard, world: World
) -> None:
    with dashboard.browser(world.email) as elsewhere:
        assert "a mail with a link is on its way" in ask(dashboard, " Owner@Demo.test ").text
        (mail,) = mails(dashboard)
        assert (mail.recipient, mail.kind) == (world.email, "password-reset")
        with dashboard.browser() as browser:
            assert choose(browser, code_in(dashboard, mail)).status_code == 303
            assert sign_in(browser, world.email, PASSWORD) == 401
            assert sign_in(browser, world.email, NEW) == 303
        assert elsewhere.get("/workbench").status_code == 303


def test_nobody_learns_whether_an_address_is_known(
    dashboard: RunningDashboard, world: World
) -> None:
    answers = [ask(dashboard, email) for email in (world.email, "nobody@demo.test", "", "\0")]
    assert len({(one.status_code, one.text) for one in answers}) == 1
    assert [one.recipient for one in mails(dashboard)] == [world.email]
    with dashboard.database.read(TEST) as session:  # as much is written for all of them
        subjects = set(session.scalars(select(SignInFailure.subject)))
    assert {f"link:{world.email}", "link:nobody@demo.test"} <= subjects


def test_nobody_is_flooded_and_no_sign_in_is_slowed_down(
    dashboard: RunningDashboard, world: World
) -> None:
    for _ in range(12):
        assert ask(dashboard, world.email).status_code == 200
    assert len(mails(dashboard)) == LINKS_AT_ONCE
    with dashboard.browser() as browser:
        assert sign_in(browser, world.email, PASSWORD) == 303


@only_sqlite
def test_a_link_ends_and_a_short_password_does_not_spend_it(
    dashboard: RunningDashboard, world: World
) -> None:
    ask(dashboard, world.email)
    code = code_in(dashboard, mails(dashboard)[0])
    with dashboard.browser() as browser:
        assert choose(browser, code, "short").status_code == 422
        ago = utc_now() - timedelta(seconds=1)

        def let_end(session: Session) -> None:
            session.execute(update(PasswordLink).values(expires_at=ago))

        dashboard.database.write(let_end, TEST)
        assert choose(browser, code).status_code == 410
        assert sign_in(browser, world.email, PASSWORD) == 303


@pytest.mark.parametrize("code", ["", "x", "\0", "x" * 200, "#"])
@only_sqlite
def test_a_code_that_is_none_changes_nothing(
    dashboard: RunningDashboard, world: World, code: str
) -> None:
    with dashboard.browser() as browser:
        assert choose(browser, code).status_code == 410
        assert sign_in(browser, world.email, PASSWORD) == 303


@only_sqlite
def test_looking_at_a_link_does_not_spend_it(dashboard: RunningDashboard, world: World) -> None:
    """Programs that look through mails open all links; they send no forms."""
    ask(dashboard, world.email)
    code = code_in(dashboard, mails(dashboard)[0])
    with dashboard.browser() as browser:
        for address in ("/choose-password", f"/choose-password?code={code}"):
            assert browser.get(address).status_code == 200
            assert browser.head(address).status_code in {200, 405}
        assert choose(browser, code).status_code == 303


@only_sqlite
def test_who_left_gets_no_link_and_an_earlier_one_ends(
    dashboard: RunningDashboard, world: World
) -> None:
    with dashboard.browser(world.email) as owner:
        owner.post("/members", data={"email": GUEST, "role": "agent", "by_mail": "true"})
        code = code_in(dashboard, mails(dashboard)[0])
        with dashboard.database.read(TEST) as session:
            guest = session.scalars(select(Member.id).where(Member.email == GUEST)).one()
        owner.post(f"/members/{guest}/let-go")
        assert choose(owner, code).status_code == 410
    ask(dashboard, GUEST)
    assert len(mails(dashboard)) == 1


@only_sqlite
def test_a_link_is_worth_nothing_once_the_command_set_a_password(
    dashboard: RunningDashboard, world: World
) -> None:
    """Who has such a mail may be the very person who is to be kept out."""
    ask(dashboard, world.email)
    code = code_in(dashboard, mails(dashboard)[0])
    fresh = hash_password(NEW)
    dashboard.database.write(lambda session: set_password(session, world.email, fresh), TEST)
    with dashboard.browser() as browser:
        assert choose(browser, code, "somebody else's password").status_code == 410
        assert sign_in(browser, world.email, NEW) == 303


@only_sqlite
def test_an_owner_mails_a_link_and_does_not_see_it(
    dashboard: RunningDashboard, world: World
) -> None:
    stranger = dashboard.world("stranger@other.test", name="Other")
    with dashboard.browser(world.email) as owner:
        answer = owner.post(f"/members/{world.member_id}/link")
        assert answer.headers["location"] == "/members?notice=link-mailed"
        (mail,) = mails(dashboard)
        page = owner.get("/members?notice=link-mailed").text
        assert code_in(dashboard, mail) not in page
        answer = owner.post(f"/members/{stranger.member_id}/link")
        assert answer.headers["location"] == "/members?notice=gone"
    assert len(mails(dashboard)) == 1


@only_sqlite
def test_without_a_mail_server_the_pages_say_how_to_go_on(dashboard: RunningDashboard) -> None:
    with running_dashboard(dashboard.database, has_mail=False) as running:
        world = running.world()
        with running.browser(world.email) as owner:
            assert "No mail server is set up" in owner.get("/members").text
            answer = owner.post(
                "/members", data={"email": GUEST, "role": "agent", "by_mail": "true"}
            )
            assert 'id="given-password"' in answer.text
            assert "An owner of your organisation" in owner.get("/forgot-password").text
            assert ask(running, world.email).status_code == 200
            answer = owner.post(f"/members/{world.member_id}/link")
            assert answer.headers["location"] == "/members?notice=no-mail"
        with running.database.read(TEST) as session:
            assert session.scalar(select(func.count(PasswordLink.id))) == 0
        assert mails(running) == []
