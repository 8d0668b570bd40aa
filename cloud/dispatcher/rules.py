"""Whether the proof of a found order is sent, saved, held, or put before a person. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from cloud.conversations.states import DispatchState, Reason


@dataclass(frozen=True, slots=True)
class MatchFacts:
    """All that the decision depends on."""

    order_cancelled: bool
    order_refunded: bool
    has_buyer: bool
    sending_enabled: bool
    platform_enabled: bool
    """Photos of what it was captured with go to buyers."""
    channel_can_send: bool
    batch_refused: bool
    """It was asked for together with others, and its shop lets no batches go."""
    authorized: bool
    sent_before: bool
    """Another dispatch of this order was sent or is under way."""
    other_parcel: bool
    """The scanned tracking number is another than that dispatch's."""
    closed_at: datetime
    now: datetime
    asked_by_person: bool
    """A person asked for this dispatch and has seen what would stop it."""


@dataclass(frozen=True, slots=True)
class Decision:
    """QUEUED: plan and send. Everything else stands with its reason."""

    state: DispatchState
    reason: Reason | None = None


SEND = Decision(DispatchState.QUEUED)


def decide(facts: MatchFacts, too_old: timedelta) -> Decision:
    """Decide; the reason that a person can change least comes first."""
    if not facts.channel_can_send:
        return Decision(DispatchState.SAVED_NOT_SENT, Reason.CHANNEL_CANNOT_SEND)
    if not facts.has_buyer:
        return Decision(DispatchState.NEEDS_PERSON, Reason.BUYER_UNREACHABLE)
    if facts.batch_refused:
        return Decision(DispatchState.SAVED_NOT_SENT, Reason.BATCHES_SWITCHED_OFF)
    if not facts.authorized:
        return Decision(DispatchState.HELD, Reason.AUTHORIZATION)
    return SEND if facts.asked_by_person else _by_itself(facts, too_old)


def may_begin(
    *,
    sending_enabled: bool,
    platform_enabled: bool,
    batch_refused: bool,
    asked_by_person: bool,
    has_begun: bool,
    age: timedelta,
    too_old: timedelta,
) -> Decision | None:
    """What stops a planned dispatch when its turn comes; None: nothing.

    A queue may be long: the shop, its batches or the capture platform may have been switched off
    since, or the proof grown too old. What the buyer got a part of already goes on to its end,
    unless the shop is switched off.
    """
    if batch_refused and not has_begun:
        return Decision(DispatchState.SAVED_NOT_SENT, Reason.BATCHES_SWITCHED_OFF)
    if asked_by_person:
        return None
    if not sending_enabled:
        return Decision(DispatchState.SAVED_NOT_SENT, Reason.SHOP_SWITCHED_OFF)
    if has_begun:
        return None
    if not platform_enabled:
        return Decision(DispatchState.SAVED_NOT_SENT, Reason.PLATFORM_SWITCHED_OFF)
    return Decision(DispatchState.NEEDS_PERSON, Reason.TOO_OLD) if age > too_old else None


def after_holding(
    decision: Decision, *, is_held: bool, reason: Reason | None, age: timedelta, longest: timedelta
) -> Decision:
    """What becomes of a dispatch that is or was held: beyond ``longest`` a person decides."""
    held_too_long = (is_held or decision.state is DispatchState.HELD) and age > longest
    if held_too_long and decision.state in (DispatchState.HELD, DispatchState.QUEUED):
        return Decision(DispatchState.NEEDS_PERSON, decision.reason or reason)
    return decision


def _by_itself(facts: MatchFacts, too_old: timedelta) -> Decision:
    if facts.order_cancelled or facts.order_refunded:
        return Decision(DispatchState.SAVED_NOT_SENT, Reason.ORDER_CANCELLED)
    if not facts.sending_enabled:
        return Decision(DispatchState.SAVED_NOT_SENT, Reason.SHOP_SWITCHED_OFF)
    if not facts.platform_enabled:
        return Decision(DispatchState.SAVED_NOT_SENT, Reason.PLATFORM_SWITCHED_OFF)
    if facts.sent_before and not facts.other_parcel:
        return Decision(DispatchState.NEEDS_PERSON, Reason.ALREADY_SENT)
    if facts.now - facts.closed_at > too_old:
        return Decision(DispatchState.NEEDS_PERSON, Reason.TOO_OLD)
    return SEND
