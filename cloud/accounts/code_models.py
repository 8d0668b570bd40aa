"""Tables of the second step of signing in."""

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from cloud.database.base import Base, BigId, OrganisationOwned, primary_key


class VerificationCode(OrganisationOwned, Base):
    """What a member's authenticator app and we share."""

    __tablename__ = "verification_codes"

    id: Mapped[int] = primary_key()
    member_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("members.id", ondelete="CASCADE"), unique=True
    )
    sealed_secret: Mapped[bytes] = mapped_column(LargeBinary)
    confirmed_at: Mapped[datetime | None]
    """Since when it is asked for; None: the member has not shown yet that the app has it."""
    last_step: Mapped[int] = mapped_column(BigId, default=0)
    """Time step of the last code that was taken: no code counts twice."""


class BackupCode(OrganisationOwned, Base):
    """A code on paper, for who has lost the phone. It is deleted when it is used."""

    __tablename__ = "backup_codes"

    id: Mapped[int] = primary_key()
    member_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("members.id", ondelete="CASCADE"), index=True
    )
    code_hash: Mapped[bytes] = mapped_column(LargeBinary(32))


class RememberedDevice(OrganisationOwned, Base):
    """A browser that is not asked for a code; the password it is asked for."""

    __tablename__ = "remembered_devices"

    id: Mapped[int] = primary_key()
    member_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("members.id", ondelete="CASCADE"), index=True
    )
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    label: Mapped[str] = mapped_column(String(60))
    """What it is, for its owner to know it by."""
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class SignInStep(OrganisationOwned, Base):
    """A browser that showed the right password, and has to show a code. It may nothing else."""

    __tablename__ = "sign_in_steps"

    id: Mapped[int] = primary_key()
    member_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("members.id", ondelete="CASCADE"), index=True
    )
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    expires_at: Mapped[datetime]
