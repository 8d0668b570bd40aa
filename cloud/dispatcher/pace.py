"""How fast a shop is served: slower while its marketplace is in trouble."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from cloud.dispatcher.retry import BackOff
from cloud.shops.models import SendingPace


def slow_down(session: Session, shop_id: int, now: datetime, asked: timedelta) -> None:
    """Wait as long as the marketplace asked for."""
    pace = session.get_one(SendingPace, shop_id)
    pace.free_at = max(pace.free_at, now + asked)


def back_off_more(session: Session, shop_id: int, now: datetime, back_off: BackOff) -> None:
    """Wait longer with each failure; requests that fail together count once."""
    pace = session.get_one(SendingPace, shop_id)
    if pace.free_at > now + timedelta(milliseconds=pace.gap_ms):
        return
    pace.free_at = max(pace.free_at, now + back_off.after(pace.backoff_level))
    pace.backoff_level += 1


def speed_up(session: Session, shop_id: int) -> None:
    """A message was taken: the trouble is over."""
    pace = session.get_one(SendingPace, shop_id)
    if pace.backoff_level:
        pace.backoff_level = 0
