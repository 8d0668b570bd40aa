"""Switching a shop's sending on and off; who did it, with which notice in view, is kept."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from cloud.accounts.models import Member
from cloud.marketplaces.offers import sending_rule
from cloud.marketplaces.registry import capabilities_of
from cloud.shops.errors import CannotSend, RuleNotRead
from cloud.shops.models import SendingDecision, Shop


class Sends(StrEnum):
    """What is switched for itself."""

    PHOTOS = "photos"
    """Packing photos, order by order."""
    BATCHES = "batches"
    """What a person asks for together with others."""


@dataclass(frozen=True, slots=True)
class Switch:
    """What somebody wants to be so."""

    shop_id: int
    sends: Sends
    is_on: bool
    has_read: bool = False
    """They say that they have read the notice that belongs to it."""


@dataclass(frozen=True, slots=True)
class Decided:
    """The newest decision about one kind of sends of a shop."""

    is_on: bool
    by: str
    """E-mail address of the member."""
    at: datetime


def notice_of(sends: Sends, channel: str, country: str) -> str:
    """The name of what a person has to have read before they switch it on; empty for nothing."""
    if sends is Sends.PHOTOS:
        return sending_rule(channel)
    return capabilities_of(channel, country).batches


def switch_sending(session: Session, wanted: Switch, *, member_id: int, now: datetime) -> None:
    """Send from now on, or no more (a scoped session).

    Raises:
        CannotSend: no app can write in the chats of this channel and country.
        RuleNotRead: it has a notice, and nobody said to have read it.
    """
    shop = session.get_one(Shop, wanted.shop_id)
    notice = notice_of(wanted.sends, shop.channel, shop.country)
    if wanted.is_on:
        capabilities = capabilities_of(shop.channel, shop.country)
        if not capabilities.can_send_chat:
            raise CannotSend(capabilities.reason)
        if notice and not wanted.has_read:
            raise RuleNotRead(f"the notice {notice} was not confirmed")
    if wanted.sends is Sends.PHOTOS:
        shop.sending_enabled = wanted.is_on
    else:
        shop.batches_enabled = wanted.is_on
    session.add(
        SendingDecision(
            shop_id=shop.id,
            sends=wanted.sends,
            member_id=member_id,
            is_on=wanted.is_on,
            rule=notice,
            decided_at=now,
        )
    )


def newest_decisions(session: Session) -> dict[tuple[int, Sends], Decided]:
    """The newest decision of each kind about each shop of the organisation (a scoped session)."""
    rows = session.execute(
        select(
            SendingDecision.shop_id,
            SendingDecision.sends,
            SendingDecision.is_on,
            Member.email,
            SendingDecision.decided_at,
        )
        .join(Member, Member.id == SendingDecision.member_id)
        .order_by(SendingDecision.id)
    )
    return {
        (shop_id, Sends(sends)): Decided(is_on, email, at)
        for shop_id, sends, is_on, email, at in rows
    }
