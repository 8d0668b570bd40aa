"""When a shop may write to a buyer, and what is shown (marketplace-apis 2.4). Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from sandbox.lazada.errors import ImRefusal
from sandbox.lazada.limits import Limits
from sandbox.market.entities import By


@dataclass(frozen=True)
class Written:
    """A message of the chat: by whom, and when in unix seconds."""

    by: By
    at: float


@dataclass(frozen=True)
class Draft:
    """What the shop wants to send."""

    text: str = ""
    picture_sha256: str = ""


def check_unanswered(history: Sequence[Written], now: float, limits: Limits) -> None:
    """At most five in a day until the buyer answers, and as many as one likes after that."""
    unanswered = _since_last_answer(history)
    today = [one for one in unanswered if now - one.at < limits.unanswered_window_s]
    if len(today) >= limits.unanswered_limit:
        raise ImRefusal(
            limits.unanswered_err_code,
            f"Only {limits.unanswered_limit} messages can be sent before the buyer replies.",
        )


def is_censored(draft: Draft, limits: Limits) -> bool:
    """Whether the safety check keeps it from the buyer, without telling in the reply."""
    text = draft.text.casefold()
    return any(word.casefold() in text for word in limits.censored_words) or (
        bool(draft.picture_sha256) and draft.picture_sha256 in limits.censored_sha256
    )


def _since_last_answer(history: Sequence[Written]) -> list[Written]:
    """What the shop wrote since the buyer last did; `history` is oldest first."""
    unanswered: list[Written] = []
    for one in reversed(history):
        if one.by == "buyer":
            break
        unanswered.append(one)
    return unanswered
