"""Switching a shop's sending on and off; who did it, with which rule in view, is kept."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from cloud.accounts.models import Member
from cloud.marketplaces.offers import sending_rule
from cloud.marketplaces.registry import capabilities_of
from cloud.shops.errors import CannotSend, RuleNotRead
from cloud.shops.models import SendingDecision, Shop


@dataclass(frozen=True, slots=True)
class Decided:
    """The newest decision about a shop."""

    is_on: bool
    by: str
    """E-mail address of the member."""
    at: datetime


def switch_sending(
    session: Session, shop_id: int, *, on: bool, has_read_rule: bool, member_id: int, now: datetime
) -> None:
    """Send packing photos of a shop from now on, or no more (a scoped session).

    Raises:
        CannotSend: no app can write in the chats of this channel and country.
        RuleNotRead: the marketplace restricts such messages, and nobody said to have read how.
    """
    shop = session.get_one(Shop, shop_id)
    rule = sending_rule(shop.channel)
    if on:
        capabilities = capabilities_of(shop.channel, shop.country)
        if not capabilities.can_send_chat:
            raise CannotSend(capabilities.reason)
        if rule and not has_read_rule:
            raise RuleNotRead(f"the rule {rule} was not confirmed")
    shop.sending_enabled = on
    session.add(
        SendingDecision(shop_id=shop.id, member_id=member_id, is_on=on, rule=rule, decided_at=now)
    )


def newest_decisions(session: Session) -> dict[int, Decided]:
    """The newest decision about each shop of the organisation (a scoped session)."""
    rows = session.execute(
        select(
            SendingDecision.shop_id,
            SendingDecision.is_on,
            Member.email,
            SendingDecision.decided_at,
        )
        .join(Member, Member.id == SendingDecision.member_id)
        .order_by(SendingDecision.id)
    )
    return {shop_id: Decided(is_on, email, at) for shop_id, is_on, email, at in rows}
