"""The people of an organisation: who they are, and what each may do.

Whoever has left stays known by name, because orders and decisions name them; the address cannot
sign in any more, and comes back as the same member.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from cloud.accounts import throttle
from cloud.accounts.codes import forget_codes
from cloud.accounts.ending import end_sign_ins
from cloud.accounts.errors import LastOwner, MemberExists, NoAddress, OwnersOnly, UnknownMember
from cloud.accounts.granted_shops import grant_shops, shops_of
from cloud.accounts.models import Member, SignIn
from cloud.accounts.password_links import (
    INVITATION,
    PASSWORD_RESET,
    forget_links,
    send_link,
)
from cloud.accounts.roles import Role
from cloud.accounts.service import normal_email
from cloud.accounts.tokens import new_token
from cloud.mail.posting import MailRoom
from cloud.mail.queue import LastMail, last_mails

DEFAULT_LANGUAGE = "en"
_LONGEST_EMAIL = 200
_ADDRESS = re.compile(r"[^\s<>()\[\]:;,\\\"@]+@[^\s<>()\[\]:;,\\\"@]+")
"""Without what only quoted addresses may hold, which nobody has."""


@dataclass(frozen=True, slots=True)
class MemberFacts:
    """A member as the page lists them."""

    id: int
    email: str
    role: str
    created_at: datetime
    browsers: int
    """In which they are signed in now."""
    has_password: bool
    """False: invited, and has not chosen one yet."""
    mail: LastMail | None
    """What became of the last link that was mailed to them."""
    shops: frozenset[int] | None
    """The shops that they see; None: all."""


def list_members(session: Session, now: datetime) -> Sequence[MemberFacts]:
    """All who may sign in, by address (a scoped session)."""
    browsers = (
        select(func.count())
        .where(SignIn.member_id == Member.id, SignIn.expires_at > now)
        .scalar_subquery()
    )
    rows = session.execute(
        select(
            Member.id,
            Member.email,
            Member.role,
            Member.created_at,
            browsers,
            Member.password_hash != "",
            or_(Member.all_shops, Member.role == Role.OWNER),
        )
        .where(Member.left_at.is_(None))
        .order_by(Member.email)
    ).all()
    mails = last_mails(session, [row.email for row in rows], (INVITATION, PASSWORD_RESET))
    shops = shops_of(session, [row.id for row in rows])
    return [
        MemberFacts(
            id=member_id,
            email=email,
            role=role,
            created_at=created_at,
            browsers=count,
            has_password=has_password,
            mail=mails.get(email),
            shops=None if all_shops else shops.get(member_id, frozenset()),
        )
        for member_id, email, role, created_at, count, has_password, all_shops in rows
    ]


def add_member(
    session: Session,
    email: str,
    role: Role,
    password_hash: str,
    now: datetime,
    *,
    language: str = DEFAULT_LANGUAGE,
    shops: Collection[int] | None = None,
) -> Member:
    """Let somebody sign in (a scoped session). Without a password they are to be invited.

    ``shops``: those that they see; None: all.

    The commit raises ConstraintViolated when another organisation has the address.

    Raises:
        NoAddress: it is no e-mail address.
        MemberExists: the organisation has a member with it.
    """
    address = checked_email(email)
    member = session.scalar(select(Member).where(Member.email == address))
    if member is None:
        member = Member(
            email=address,
            role=role,
            password_hash=password_hash,
            language=language,
            created_at=now,
        )
        session.add(member)
    elif member.left_at is None:
        raise MemberExists(f"{address} is a member already: change the role instead")
    else:
        member.role, member.password_hash, member.left_at = role, password_hash, None
    session.flush()
    grant_shops(session, member, shops)
    return member


def mail_link(session: Session, mails: MailRoom, member_id: int, now: datetime) -> None:
    """Mail a member a link to choose a password with (a scoped session). They stay signed in.

    Raises:
        UnknownMember: the organisation has no such member.
    """
    send_link(session, mails, _member(session, member_id), new_token(), now)


def change_role(session: Session, member_id: int, role: Role) -> None:
    """Give a member another role (a scoped session). It holds from the next page on.

    Raises:
        UnknownMember: the organisation has no such member.
        LastOwner: nobody would be left who may do everything.
    """
    member = _member(session, member_id)
    if role is not Role.OWNER:
        _keep_an_owner(session, member)
    member.role = role


def choose_shops(session: Session, member_id: int, shops: Collection[int] | None) -> None:
    """Let a member see these shops alone, or all (None), from the next page on.

    A scoped session. Owners see all, whatever is chosen.

    Raises:
        UnknownMember: the organisation has no such member.
    """
    grant_shops(session, _member(session, member_id), shops)


def let_go(session: Session, member_id: int, now: datetime) -> None:
    """End a member's access and sign their browsers out (a scoped session).

    Raises:
        UnknownMember: the organisation has no such member.
        LastOwner: nobody would be left who may do everything.
    """
    member = _member(session, member_id)
    _keep_an_owner(session, member)
    member.left_at = now
    forget_links(session, member.id)
    forget_codes(session, member.id)
    end_sign_ins(session, member.id)


def give_password(session: Session, member_id: int, password_hash: str) -> str:
    """Give a member another password and sign their browsers out; their address.

    A scoped session.

    Raises:
        UnknownMember: the organisation has no such member.
    """
    member = _member(session, member_id)
    member.password_hash = password_hash
    forget_links(session, member.id)
    end_sign_ins(session, member.id)
    throttle.forget_failures(session, member.email)
    return member.email


def sign_out_everywhere(session: Session, member_id: int) -> None:
    """End all sign-ins of a member (a scoped session).

    Raises:
        UnknownMember: the organisation has no such member.
    """
    end_sign_ins(session, _member(session, member_id).id)


def reset_codes(session: Session, member_id: int, *, by_owner: bool) -> None:
    """Turn verification codes off for who lost the phone, and sign their browsers out.

    A scoped session. What the member showed last, the password, is still needed.

    Raises:
        UnknownMember: the organisation has no such member.
        OwnersOnly: it is an owner's, and ``by_owner`` is False.
    """
    member = _member(session, member_id)
    if member.role == Role.OWNER and not by_owner:
        raise OwnersOnly
    forget_codes(session, member.id)
    end_sign_ins(session, member.id)


def checked_email(email: str) -> str:
    """The form in which it is stored.

    Raises:
        NoAddress: mail could not be sent to it.
    """
    address = normal_email(email)
    is_one = _ADDRESS.fullmatch(address) and address.isprintable()
    if not is_one or len(address) > _LONGEST_EMAIL:
        raise NoAddress(f"an address looks like name@example.com, in {_LONGEST_EMAIL} characters")
    return address


def _member(session: Session, member_id: int) -> Member:
    found = select(Member).where(Member.id == member_id, Member.left_at.is_(None))
    member = session.scalar(found)
    if member is None:
        raise UnknownMember("there is no such member")
    return member


def _keep_an_owner(session: Session, member: Member) -> None:
    others = select(func.count()).where(
        Member.role == Role.OWNER, Member.left_at.is_(None), Member.id != member.id
    )
    if member.role == Role.OWNER and not session.scalar(others):
        raise LastOwner(f"{member.email} is the only owner: make somebody else one first")
