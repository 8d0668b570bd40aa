"""When a shop may write to a buyer: the rules of marketplace-apis 1.4. Pure: no I/O, no clock."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sandbox.market.refusal import Refusal
from sandbox.shopee import errors
from sandbox.shopee.limits import Limits

_RESETS_AT_UTC_OFFSET_S = 8 * 3600
_DAY_S = 86_400


@dataclass(frozen=True)
class Sent:
    """A message the shop sent in this chat: when, and what (see `Draft.fingerprint`)."""

    at: float
    fingerprint: str


@dataclass(frozen=True)
class Facts:
    """What is known about shop and buyer at the moment of the send. Times are unix seconds."""

    now: float
    has_conversation: bool = False
    last_buyer_message_at: float | None = None
    last_order_at: float | None = None
    return_open: bool = False
    unanswered: int = 0
    recent: Sequence[Sent] = ()
    blocked_by_buyer: bool = False
    blocked_by_shop: bool = False
    subaccount: Literal["none", "assigned", "bound"] = "none"
    safety_block: bool = False
    sends_last_minute: int = 0
    sends_today: int = 0
    daily_limit: int | None = None


@dataclass(frozen=True)
class Draft:
    """A message that is asked to be sent.

    `fingerprint` is equal for messages that say the same: "text:" and the text, "image:" and the
    picture's id, and so on. `order_sn` comes from an order card or from source_content.
    """

    message_type: str
    fingerprint: str
    text: str = ""
    picture_sha256: str = ""
    order_sn: str = ""


def check_window(facts: Facts, limits: Limits) -> None:
    """Refuse unless the buyer wrote lately, ordered lately or has a return open."""
    if facts.return_open:
        return
    for at, window_s in (
        (facts.last_buyer_message_at, limits.chat_window_s),
        (facts.last_order_at, limits.order_window_s),
    ):
        if at is not None and facts.now - at <= window_s:
            return
    raise Refusal(
        errors.USER_IS_FORBIDDEN,
        "The buyer did not write or order lately and has no open return.",
    )


def check(draft: Draft, facts: Facts, limits: Limits) -> None:
    """Refuse by the first broken rule after the window. Nothing is changed."""
    _check_content(draft, limits)
    if not facts.has_conversation and not draft.order_sn:
        raise Refusal(
            errors.FIRST_CHAT_WITHOUT_ORDER_INFO, "The first message must carry an order."
        )
    _check_people(facts)
    _check_repeat(draft, facts, limits)
    if facts.unanswered >= limits.unanswered_limit:
        raise Refusal(
            errors.REACH_MESSAGE_LIMIT,
            f"{limits.unanswered_limit} messages were sent without an answer of the buyer.",
        )
    _check_volume(facts, limits)


def day_start(now: float) -> float:
    """When the marketplace's current day began: midnight of UTC+8, unix seconds."""
    return now - (now + _RESETS_AT_UTC_OFFSET_S) % _DAY_S


def _check_content(draft: Draft, limits: Limits) -> None:
    if len(draft.text) > limits.text_limit_chars:
        raise Refusal(
            errors.MESSAGE_TOO_LONG, f"The text is longer than {limits.text_limit_chars}."
        )
    text = draft.text.casefold()
    if any(word.casefold() in text for word in limits.censored_words):
        raise Refusal(errors.MESSAGE_IS_CENSORED, "The message holds a forbidden word.")
    if draft.picture_sha256 and draft.picture_sha256 in limits.censored_sha256:
        raise Refusal(errors.MESSAGE_IS_CENSORED, "The picture is forbidden.")


def _check_people(facts: Facts) -> None:
    if facts.blocked_by_buyer:
        raise Refusal(errors.ERROR_BLOCKED, "The buyer has blocked the shop.")
    if facts.blocked_by_shop:
        raise Refusal(errors.ERROR_SENDER_BLOCK_RECEIVER, "The shop has blocked the buyer.")
    if facts.subaccount == "assigned":
        raise Refusal(errors.ASSIGNED_TO_SUBACCOUNT, "The chat is assigned to a sub-account.")
    if facts.subaccount == "bound":
        raise Refusal(errors.SHOP_BOUND_SUBACCOUNT, "The shop's chats belong to sub-accounts.")
    if facts.safety_block:
        raise Refusal(errors.BLOCKED_BY_SAFETY, "Stopped by the safety systems.")


def _check_repeat(draft: Draft, facts: Facts, limits: Limits) -> None:
    if draft.message_type not in limits.repeat_types:
        return
    for sent in facts.recent:
        same = sent.fingerprint == draft.fingerprint
        if same and facts.now - sent.at < limits.repeat_window_s:
            raise Refusal(errors.ERROR_BUSINESS, "The same message was sent within 24 hours.")


def _check_volume(facts: Facts, limits: Limits) -> None:
    per_minute = limits.sends_per_minute
    if per_minute is not None and facts.sends_last_minute >= per_minute:
        raise Refusal(errors.EXCEED_SEND_LIMIT, "Too many messages in a short time.")
    if facts.daily_limit is not None and facts.sends_today >= facts.daily_limit:
        raise Refusal(errors.ERROR_LIMIT, "The daily limit is reached.")
