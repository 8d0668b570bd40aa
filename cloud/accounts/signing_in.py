"""Signing in and out: the one place that looks over all organisations, to learn whose caller it is.

Nothing but the member behind an address and password, or behind a cookie, is read here.
"""

import threading
from dataclasses import dataclass

from sqlalchemy.orm import Session

from cloud.accounts.errors import SignInRefused
from cloud.accounts.service import (
    SignedIn,
    check_password,
    new_token,
    note_failure,
    sign_in,
    sign_out,
    who_is,
)
from cloud.database.base import utc_now
from cloud.database.scope import scoped, system
from cloud.database.write import Database

_CHECKS_AT_ONCE = 2
"""Each check takes 64 MiB for a moment (argon2); the others wait for their turn."""


@dataclass(frozen=True, slots=True)
class Entered:
    """A browser that has just been signed in."""

    token: str
    member_id: int
    organisation_id: int

    def __repr__(self) -> str:
        return f"Entered(member {self.member_id})"


class SignIns:
    """Who is signed in with which browser."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._checking = threading.BoundedSemaphore(_CHECKS_AT_ONCE)

    def enter(self, email: str, password: str) -> Entered:
        """Sign a browser in.

        Raises:
            SignInRefused: no such member, or another password; it is counted.
            TooManyAttempts: too many failures for this address lately.
        """
        now = utc_now()
        try:
            with self._checking, self._database.read(system("signing in")) as session:
                member = check_password(session, email, password, now)
        except SignInRefused:
            self._database.write(
                lambda session: note_failure(session, email, now), system("signing in")
            )
            raise
        token = new_token()

        def unit(session: Session) -> None:
            sign_in(session, member.id, member.organisation_id, token, now)

        self._database.write(unit, scoped(member.organisation_id))
        return Entered(token, member.id, member.organisation_id)

    def who(self, token: str) -> SignedIn | None:
        """The member behind a browser's token, or None."""
        with self._database.read(system("who is signed in")) as session:
            return who_is(session, token, utc_now())

    def leave(self, token: str) -> None:
        """Sign a browser out; an unknown one is no error."""
        self._database.write(lambda session: sign_out(session, token), system("signing out"))
