"""Badges: made for a member, printed again, ended; and whose mark a table sends."""

import secrets
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cloud.accounts.models import Member
from cloud.database.secrets import SecretBox
from cloud.fleet.errors import NoSuchMember
from cloud.fleet.models import Badge
from wire.badges import ALPHABET, CODE_LENGTH, badge_text, is_mark, mark_of

PACKER_LENGTH = 80
"""Of the name that proofs carry: as a browser writes it, the member's address, cut."""


def badge_for(
    session: Session, box: SecretBox, member_id: int, now: datetime, *, anew: bool = False
) -> str:
    """The text of a member's badge; the one they have, or else a new one (a scoped session).

    ``anew``: what they have is ended. The text goes onto paper and nowhere else.

    Raises:
        NoSuchMember: the organisation has none who may sign in with this id.
        SecretError: the badge does not open; it can be made anew.
    """
    # Locked, so that of two at once the second finds the badge of the first.
    member = session.get(Member, member_id, with_for_update=True)
    if member is None or member.left_at is not None:
        raise NoSuchMember("there is no such member")
    if anew:
        end_badge(session, member_id, now)
    badge = _good(session, member_id)
    if badge is None or badge.sealed_code is None:
        return _new(session, box, member_id, now)
    return badge_text(box.open(badge.sealed_code, bound_to(badge.mark)).decode())


def end_badge(session: Session, member_id: int, now: datetime) -> bool:
    """No table takes a member's badge for theirs from now on; False: there is none (scoped)."""
    badge = _good(session, member_id)
    if badge is None:
        return False
    badge.ended_at, badge.sealed_code = now, None
    session.flush()
    return True


def members_with_badge(session: Session) -> set[int]:
    """Who has a good badge (a scoped session)."""
    return set(session.scalars(select(Badge.member_id).where(Badge.ended_at.is_(None))))


def packer_of(session: Session, packer: str | None, packed_at: datetime) -> str | None:
    """The packer that a manifest names, by name or by the mark of a badge (a scoped session).

    None: nobody was signed in, or with a badge that was not good any more when it was packed.
    """
    if packer is None or not is_mark(packer):
        return packer
    row = session.execute(
        select(func.substr(Member.email, 1, PACKER_LENGTH), Badge.ended_at, Member.left_at)
        .join(Member, Member.id == Badge.member_id)
        .where(Badge.mark == packer)
    ).first()
    if row is None:
        return None
    name, *ends = row
    return name if all(end is None or packed_at < end for end in ends) else None


def bound_to(mark: str) -> str:
    """Where a sealed code belongs."""
    return f"badges.code:{mark}"


def _good(session: Session, member_id: int) -> Badge | None:
    return session.scalar(
        select(Badge).where(Badge.member_id == member_id, Badge.ended_at.is_(None))
    )


def _new(session: Session, box: SecretBox, member_id: int, now: datetime) -> str:
    code = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))
    text = badge_text(code)
    mark = mark_of(text)
    sealed = box.seal(code.encode(), bound_to(mark))
    session.add(Badge(member_id=member_id, mark=mark, sealed_code=sealed, made_at=now))
    session.flush()
    return text
