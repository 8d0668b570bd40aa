"""Authorizations that nobody uses stay alive, and their end is said in time (S1-18, S1-19)."""

import json
import logging
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from cloud.accounts.models import Member
from cloud.accounts.roles import Role
from cloud.database.base import utc_now
from cloud.database.scope import system
from cloud.mail.models import Mail
from cloud.mail.posting import MailRoom, bound_to
from cloud.shops.service import AuthorizationState, Purpose
from cloud.shops.standing import Standing, stands
from cloud.sync.authorizations import AuthorizationKeeper
from tests.support.dispatch_bench import Bench

NOW = datetime.fromisoformat("2026-11-22T12:00:00+00:00")
ENDS = "an authorization ends in"


def keeper(bench: Bench) -> AuthorizationKeeper:
    mails = MailRoom(bench.box, is_open=True)
    return AuthorizationKeeper(bench.database, bench.gateway, mails, bench.deaths.append)


def refreshes(bench: Bench) -> int:
    return bench.calls("access_token/get")


def put(bench: Bench, *, life: timedelta, unused_for: timedelta) -> None:
    """A pair that is good for ``life``, and was stored so long ago."""
    tokens = bench.sandbox.control.mint_tokens(bench.sandbox.shop_id, bench.sandbox.partner_id)
    bench.put_tokens(*tokens, life=life)
    for purpose in Purpose:
        bench.change_authorization(purpose, changed_at=utc_now() - unused_for)


def test_a_token_that_nobody_used_for_a_day_is_renewed(bench: Bench) -> None:
    put(bench, life=timedelta(hours=-1), unused_for=timedelta(days=2))
    keeper(bench).look()
    assert refreshes(bench) == 1  # one app, one pair for both purposes


def test_a_token_that_is_good_or_was_just_stored_is_left_alone(bench: Bench) -> None:
    put(bench, life=timedelta(days=7), unused_for=timedelta(days=2))
    keeper(bench).look()
    put(bench, life=timedelta(hours=-1), unused_for=timedelta(hours=2))
    keeper(bench).look()
    assert refreshes(bench) == 0


def test_one_shop_in_trouble_keeps_no_other_from_being_renewed(bench: Bench) -> None:
    put(bench, life=timedelta(hours=-1), unused_for=timedelta(days=2))
    bench.change_authorization(Purpose.ORDERS, sealed_refresh_token=b"damaged")
    keeper(bench).look()
    assert refreshes(bench) == 1


def test_each_threshold_is_said_once(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    """Warnings 14, 7 and 1 days ahead."""
    made = keeper(bench)
    put(bench, life=timedelta(days=7), unused_for=timedelta())

    def said(ends_in: timedelta) -> int:
        bench.change_authorization(Purpose.CHAT, ends_at=utc_now() + ends_in)
        caplog.clear()
        with caplog.at_level(logging.WARNING):
            made.look()
            made.look()
        return sum(ENDS in record.message for record in caplog.records)

    days = (15, 13, 10, 6, 2)
    assert [said(timedelta(days=one)) for one in days] == [0, 1, 0, 1, 0]
    assert said(timedelta(hours=20)) == 1


def add_members(bench: Bench) -> None:
    def unit(session: Session) -> None:
        for role, left in [*((role, None) for role in Role), (Role.MANAGER, utc_now())]:
            session.add(
                Member(
                    organisation_id=bench.shop.organisation_id,
                    email=f"{role}{'-gone' if left else ''}@demo.test",
                    role=role,
                    password_hash="-",
                    language="ms",
                    created_at=utc_now(),
                    left_at=left,
                )
            )

    bench.database.write(unit, system("test"))


def test_owners_and_managers_get_one_mail_for_each_threshold(bench: Bench) -> None:
    """14, 7 and 1 days ahead, also when the program begins anew in between."""
    put(bench, life=timedelta(days=7), unused_for=timedelta())
    add_members(bench)

    def mailed(ends_in: timedelta) -> list[tuple[str, str, str]]:
        bench.change_authorization(Purpose.CHAT, ends_at=utc_now() + ends_in)
        keeper(bench).look()
        keeper(bench).look()

        def unit(session: Session) -> list[tuple[str, str, str]]:
            found = session.scalars(select(Mail).order_by(Mail.recipient)).all()
            for one in found:
                session.delete(one)
            return [(one.recipient, one.language, facts(bench, one)["purpose"]) for one in found]

        return bench.database.write(unit, system("test"))

    both = [("manager@demo.test", "ms", "chat"), ("owner@demo.test", "ms", "chat")]
    days = {15: [], 13: both, 10: [], 6: both, 2: [], 0.9: both, 0.5: []}
    assert {day: mailed(timedelta(days=day)) for day in days} == days
    # Authorized again: the next end is another one.
    assert mailed(timedelta(days=90)) == []
    assert mailed(timedelta(days=5)) == both


def facts(bench: Bench, mail: Mail) -> dict[str, str]:
    assert mail.sealed_facts is not None
    found: dict[str, str] = json.loads(bench.box.open(mail.sealed_facts, bound_to(mail.key)))
    return found


@pytest.mark.parametrize(
    ("state", "ends_in", "standing", "warning"),
    [
        (AuthorizationState.NEVER, None, Standing.NEVER, 0),
        (AuthorizationState.EXPIRED, timedelta(days=90), Standing.EXPIRED, 0),
        (AuthorizationState.REVOKED, timedelta(days=90), Standing.REVOKED, 0),
        (AuthorizationState.AUTHORIZED, None, Standing.AUTHORIZED, 0),
        (AuthorizationState.AUTHORIZED, timedelta(days=14, seconds=1), Standing.AUTHORIZED, 0),
        (AuthorizationState.AUTHORIZED, timedelta(days=14), Standing.EXPIRING, 1),
        (AuthorizationState.AUTHORIZED, timedelta(days=7), Standing.EXPIRING, 2),
        (AuthorizationState.AUTHORIZED, timedelta(days=1), Standing.EXPIRING, 3),
        (AuthorizationState.AUTHORIZED, timedelta(0), Standing.EXPIRED, 3),
    ],
)
def test_standing(
    state: AuthorizationState, ends_in: timedelta | None, standing: Standing, warning: int
) -> None:
    ends_at = None if ends_in is None else NOW + ends_in
    later = None if ends_at is None else ends_at + timedelta(days=1)
    found = stands(state, later, ends_at, now=NOW)
    assert (found.standing, found.warning) == (standing, warning)
