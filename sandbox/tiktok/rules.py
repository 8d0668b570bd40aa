"""When a shop may write to a buyer: the rules of marketplace-apis 3.4. Pure: no I/O, no clock."""

import re
from dataclasses import dataclass

from sandbox.market.refusal import Refusal
from sandbox.tiktok import errors
from sandbox.tiktok.limits import Limits

_LINK = re.compile(r"https?://|www\.|\b[a-z0-9-]+\.(?:com|net|org|io|shop|my|sg)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Facts:
    """What is known about shop and buyer. Times are unix seconds; None: it never happened.

    `opened_at` is when the shop last opened the conversation.
    """

    now: float
    opened_at: float | None = None
    last_message_at: float | None = None
    last_buyer_message_at: float | None = None
    is_answered: bool = True
    last_order_at: float | None = None
    has_return: bool = False
    is_blocked: bool = False


def check_start(facts: Facts, limits: Limits) -> None:
    """Refuse unless there was a chat or an order lately, or there is a return."""
    reasons = (
        (facts.last_message_at, limits.start_after_chat_s),
        (facts.last_order_at, limits.start_after_order_s),
    )
    may = facts.has_return or any(
        at is not None and facts.now - at <= window_s for at, window_s in reasons
    )
    if not may or facts.is_blocked:
        raise Refusal(errors.MAY_NOT_START, "A conversation with this buyer may not be started.")


def can_send(facts: Facts, limits: Limits) -> bool:
    """Whether the conversation is open.

    It closes after the buyer was silent for some hours; a question waits some days for its answer.
    """
    if facts.is_blocked:
        return False
    times = [at for at in (facts.opened_at, facts.last_buyer_message_at) if at is not None]
    if times and facts.now - max(times) < limits.silence_closes_s:
        return True
    asked_at = None if facts.is_answered else facts.last_buyer_message_at
    return asked_at is not None and facts.now - asked_at < limits.answer_within_s


def check_text(text: str, limits: Limits) -> None:
    """Refuse a text that is empty, too long, has a link or a forbidden word."""
    if not text or len(text) > limits.text_limit_chars:
        raise Refusal(
            errors.CHAT_PARAMETER, f"content must have 1 to {limits.text_limit_chars} characters."
        )
    words = (word.casefold() in text.casefold() for word in limits.sensitive_words)
    if _LINK.search(text) or any(words):
        raise Refusal(errors.SENSITIVE, "The message has sensitive content.")
