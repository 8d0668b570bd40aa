"""What the dispatcher needs to know to work."""

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from cloud.dispatcher.retry import BackOff
from cloud.orders.queries import TRACKING_COUNTS_FOR

_UTC = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class PictureSettings:
    """What pictures for the chat are like, where a shop does not say otherwise."""

    side_px: int | None = None
    """Longest side; None: as the marketplace allows."""
    strip: bool = False
    """Order, time and table below each picture."""
    zone: ZoneInfo = _UTC
    """Of the times in the strip."""
    font: Path | None = None
    """Letters of the strip; None: Latin ones."""


@dataclass(frozen=True, slots=True)
class DispatcherSettings:
    """Times and numbers; the defaults are the product's."""

    senders: int = 4
    matchers: int = 4
    """How many dispatches are matched with their orders, and their chats read, at a time."""
    claim_batch: int = 20
    request_deadline_s: float = 20.0
    lease: timedelta = timedelta(seconds=90)
    """Longer than everything a sender does for one message, its uploads included."""
    back_off: BackOff = field(default_factory=BackOff)
    """Between tries of a message, of a shop in trouble, and of asking for an order."""
    wait_for_order: timedelta = timedelta(hours=6)
    too_old: timedelta = timedelta(hours=72)
    tracking_counts_for: timedelta = TRACKING_COUNTS_FOR
    """How old an order may be when its tracking number is scanned; older ones are a person's."""
    held_release: timedelta = timedelta(hours=24)
    held_check: timedelta = timedelta(seconds=30)
    """How soon a held dispatch is looked at again; later ever more rarely."""
    chat_read_fresh: timedelta = timedelta(seconds=60)
    """A count of unanswered messages older than this is read anew before planning."""
    upload_good_for: timedelta = timedelta(hours=20)
    """How long a second try uses the address of the first one's upload."""
    settle: timedelta = timedelta(seconds=30)
    """How long the chat is given to show a message before its absence counts."""
    absent_readings: int = 2
    settle_give_up: timedelta = timedelta(minutes=30)
    """An outcome unknown for longer is a person's; the chat is still read once in this time."""
    look_again_s: float = 5.0
    """Without news: when loops look by themselves."""
    sweep_every_s: float = 5.0
    """How often lapsed leases are looked for."""
    pictures: PictureSettings = field(default_factory=PictureSettings)
