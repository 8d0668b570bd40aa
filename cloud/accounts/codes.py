"""The second step of signing in: codes of an authenticator app, and backup codes. Units."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from cloud.accounts import throttle
from cloud.accounts.code_models import BackupCode, RememberedDevice, SignInStep, VerificationCode
from cloud.accounts.ending import end_sign_ins
from cloud.accounts.errors import CodesAreOn, UnknownMember
from cloud.accounts.models import Member, Organisation
from cloud.accounts.passwords import new_password
from cloud.accounts.service import normal_email
from cloud.accounts.totp import DIGITS, matching_step
from cloud.database.secrets import SecretBox

WRONG_CODES_ALLOWED = 5
"""Within the window of the throttle. Three codes are good at a time: guesses find one of a million
in years."""
BACKUP_CODES = 10


class Answer(StrEnum):
    """What became of a code."""

    RIGHT = "right"
    WRONG = "wrong"
    TOO_MANY = "too-many"


@dataclass(frozen=True, slots=True)
class CodeFacts:
    """How the second step of a member stands."""

    is_on: bool
    backup_codes: int
    is_required: bool


def bound_to(member_id: int) -> str:
    """What a member's sealed secret is bound to."""
    return f"verification_codes.secret:{member_id}"


def new_backup_codes() -> list[str]:
    """Codes of about 80 bits each: too many to be guessed even from their hashes."""
    return [new_password() for _ in range(BACKUP_CODES)]


def code_facts(session: Session, member_id: int) -> CodeFacts:
    """How it stands (a scoped session)."""
    row = _row(session, member_id)
    left = select(func.count(BackupCode.id)).where(BackupCode.member_id == member_id)
    return CodeFacts(
        is_on=row is not None and row.confirmed_at is not None,
        backup_codes=session.scalar(left) or 0,
        is_required=bool(session.scalar(select(Organisation.requires_code))),
    )


def offer_secret(session: Session, box: SecretBox, member_id: int, secret: bytes) -> None:
    """Keep a secret that the member's app is shown, until a code confirms it (a scoped session).

    Raises:
        CodesAreOn: one is in use. It is not replaced in passing.
    """
    row = _row(session, member_id, lock=True)
    sealed = box.seal(secret, bound_to(member_id))
    if row is None:
        session.add(VerificationCode(member_id=member_id, sealed_secret=sealed))
    elif row.confirmed_at is None:
        row.sealed_secret = sealed
    else:
        raise CodesAreOn


def confirm_secret(
    session: Session,
    box: SecretBox,
    member_id: int,
    typed: str,
    now: datetime,
    *,
    backup_codes: Sequence[str],
) -> Answer:
    """Turn codes on, if this is one of the secret that was offered (a scoped session)."""
    row = _row(session, member_id, lock=True)
    if row is None or row.confirmed_at is not None:
        return Answer.WRONG
    if not _is_of_app(box, row, typed, now):
        return Answer.WRONG
    row.confirmed_at = now
    replace_backup_codes(session, member_id, backup_codes)
    return Answer.RIGHT


def check_code(
    session: Session, box: SecretBox, member_id: int, typed: str, now: datetime
) -> Answer:
    """Whether a code is good; it is spent with that, or counted as wrong (a scoped session).

    Count and check are one transaction, so that many at once are no more guesses.
    """
    row = _row(session, member_id, lock=True)
    if row is None or row.confirmed_at is None:
        return Answer.WRONG
    if throttle.too_many_failures(session, _subject(member_id), now, WRONG_CODES_ALLOWED):
        return Answer.TOO_MANY
    is_right = _is_of_app(box, row, typed, now) or _is_backup_code(session, member_id, typed)
    return _counted(session, member_id, is_right, now)


def replace_backup_codes(session: Session, member_id: int, codes: Sequence[str]) -> None:
    """Give a member other backup codes; earlier ones end (a scoped session)."""
    session.execute(delete(BackupCode).where(BackupCode.member_id == member_id))
    session.add_all(
        BackupCode(member_id=member_id, code_hash=_digest(member_id, code)) for code in codes
    )


def forget_codes(session: Session, member_id: int) -> None:
    """Turn codes off for a member, with all that belongs to them (any session)."""
    for model in (VerificationCode, BackupCode, RememberedDevice, SignInStep):
        session.execute(delete(model).where(model.member_id == member_id))
    throttle.forget_failures(session, _subject(member_id))


def forget_codes_of(session: Session, email: str) -> None:
    """The same by address, signing all browsers out (a system session).

    Raises:
        UnknownMember: nobody has this address.
    """
    member = session.scalar(select(Member).where(Member.email == normal_email(email)))
    if member is None:
        raise UnknownMember(f"nobody has the address {normal_email(email)}")
    forget_codes(session, member.id)
    end_sign_ins(session, member.id)


def require_codes(session: Session, *, required: bool) -> None:
    """Say whether all members of the organisation need codes (a scoped session)."""
    session.scalars(select(Organisation)).one().requires_code = required


def members_with_codes(session: Session) -> set[int]:
    """Ids of those who have codes on (a scoped session)."""
    on = select(VerificationCode.member_id).where(VerificationCode.confirmed_at.is_not(None))
    return set(session.scalars(on))


def asks_for_code(session: Session, member: Member) -> bool:
    """Whether the member's password is not enough (a reading session)."""
    row = _row(session, member.id)
    return row is not None and row.confirmed_at is not None


def _row(session: Session, member_id: int, *, lock: bool = False) -> VerificationCode | None:
    found = select(VerificationCode).where(VerificationCode.member_id == member_id)
    return session.scalar(found.with_for_update() if lock else found)


def _is_of_app(box: SecretBox, row: VerificationCode, typed: str, now: datetime) -> bool:
    digits = "".join(typed.split())
    if len(digits) != DIGITS or not (digits.isascii() and digits.isdigit()):
        return False
    secret = box.open(row.sealed_secret, bound_to(row.member_id))
    step = matching_step(secret, digits, now, row.last_step)
    if step is None:
        return False
    row.last_step = step
    return True


def _is_backup_code(session: Session, member_id: int, typed: str) -> bool:
    spent = session.scalars(
        delete(BackupCode)
        .where(BackupCode.member_id == member_id, BackupCode.code_hash == _digest(member_id, typed))
        .returning(BackupCode.id)
    ).all()
    return bool(spent)


def _counted(session: Session, member_id: int, is_right: bool, now: datetime) -> Answer:
    if is_right:
        throttle.forget_failures(session, _subject(member_id))
        return Answer.RIGHT
    throttle.note_failure(session, _subject(member_id), now)
    return Answer.WRONG


def _subject(member_id: int) -> str:
    """No address holds a colon (members.checked_email)."""
    return f"code:{member_id}"


def _digest(member_id: int, code: str) -> bytes:
    plain = "".join(one for one in code.casefold() if one.isalnum())
    return hashlib.sha256(f"{member_id}:{plain}".encode()).digest()
