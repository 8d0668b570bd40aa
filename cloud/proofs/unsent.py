"""What tables left without F4 and nobody has sent since, by table."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from cloud.database.prepared import Reading
from cloud.proofs.log_queries import newest_sends
from cloud.proofs.models import Proof

LOOKED_AT = 2_000
"""Of the newest that were left without F4; more are not counted."""
_LEFT = Reading(
    select(Proof.id, Proof.table_id, Proof.packed_at, Proof.photo_count)
    .where(Proof.closing == "unsent")
    .order_by(Proof.id.desc())
    .limit(bindparam("most"))
)


@dataclass(frozen=True, slots=True)
class UnsentAtTable:
    """How much is unsent at one table."""

    table_id: int
    count: int
    without_photo: int
    """Of these: nothing could be sent of them."""
    oldest_at: datetime
    newest_at: datetime


@dataclass(frozen=True, slots=True)
class Unsent:
    """What is unsent at all tables that have any."""

    tables: Sequence[UnsentAtTable]
    has_more: bool
    """Older ones were not looked at."""


def unsent_by_table(session: Session) -> Unsent:
    """Count what is unsent (a scoped session); cheap in a log of any size."""
    left = _LEFT.all(session, most=LOOKED_AT + 1)
    sent = newest_sends(session, {row[0] for row in left[:LOOKED_AT]})
    found: dict[int, list[tuple[datetime, int]]] = {}
    for proof_id, table_id, packed_at, photo_count in left[:LOOKED_AT]:
        # What a browser captured is of no table, and ends with its page.
        if table_id is not None and proof_id not in sent:
            found.setdefault(table_id, []).append((packed_at, photo_count))
    tables = [_counted(table_id, proofs) for table_id, proofs in found.items()]
    return Unsent(tables, len(left) > LOOKED_AT)


def _counted(table_id: int, proofs: Sequence[tuple[datetime, int]]) -> UnsentAtTable:
    times = [packed_at for packed_at, _count in proofs]
    without = sum(photo_count == 0 for _time, photo_count in proofs)
    return UnsentAtTable(table_id, len(proofs), without, min(times), max(times))
