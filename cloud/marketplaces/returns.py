"""Returns and refunds that buyers ask for, as a marketplace gives them."""

import math
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Return:
    """What a buyer asks for. `status` and `reason` are the marketplace's own words.

    `is_open`: it is not settled, as far as its status is one that we know. `respond_by`: until when
    the shop has to answer; None where nothing is asked of it now, or no time is told.
    """

    return_id: str
    order_number: str
    status: str
    is_open: bool
    reason: str
    text: str = field(repr=False)
    """What the buyer wrote."""
    respond_by: datetime | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class ReturnPage:
    """Some returns of a window. `next_cursor` is opaque; it is empty on the last page."""

    returns: tuple[Return, ...]
    next_cursor: str


def window_s(since: datetime, until: datetime) -> tuple[int, int]:
    """The whole seconds that a window touches. Raises ValueError without zones, or backwards."""
    if since.tzinfo is None or until.tzinfo is None:
        raise ValueError("since and until need a time zone")
    if until <= since:
        raise ValueError("a window of returns has to end after it begins")
    return math.floor(since.timestamp()), math.ceil(until.timestamp())
