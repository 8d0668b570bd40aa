"""What a marketplace lets a shop of one country do in its chat."""

from dataclasses import dataclass
from datetime import timedelta

from cloud.marketplaces.daily import DailyLimit


@dataclass(frozen=True, slots=True)
class ContactWindows:
    """How long a buyer may be written to. None: this event opens no window."""

    after_buyer_wrote: timedelta | None
    after_order: timedelta | None
    while_return_is_open: bool


@dataclass(frozen=True, slots=True)
class Capabilities:
    """Limits to plan by. The marketplace's own answer always has the last word.

    - `can_send_chat`: False where no message can be sent at all; `reason` then says why.
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
    daily_limits: tuple[DailyLimit, ...] = ()
