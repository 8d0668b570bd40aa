"""Between password and code: a browser that may show a code, for a few minutes. Units."""

from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from cloud.accounts.code_models import SignInStep
from cloud.accounts.models import Member
from cloud.accounts.tokens import token_hash

STEP_LASTS = timedelta(minutes=10)


def begin_step(session: Session, member_id: int, token: str, now: datetime) -> None:
    """Let the browser with this token show a code (a scoped session)."""
    session.execute(delete(SignInStep).where(SignInStep.expires_at <= now))
    session.add(
        SignInStep(member_id=member_id, token_hash=token_hash(token), expires_at=now + STEP_LASTS)
    )


def step_of(session: Session, token: str, now: datetime) -> SignInStep | None:
    """The step of a browser; None: there is none, or not any more (a system session)."""
    return session.scalar(
        select(SignInStep)
        .join(Member, Member.id == SignInStep.member_id)
        .where(
            SignInStep.token_hash == token_hash(token),
            SignInStep.expires_at > now,
            Member.left_at.is_(None),
        )
    )


def end_step(session: Session, token: str) -> None:
    """It has led where it should (a scoped session)."""
    session.execute(delete(SignInStep).where(SignInStep.token_hash == token_hash(token)))
