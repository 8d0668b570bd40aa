"""A password for who forgot it, or never had one, by a link in a mail.

It looks over all organisations: who comes shows nothing but an address, or the code of a link.
"""

import threading

from sqlalchemy import select
from sqlalchemy.orm import Session

from cloud.accounts import throttle
from cloud.accounts.audit import Event, Recorded, record
from cloud.accounts.errors import LinkSpent
from cloud.accounts.models import Member
from cloud.accounts.password_links import member_of_link, send_link, use_link
from cloud.accounts.passwords import hash_password
from cloud.accounts.service import normal_email
from cloud.accounts.tokens import new_token
from cloud.database.base import utc_now
from cloud.database.scope import system
from cloud.database.write import Database
from cloud.mail.posting import MailRoom

_ASKED_AT_MOST = 5
"""Questions for one address within the window of the throttle."""
_HASHED_AT_ONCE = 2
"""Each takes 64 MiB for a moment (argon2)."""


class PasswordsByMail:
    """Sends links, and takes the passwords that are chosen with them."""

    def __init__(self, database: Database, mails: MailRoom) -> None:
        self._database = database
        self._mails = mails
        self._hashing = threading.BoundedSemaphore(_HASHED_AT_ONCE)

    def ask(self, email: str) -> None:
        """Send a link if a member has this address. The caller cannot tell, by time either."""
        address, code, now = normal_email(email), new_token(), utc_now()
        # No address holds a colon (members.checked_email): no sign-in is slowed down by this.
        subject = f"link:{address}"

        def unit(session: Session) -> None:
            if throttle.too_many_failures(session, subject, now, _ASKED_AT_MOST):
                return
            throttle.note_failure(session, subject, now)
            found = select(Member).where(Member.email == address, Member.left_at.is_(None))
            member = session.scalar(found)
            if member is not None:
                send_link(session, self._mails, member, code, now)

        self._database.write(unit, system("who forgot the password is not known"))

    def choose(self, code: str, password: str, address: str = "") -> int:
        """Set the password that a member has chosen with the code of a link; their id.

        Raises:
            LinkSpent: the link was used, has ended, or is none.
            ValueError: the password is too short; the link stays good.
        """
        now, scope = utc_now(), system("who has a link is not known")
        with self._database.read(scope) as session:
            if member_of_link(session, code, now) is None:
                raise LinkSpent
        with self._hashing:
            password_hash = hash_password(password)

        def unit(session: Session) -> int:
            member = use_link(session, code, password_hash, now)
            done = Recorded(now, Event.PASSWORD_CHOSEN, member.id, address=address)
            record(session, member.organisation_id, done)
            return member.id

        return self._database.write(unit, scope)
