"""One admitted call, as far as shared code knows it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from sandbox.market.entities import Id, Message


@dataclass(frozen=True)
class MessageFate:
    """What a fault has in store for the message that is about to be accepted.

    `status` is one of the platform's hidden statuses, or None: as usual.
    """

    status: str | None = None
    hidden_until: float | None = None
    hidden: bool = False


@dataclass(kw_only=True)
class MarketCall:
    """Base of a platform's call.

    A send asks `fate` once nothing speaks against the message any more, and sets `accepted`.
    """

    fate: Callable[[], MessageFate] = field(default=MessageFate)
    accepted: Message | None = None


@dataclass
class Trace:
    """What the log will tell of a call, filled in as its judging goes on.

    `who` is counted by the limit of calls per second: a shop, or an app.
    """

    who: str = ""
    shop_id: Id | None = None
    message_type: str | None = None
    message_id: str | None = None
    accepted: bool = False
    faults: list[str] = field(default_factory=list)
