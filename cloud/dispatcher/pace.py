"""How fast a shop is served: slower while its marketplace is in trouble."""

from datetime import datetime, timedelta

from sqlalchemy import bindparam, update
from sqlalchemy.orm import Session

from cloud.database.prepared import Changing
from cloud.dispatcher.retry import BackOff
from cloud.shops.models import SendingPace

_END_BACKOFF = Changing(
    update(SendingPace).where(SendingPace.shop_id == bindparam("of_shop")).values(backoff_level=0)
)
_USE_TURN = Changing(
    update(SendingPace)
    .where(SendingPace.shop_id == bindparam("of_shop"))
    .values(free_at=bindparam("free_at"), last_claimed_at=bindparam("now"))
)


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
    _END_BACKOFF.run(session, of_shop=shop_id)


def use_turn(session: Session, shop_id: int, gap_ms: int, now: datetime) -> None:
    """A message of the shop was claimed: its next one waits for the gap, and others go first."""
    free_at = now + timedelta(milliseconds=gap_ms)
    _USE_TURN.run(session, of_shop=shop_id, free_at=free_at, now=now)
