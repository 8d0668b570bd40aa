"""Links by mail with which a person chooses a password: one use, an end, and only a hash kept."""

from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from cloud.accounts import throttle
from cloud.accounts.ending import end_sign_ins
from cloud.accounts.errors import LinkSpent
from cloud.accounts.models import Member, Organisation, PasswordLink
from cloud.accounts.tokens import token_hash
from cloud.mail.posting import MailRoom, NewMail

INVITATION = "invitation"
PASSWORD_RESET = "password-reset"  # noqa: S105  the kind of a mail
INVITATION_LASTS = timedelta(days=3)
RESET_LASTS = timedelta(hours=1)
LINKS_AT_ONCE = 3
"""More than these are not sent to a member while they are good, so that nobody is flooded."""


def send_link(session: Session, mails: MailRoom, member: Member, code: str, now: datetime) -> None:
    """Mail a member a link: an invitation to who has no password yet (any session).

    Nothing is made where no mail is sent, or while the member has LINKS_AT_ONCE good ones.
    """
    is_new = not member.password_hash
    lasts = INVITATION_LASTS if is_new else RESET_LASTS
    session.execute(delete(PasswordLink).where(PasswordLink.expires_at <= now))
    if not mails.is_open or _links(session, member, now) >= LINKS_AT_ONCE:
        return
    session.add(
        PasswordLink(
            organisation_id=member.organisation_id,
            member_id=member.id,
            code_hash=token_hash(code),
            expires_at=now + lasts,
        )
    )
    organisation = session.get_one(Organisation, member.organisation_id)
    facts = {"code": code, "email": member.email, "organisation": organisation.name}
    kind = INVITATION if is_new else PASSWORD_RESET
    new = NewMail(kind, member.email, member.language, facts, lasts)
    mails.post(session, member.organisation_id, new)


def member_of_link(session: Session, code: str, now: datetime) -> Member | None:
    """Whose link this is; None: nobody's, or not any more (a system session)."""
    return session.scalar(
        select(Member)
        .join(PasswordLink, PasswordLink.member_id == Member.id)
        .where(
            PasswordLink.code_hash == token_hash(code),
            PasswordLink.expires_at > now,
            Member.left_at.is_(None),
        )
    )


def use_link(session: Session, code: str, password_hash: str, now: datetime) -> Member:
    """Set the password, sign all browsers out and spend all links (a system session).

    Raises:
        LinkSpent: it was used, has ended, or is none.
    """
    member = member_of_link(session, code, now)
    if member is None:
        raise LinkSpent
    # Of several that come at once the second deletes nothing, and sets nothing.
    spent = session.scalars(
        delete(PasswordLink)
        .where(PasswordLink.member_id == member.id)
        .returning(PasswordLink.code_hash)
    ).all()
    if token_hash(code) not in spent:
        raise LinkSpent
    member.password_hash = password_hash
    end_sign_ins(session, member.id)
    throttle.forget_failures(session, member.email)
    return member


def forget_links(session: Session, member_id: int) -> None:
    """End all links of a member (a scoped session)."""
    session.execute(delete(PasswordLink).where(PasswordLink.member_id == member_id))


def _links(session: Session, member: Member, now: datetime) -> int:
    good = select(func.count(PasswordLink.id)).where(
        PasswordLink.member_id == member.id, PasswordLink.expires_at > now
    )
    return session.scalar(good) or 0
