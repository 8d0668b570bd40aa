"""Who is signed in: for how long, with which browser, and how guessing is slowed down."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cloud.accounts import signing_in
from cloud.accounts.errors import SignInRefused, TooManyAttempts, UnknownMember
from cloud.accounts.models import Member, SignIn, SignInFailure
from cloud.accounts.passwords import hash_password
from cloud.accounts.service import (
    FAILURES_ALLOWED,
    SIGN_IN_LASTS,
    create_organisation,
    set_password,
    sign_in,
    who_is,
)
from cloud.accounts.signing_in import SignIns
from cloud.accounts.throttle import FAILURE_WINDOW, note_failure, too_many_failures
from cloud.database.base import utc_now
from cloud.database.scope import scoped, system
from cloud.database.secrets import SecretBox
from cloud.database.write import Database

TEST = system("test")
PASSWORD = "correct horse"
HASH = hash_password(PASSWORD)
EMAIL = "Owner@Demo.test"


def add(database: Database, email: str = EMAIL, name: str = "Demo") -> int:
    def unit(session: Session) -> int:
        return create_organisation(session, name, email, HASH, utc_now()).id

    return database.write(unit, TEST)


@pytest.fixture
def box(tmp_path: Path) -> SecretBox:
    return SecretBox(tmp_path / "sealing.key")


@pytest.fixture
def sign_ins(database: Database, box: SecretBox) -> SignIns:
    add(database)
    return SignIns(database, box)


def rows(database: Database, model: type[SignIn | SignInFailure]) -> int:
    with database.read(TEST) as session:
        return session.scalar(select(func.count(model.id))) or 0


@pytest.mark.parametrize("typed", [EMAIL, " owner@demo.test ", "OWNER@DEMO.TEST"])
def test_the_right_password_signs_in(sign_ins: SignIns, typed: str) -> None:
    entered = sign_ins.enter(typed, PASSWORD)
    who = sign_ins.who(entered.token)
    assert who is not None
    assert (who.email, who.role) == ("owner@demo.test", "owner")
    assert entered.token not in repr(entered)


def test_only_a_hash_of_the_token_is_kept(sign_ins: SignIns, database: Database) -> None:
    token = sign_ins.enter(EMAIL, PASSWORD).token
    with database.read(TEST) as session:
        row = session.scalars(select(SignIn)).one()
    assert token.encode() not in row.token_hash
    assert len(row.token_hash) == 32


@pytest.mark.parametrize(
    ("email", "password"),
    [(EMAIL, "wrong horse"), ("nobody@demo.test", PASSWORD), ("", ""), ("\0", "\0")],
)
def test_all_refusals_are_the_same(sign_ins: SignIns, email: str, password: str) -> None:
    with pytest.raises(SignInRefused) as refused:
        sign_ins.enter(email, password)
    assert str(refused.value) == ""


@pytest.mark.parametrize("token", ["", "x", "\0", "x" * 5000])
def test_an_unknown_token_is_nobody(sign_ins: SignIns, token: str) -> None:
    assert sign_ins.who(token) is None
    sign_ins.leave(token)


def test_signing_out_ends_one_browser(sign_ins: SignIns) -> None:
    here, there = sign_ins.enter(EMAIL, PASSWORD).token, sign_ins.enter(EMAIL, PASSWORD).token
    sign_ins.leave(here)
    assert sign_ins.who(here) is None
    assert sign_ins.who(there) is not None


def test_a_sign_in_ends_by_itself_and_is_forgotten(database: Database, sign_ins: SignIns) -> None:
    token = sign_ins.enter(EMAIL, PASSWORD).token
    begun = utc_now()
    with database.read(TEST) as session:
        assert who_is(session, token, begun + SIGN_IN_LASTS - timedelta(minutes=1)) is not None
        assert who_is(session, token, begun + SIGN_IN_LASTS + timedelta(seconds=1)) is None
        member = session.scalars(select(Member)).one()
    later = begun + SIGN_IN_LASTS + timedelta(days=1)
    database.write(
        lambda session: sign_in(session, member.id, member.organisation_id, "another", later),
        scoped(member.organisation_id),
    )
    assert rows(database, SignIn) == 1


@pytest.mark.parametrize("email", [EMAIL, "nobody@demo.test", "x" * 300])
def test_guessing_is_slowed_down_whether_or_not_there_is_such_a_member(
    sign_ins: SignIns, email: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(FAILURES_ALLOWED):
        with pytest.raises(SignInRefused):
            sign_ins.enter(email, "wrong horse")
    with pytest.raises(TooManyAttempts):
        sign_ins.enter(email, PASSWORD)
    with pytest.raises(TooManyAttempts):
        sign_ins.enter(f" {email.upper()} ", PASSWORD)
    later = utc_now() + FAILURE_WINDOW
    monkeypatch.setattr(signing_in, "utc_now", lambda: later)
    with pytest.raises(SignInRefused):
        sign_ins.enter(email, "wrong horse")


def test_the_guesses_of_one_address_do_not_lock_another(
    sign_ins: SignIns, database: Database
) -> None:
    add(database, "other@demo.test", "Other")
    for _ in range(FAILURES_ALLOWED):
        with pytest.raises(SignInRefused):
            sign_ins.enter(EMAIL, "wrong horse")
    assert sign_ins.enter("other@demo.test", PASSWORD).token


def test_old_failures_are_forgotten(database: Database) -> None:
    now = utc_now()
    for age in (FAILURE_WINDOW * 2, FAILURE_WINDOW * 3):
        at = now - age
        database.write(lambda session, at=at: note_failure(session, "a", at), TEST)  # type: ignore[misc]  # bound at once
    database.write(lambda session: note_failure(session, "b", now), TEST)
    assert rows(database, SignInFailure) == 1
    with database.read(TEST) as session:
        assert not too_many_failures(session, "a", now, 1)
        assert too_many_failures(session, "b", now, 1)
        assert not too_many_failures(session, "b", now, 2)


def test_a_new_password_ends_sign_ins_and_the_wait(sign_ins: SignIns, database: Database) -> None:
    token = sign_ins.enter(EMAIL, PASSWORD).token
    for _ in range(FAILURES_ALLOWED):
        with pytest.raises(SignInRefused):
            sign_ins.enter(EMAIL, "wrong horse")
    fresh = hash_password("another horse")
    database.write(lambda session: set_password(session, EMAIL, fresh), TEST)
    assert sign_ins.who(token) is None
    with pytest.raises(SignInRefused):
        sign_ins.enter(EMAIL, PASSWORD)
    assert sign_ins.enter(EMAIL, "another horse").token


def test_a_password_for_nobody_is_refused(database: Database) -> None:
    with pytest.raises(UnknownMember, match=r"nobody@demo\.test"):
        database.write(lambda session: set_password(session, "nobody@demo.test", HASH), TEST)


def test_everybody_belongs_to_their_own_organisation(database: Database, box: SecretBox) -> None:
    """Invariant 8."""
    first, second = add(database, "a@demo.test", "A"), add(database, "b@demo.test", "B")
    sign_ins = SignIns(database, box)
    assert sign_ins.enter("a@demo.test", PASSWORD).organisation_id == first
    assert sign_ins.enter("b@demo.test", PASSWORD).organisation_id == second
