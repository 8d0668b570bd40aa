"""Signing in and out: the one place that looks over all organisations, to learn whose caller it is.

Nothing but the member behind an address and password, or behind a cookie, is read here.
"""

import threading
from dataclasses import dataclass

from sqlalchemy.orm import Session

from cloud.accounts.audit import Event, Recorded, record
from cloud.accounts.codes import Answer, asks_for_code, check_code
from cloud.accounts.devices import remember_device, use_device
from cloud.accounts.errors import SignInRefused, StepEnded, TooManyAttempts
from cloud.accounts.models import Member
from cloud.accounts.service import (
    SignedIn,
    check_password,
    note_failure,
    sign_in,
    sign_out,
    who_is,
)
from cloud.accounts.steps import begin_step, end_step, step_of
from cloud.accounts.tokens import new_token
from cloud.database.base import utc_now
from cloud.database.scope import scoped, system
from cloud.database.secrets import SecretBox
from cloud.database.write import Database

_CHECKS_AT_ONCE = 2
"""Each check takes 64 MiB for a moment (argon2); the others wait for their turn."""


@dataclass(frozen=True, slots=True)
class Entered:
    """A browser that has just been signed in, or has to show a code first."""

    token: str
    member_id: int
    organisation_id: int
    needs_code: bool = False
    """The token is of the step to the code, and opens nothing else."""
    device_token: str = ""
    """Of a browser that is remembered from now on."""

    def __repr__(self) -> str:
        return f"Entered(member {self.member_id})"


class SignIns:
    """Who is signed in with which browser."""

    def __init__(self, database: Database, box: SecretBox) -> None:
        self._database = database
        self._box = box
        self._checking = threading.BoundedSemaphore(_CHECKS_AT_ONCE)

    def enter(
        self, email: str, password: str, device_token: str = "", address: str = ""
    ) -> Entered:
        """Sign a browser in, or let it go on to the code. ``address``: of the browser.

        Raises:
            SignInRefused: no such member, or another password; it is counted.
            TooManyAttempts: too many failures for this address lately.
        """
        now, token = utc_now(), new_token()
        member = self.password_of(email, password, address)

        def unit(session: Session) -> bool:
            if asks_for_code(session, member) and not (
                device_token and use_device(session, member.id, device_token, now)
            ):
                begin_step(session, member.id, token, now)
                return True
            sign_in(session, member.id, member.organisation_id, token, now)
            done = Recorded(now, Event.SIGN_IN, member.id, address=address)
            record(session, member.organisation_id, done)
            return False

        needs_code = self._database.write(unit, scoped(member.organisation_id))
        return Entered(token, member.id, member.organisation_id, needs_code)

    def password_of(self, email: str, password: str, address: str = "") -> Member:
        """The member whose password this is.

        Raises:
            SignInRefused: no such member, or another password; it is counted.
            TooManyAttempts: too many failures for this address lately.
        """
        now = utc_now()
        try:
            with self._checking, self._database.read(system("signing in")) as session:
                return check_password(session, email, password, now)
        except SignInRefused:
            done = Recorded(now, Event.SIGN_IN_REFUSED, address=address)
            self._database.write(
                lambda session: note_failure(session, email, done), system("signing in")
            )
            raise

    def awaits_code(self, step_token: str) -> bool:
        """Whether a browser has shown the right password and may show a code."""
        with self._database.read(system("who is signing in")) as session:
            return step_of(session, step_token, utc_now()) is not None

    def pass_code(
        self, step_token: str, typed: str, remember_as: str = "", address: str = ""
    ) -> Entered:
        """Sign in the browser that shows a good code. ``remember_as``: it is not asked again soon.

        Raises:
            StepEnded: it has to show the password again.
            SignInRefused: the code is not good; it is counted.
            TooManyAttempts: too many codes were not good lately.
        """
        now, token, device_token = utc_now(), new_token(), new_token()
        with self._database.read(system("who is signing in")) as session:
            step = step_of(session, step_token, now)
        if step is None:
            raise StepEnded

        def unit(session: Session) -> Answer:
            answer = check_code(session, self._box, step.member_id, typed, now)
            if answer is Answer.RIGHT:
                end_step(session, step_token)
                sign_in(session, step.member_id, step.organisation_id, token, now)
                if remember_as:
                    remember_device(session, step.member_id, device_token, remember_as, now)
            event = Event.SIGN_IN if answer is Answer.RIGHT else Event.CODE_REFUSED
            if answer is not Answer.TOO_MANY:
                done = Recorded(now, event, step.member_id, address=address)
                record(session, step.organisation_id, done)
            return answer

        answer = self._database.write(unit, scoped(step.organisation_id))
        _require_right(answer)
        return Entered(
            token,
            step.member_id,
            step.organisation_id,
            device_token=device_token if remember_as else "",
        )

    def who(self, token: str) -> SignedIn | None:
        """The member behind a browser's token, or None."""
        with self._database.read(system("who is signed in")) as session:
            return who_is(session, token, utc_now())

    def leave(self, token: str, address: str = "") -> None:
        """Sign a browser out; an unknown one is no error."""
        now = utc_now()

        def unit(session: Session) -> None:
            who = who_is(session, token, now)
            sign_out(session, token)
            if who is not None:
                done = Recorded(now, Event.SIGN_OUT, who.member_id, address=address)
                record(session, who.organisation_id, done)

        self._database.write(unit, system("signing out"))


def _require_right(answer: Answer) -> None:
    if answer is Answer.TOO_MANY:
        raise TooManyAttempts
    if answer is Answer.WRONG:
        raise SignInRefused
