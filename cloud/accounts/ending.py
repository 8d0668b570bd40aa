"""Ending all that a member's browsers hold."""

from sqlalchemy import delete
from sqlalchemy.orm import Session

from cloud.accounts.code_models import RememberedDevice, SignInStep
from cloud.accounts.models import SignIn


def end_sign_ins(session: Session, member_id: int) -> None:
    """Sign all browsers of a member out, and ask all of them for a code again (any session)."""
    for model in (SignIn, SignInStep, RememberedDevice):
        session.execute(delete(model).where(model.member_id == member_id))
