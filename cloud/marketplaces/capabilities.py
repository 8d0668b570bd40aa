"""What a marketplace lets a shop of one country do in its chat."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from cloud.marketplaces.daily import DailyLimit


@dataclass(frozen=True, slots=True)
class ContactWindows:
    """How long a buyer may be written to. None: this event opens no window."""

    after_buyer_wrote: timedelta | None
    after_order: timedelta | None
    while_return_is_open: bool


class Batches(StrEnum):
    """What a marketplace says of many messages at once; each has its notice on the pages."""

    FORBIDDEN = "batches-forbidden"
    """Its rules are against them; the calls work."""
    NO_RULE_KNOWN = "batches-no-rule-known"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """Limits to plan by. The marketplace's own answer always has the last word.

    - `can_send_chat`: False where no message can be sent at all; `reason` then says why.
    - `image_formats`: none where no pictures can be sent.
    - `can_send_order_cards`: the marketplace's card of an order can be sent by itself.
    - `batches`: what is known of sending many messages at once. A person decides on it with the
      notice of that name in view (marketplace-apis 1.2, "Rules of use").
    - `unanswered_limit`: messages in a row without an answer of the buyer; None where none is
      stated. It is the marketplace's whole limit: what is kept free for people is for the caller to
      subtract.
    - `repeat_text_window`: the same text is refused again within this time; None where it is not.
    - `order_info_on_first_message`: a conversation can begin only with order information.
    - `daily_limits`: calls that the marketplace counts by the day; one limit for a call at most.
    """

    can_send_chat: bool
    reason: str
    text_limit_chars: int | None
    image_max_bytes: int
    image_max_side_px: int
    image_formats: tuple[str, ...]
    unanswered_limit: int | None
    repeat_text_window: timedelta | None
    contact_windows: ContactWindows
    order_info_on_first_message: bool
    sends_per_second: float
    reads_per_second: float
    can_send_order_cards: bool
    batches: Batches
    daily_limits: tuple[DailyLimit, ...] = ()

    @property
    def can_send_proofs(self) -> bool:
        """Whether photos reach a buyer's chat."""
        return self.can_send_chat and bool(self.image_formats)
