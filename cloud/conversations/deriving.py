"""A planned dispatch's state, derived and stored without loading rows: once for each message sent.

`outbox.refresh_state` does the same for units that hold the rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from cloud.conversations.derive import Derived, PartFacts, derived, next_look
from cloud.conversations.models import Dispatch, Message
from cloud.conversations.outbox import DispatchNews, tell_of
from cloud.conversations.states import DispatchState, MessageKind, MessageState
from cloud.database.prepared import Changing, Reading

_PARTS = Reading(
    select(
        Message.id,
        Message.position,
        Message.kind,
        Message.state,
        Message.fence,
        Message.tries,
        Message.not_before,
        Message.reason,
        Message.detail,
        Message.uploaded_url,
    )
    .where(Message.dispatch_id == bindparam("dispatch_id"))
    .order_by(Message.position)
)
_STORE = Changing(
    update(Dispatch)
    .where(Dispatch.id == bindparam("dispatch_id"))
    .values(
        state=bindparam("new_state"),
        reason=bindparam("new_reason"),
        detail=bindparam("new_detail"),
        sent_count=bindparam("new_sent_count"),
        total_count=bindparam("new_total_count"),
        next_check_at=bindparam("next_check_at"),
        updated_at=bindparam("now"),
    )
)


@dataclass(frozen=True, slots=True)
class DispatchKey:
    """A dispatch, and who hears of it."""

    id: int
    organisation_id: int
    device_id: str | None
    proof_key: str | None


class Part(NamedTuple):
    """One message of a dispatch, as far as the others and the dispatch depend on it."""

    id: int
    position: int
    kind: MessageKind
    state: MessageState
    fence: int
    tries: int
    not_before: datetime
    reason: str
    detail: str
    uploaded_url: str | None


def parts_of_dispatch(session: Session, dispatch_id: int) -> list[Part]:
    """All its messages, in their order."""
    return [Part._make(row) for row in _PARTS.all(session, dispatch_id=dispatch_id)]


def store_derived(
    session: Session, key: DispatchKey, parts: Sequence[Part], now: datetime
) -> Derived:
    """Write what the parts, as they are now, make of the dispatch, and tell it."""
    new = derived([PartFacts(part.state, part.reason, part.detail) for part in parts])
    _STORE.run(
        session,
        dispatch_id=key.id,
        new_state=new.state,
        new_reason=new.reason,
        new_detail=new.detail,
        new_sent_count=new.sent_count,
        new_total_count=new.total_count,
        next_check_at=next_look(new, now),
        now=now,
    )
    tell_of(
        session,
        key.id,
        organisation_id=key.organisation_id,
        device_id=key.device_id,
        proof_key=key.proof_key,
        news=DispatchNews(DispatchState(new.state), new.waits_for_sender),
    )
    return new
