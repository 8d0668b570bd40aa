"""Browsers that are not asked for a code for a while. Units."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from cloud.accounts.code_models import RememberedDevice
from cloud.accounts.tokens import token_hash

REMEMBERED_FOR = timedelta(days=30)


def remember_device(
    session: Session, member_id: int, token: str, label: str, now: datetime
) -> None:
    """Let a browser with this token do without a code (a scoped session)."""
    session.execute(delete(RememberedDevice).where(RememberedDevice.expires_at <= now))
    session.add(
        RememberedDevice(
            member_id=member_id,
            token_hash=token_hash(token),
            label=label,
            created_at=now,
            last_used_at=now,
            expires_at=now + REMEMBERED_FOR,
        )
    )


def use_device(session: Session, member_id: int, token: str, now: datetime) -> bool:
    """Whether the browser with this token does without a code (any session that writes)."""
    row = session.scalar(
        select(RememberedDevice).where(
            RememberedDevice.member_id == member_id,
            RememberedDevice.token_hash == token_hash(token),
            RememberedDevice.expires_at > now,
        )
    )
    if row is None:
        return False
    row.last_used_at = now
    return True


def list_devices(session: Session, member_id: int, now: datetime) -> Sequence[RememberedDevice]:
    """A member's, the last used first (a scoped session)."""
    return session.scalars(
        select(RememberedDevice)
        .where(RememberedDevice.member_id == member_id, RememberedDevice.expires_at > now)
        .order_by(RememberedDevice.last_used_at.desc(), RememberedDevice.id)
    ).all()


def forget_device(session: Session, member_id: int, device_id: int) -> None:
    """Ask it for a code again; one of somebody else stays (a scoped session)."""
    session.execute(
        delete(RememberedDevice).where(
            RememberedDevice.member_id == member_id, RememberedDevice.id == device_id
        )
    )
