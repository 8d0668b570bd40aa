"""The audit log: recording in it, and reading it. Units."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from cloud.accounts.audit_models import AuditEntry
from cloud.accounts.models import Member

PAGE = 50


class Event(StrEnum):
    """What is recorded besides the deeds of roles.Deed, which stand here by their own names."""

    SIGN_IN = "sign-in"
    SIGN_IN_REFUSED = "sign-in-refused"
    CODE_REFUSED = "code-refused"
    SIGN_OUT = "sign-out"
    PASSWORD_CHOSEN = "password-chosen"  # noqa: S105  the name of an event
    OWN_SIGN_IN = "own-sign-in"
    """A member's own codes, remembered browsers, and signing out everywhere."""
    EXPORT = "export"
    RETENTION = "retention"
    """What was deleted because of its age; nobody did it."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """Something that was done, for the log."""

    at: datetime
    event: str
    """An Event, or the name of a Deed."""
    member_id: int | None = None
    what: str = ""
    """Path or ids; no names, texts or secrets."""
    ending: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries a reader wants."""

    event: str = ""
    member_id: int | None = None
    before: int | None = None
    """Entries below this id; None: from the newest on."""


@dataclass(frozen=True, slots=True)
class Shown:
    """An entry as the page lists it."""

    id: int
    at: datetime
    who: str
    """Empty: not known."""
    event: str
    what: str
    ending: str
    address: str


def record(session: Session, organisation_id: int, done: Recorded) -> None:
    """Add an entry, in the transaction of the deed where there is one (any session)."""
    session.add(
        AuditEntry(
            organisation_id=organisation_id,
            at=done.at,
            member_id=done.member_id,
            event=done.event,
            what=_cut(done.what, 500),
            ending=_cut(done.ending, 40),
            address=_cut(done.address, 45),
        )
    )


def entries(session: Session, wanted: Wanted) -> Sequence[Shown]:
    """A page of entries and one more, the newest first (a scoped session)."""
    found = (
        select(AuditEntry, Member.name, Member.email)
        .outerjoin(Member, Member.id == AuditEntry.member_id)
        .order_by(AuditEntry.id.desc())
        .limit(PAGE + 1)
    )
    if wanted.event:
        found = found.where(AuditEntry.event == wanted.event)
    if wanted.member_id is not None:
        found = found.where(AuditEntry.member_id == wanted.member_id)
    if wanted.before is not None:
        found = found.where(AuditEntry.id < wanted.before)
    return [
        Shown(row.id, row.at, name or email or "", row.event, row.what, row.ending, row.address)
        for row, name, email in session.execute(found)
    ]


def _cut(text: str, longest: int) -> str:
    return text.replace("\0", "")[:longest]
