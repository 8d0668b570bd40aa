"""Creating an organisation with its owner, and signing in and out."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from cloud.accounts import throttle
from cloud.accounts.audit import Recorded, record
from cloud.accounts.code_models import VerificationCode
from cloud.accounts.ending import end_sign_ins
from cloud.accounts.errors import SignInRefused, TooManyAttempts, UnknownMember
from cloud.accounts.granted_shops import granted_shops
from cloud.accounts.models import Member, Organisation, SignIn
from cloud.accounts.password_links import forget_links
from cloud.accounts.passwords import password_matches
from cloud.accounts.tokens import token_hash

SIGN_IN_LASTS = timedelta(days=14)
FAILURES_ALLOWED = 10


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who is behind a cookie."""

    member_id: int
    organisation_id: int
    email: str
    name: str
    role: str
    language: str
    shops: frozenset[int] | None = None
    """The shops that were granted to them; None: they see all."""
    must_set_up_code: bool = False
    """The organisation requires one, and the member has none: no page but their own opens."""


def create_organisation(
    session: Session, name: str, owner_email: str, owner_password_hash: str, now: datetime
) -> Organisation:
    """Add an organisation and its owner (a system session)."""
    organisation = Organisation(name=name, created_at=now)
    session.add(organisation)
    session.flush()
    session.add(
        Member(
            organisation_id=organisation.id,
            email=normal_email(owner_email),
            role="owner",
            password_hash=owner_password_hash,
            created_at=now,
        )
    )
    session.flush()
    return organisation


def normal_email(email: str) -> str:
    """The form in which addresses are stored and compared."""
    return email.strip().lower().replace("\0", "")  # PostgreSQL takes no NUL


def check_password(session: Session, email: str, password: str, now: datetime) -> Member:
    """Find the member whose password this is (a reading system session; slow by intent).

    Raises:
        TooManyAttempts: the address failed too often lately, whoever tried.
        SignInRefused: no such member, or another password.
    """
    subject = normal_email(email)
    if throttle.too_many_failures(session, subject, now, FAILURES_ALLOWED):
        raise TooManyAttempts
    member = session.scalar(select(Member).where(Member.email == subject, Member.left_at.is_(None)))
    if not password_matches(member.password_hash if member else None, password) or member is None:
        raise SignInRefused
    return member


def set_password(session: Session, email: str, password_hash: str) -> None:
    """Give a member a new password and end their sign-ins (a system session).

    Raises:
        UnknownMember: nobody has this address.
    """
    subject = normal_email(email)
    member = session.scalar(select(Member).where(Member.email == subject))
    if member is None:
        raise UnknownMember(f"nobody has the address {subject}")
    member.password_hash = password_hash
    forget_links(session, member.id)
    end_sign_ins(session, member.id)
    throttle.forget_failures(session, subject)


def note_failure(session: Session, email: str, done: Recorded) -> None:
    """Count a failed attempt, and record it with the member whom it was about, if there is one."""
    subject = normal_email(email)
    throttle.note_failure(session, subject, done.at)
    member = session.scalar(select(Member).where(Member.email == subject))
    if member is not None:
        record(session, member.organisation_id, replace(done, member_id=member.id))


def sign_in(
    session: Session, member_id: int, organisation_id: int, token: str, now: datetime
) -> None:
    """Record that the browser with ``token`` is signed in."""
    session.execute(delete(SignIn).where(SignIn.expires_at < now))
    session.add(
        SignIn(
            organisation_id=organisation_id,
            member_id=member_id,
            token_hash=token_hash(token),
            created_at=now,
            expires_at=now + SIGN_IN_LASTS,
        )
    )


def who_is(session: Session, token: str, now: datetime) -> SignedIn | None:
    """The member behind a cookie, or None when it is unknown or has expired."""
    row = session.execute(
        select(Member, Organisation.requires_code, VerificationCode.confirmed_at)
        .join(SignIn, SignIn.member_id == Member.id)
        .join(Organisation, Organisation.id == Member.organisation_id)
        .outerjoin(VerificationCode, VerificationCode.member_id == Member.id)
        .where(
            SignIn.token_hash == token_hash(token),
            SignIn.expires_at > now,
            Member.left_at.is_(None),
        )
    ).first()
    if row is None:
        return None
    member, requires_code, confirmed_at = row
    return SignedIn(
        member_id=member.id,
        organisation_id=member.organisation_id,
        email=member.email,
        name=member.name,
        role=member.role,
        language=member.language,
        shops=granted_shops(session, member),
        must_set_up_code=requires_code and confirmed_at is None,
    )


def sign_out(session: Session, token: str) -> None:
    """Forget a sign-in; unknown ones are no error."""
    session.execute(delete(SignIn).where(SignIn.token_hash == token_hash(token)))


def choose_language(session: Session, member_id: int, language: str) -> None:
    """Keep the language in which a member reads pages (a scoped session)."""
    session.get_one(Member, member_id).language = language
