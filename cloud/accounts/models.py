"""Tables of organisations and members."""

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from cloud.database.base import Base, BigId, OrganisationOwned, OrganisationRoot, primary_key


class Organisation(OrganisationRoot, Base):
    """A seller's business: everything else belongs to exactly one."""

    __tablename__ = "organisations"

    name: Mapped[str] = mapped_column(String(200))
    requires_code: Mapped[bool] = mapped_column(default=False)
    """Whether all members need a verification code to sign in."""
    created_at: Mapped[datetime]
    webcam_entitled: Mapped[bool] = mapped_column(default=True)
    """Sending photos of the browser's webcam to buyers is part of what it may use (S0-08)."""


class Member(OrganisationOwned, Base):
    """A person who may sign in."""

    __tablename__ = "members"
    __table_args__ = (UniqueConstraint("email"),)

    id: Mapped[int] = primary_key()
    email: Mapped[str] = mapped_column(String(200))
    name: Mapped[str] = mapped_column(String(200), default="")
    role: Mapped[str] = mapped_column(String(20))
    password_hash: Mapped[str] = mapped_column(String(200))
    """Empty: invited, and has not chosen one yet."""
    language: Mapped[str] = mapped_column(String(10), default="en")
    created_at: Mapped[datetime]
    left_at: Mapped[datetime | None]
    """Since when they cannot sign in any more; None: they can."""
    all_shops: Mapped[bool] = mapped_column(default=True)
    """Whether they see every shop, also those to come; else those of `MemberShop`. Owners do."""


class MemberShop(OrganisationOwned, Base):
    """A shop that a member may see, where that is not all of them."""

    __tablename__ = "member_shops"

    member_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("members.id", ondelete="CASCADE"), primary_key=True
    )
    shop_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("shops.id", ondelete="CASCADE"), primary_key=True
    )


class SignIn(OrganisationOwned, Base):
    """A browser that is signed in. Only a hash of its cookie is kept."""

    __tablename__ = "sign_ins"

    id: Mapped[int] = primary_key()
    member_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("members.id", ondelete="CASCADE"), index=True
    )
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class PasswordLink(OrganisationOwned, Base):
    """A link in a mail with which a member chooses a password. Only a hash of its code is kept."""

    __tablename__ = "password_links"

    id: Mapped[int] = primary_key()
    member_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("members.id", ondelete="CASCADE"), index=True
    )
    code_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    expires_at: Mapped[datetime]


class SignInFailure(Base):
    """A failed attempt to sign in; slows down guessing. Not bound to an organisation."""

    __tablename__ = "sign_in_failures"

    id: Mapped[int] = primary_key()
    subject: Mapped[str] = mapped_column(String(200), index=True)
    at: Mapped[datetime]
