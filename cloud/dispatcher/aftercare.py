"""Looking once more at the chat of what was sent: a marketplace may hide a message afterwards.

"Sent" stays true, since the marketplace has it; what the buyer does not see is called "not shown".
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from cloud import metrics
from cloud.conversations.models import Conversation, Dispatch, Message
from cloud.conversations.outbox import messages_of, refresh_state
from cloud.conversations.queries import seconds_until_check
from cloud.conversations.states import DispatchState, MessageState, Reason
from cloud.database.base import utc_now
from cloud.database.prepared import Changing, Reading
from cloud.database.scope import Scope, scoped, system
from cloud.database.write import Database
from cloud.marketplaces.errors import MarketplaceError
from cloud.shops.errors import NotAuthorized
from cloud.shops.gateway import Line, ShopGateway, ShopKey
from cloud.shops.service import Purpose

logger = logging.getLogger(__name__)

_ENDED = (DispatchState.SENT, DispatchState.PARTLY_SENT)
_BATCH = 20
_MOST_PAGES = 4
_AGAIN_AFTER = timedelta(minutes=10)
"""When a reading failed, or its process died."""
_GIVES_UP_AFTER = timedelta(hours=6)

_DUE = Reading(
    select(
        Dispatch.id,
        Dispatch.organisation_id,
        Conversation.shop_id,
        Dispatch.proof_key,
        Dispatch.updated_at,
        Conversation.external_id,
    )
    .join(Conversation, Conversation.id == Dispatch.conversation_id)
    .where(Dispatch.state.in_(_ENDED), Dispatch.next_check_at <= bindparam("now"))
    .order_by(Dispatch.next_check_at)
    .limit(_BATCH)
)
_TAKE = Changing(
    update(Dispatch)
    .where(
        Dispatch.id == bindparam("dispatch_id"),
        Dispatch.state.in_(_ENDED),
        Dispatch.next_check_at <= bindparam("now"),
    )
    .values(next_check_at=bindparam("again_at"))
)
_SENT_IDS = Reading(
    select(Message.marketplace_message_id).where(
        Message.dispatch_id == bindparam("dispatch_id"), Message.state == MessageState.SENT
    )
)


@dataclass(frozen=True, slots=True)
class _Ended:
    """A dispatch whose chat is to be read once more."""

    dispatch_id: int
    organisation_id: int
    shop_id: int
    proof_key: str | None
    ended_at: datetime
    conversation_id: str | None
    """The marketplace's."""

    @property
    def ids(self) -> dict[str, object]:
        return {"dispatch": self.dispatch_id, "proof": self.proof_key, "shop": self.shop_id}

    @property
    def scope(self) -> Scope:
        return scoped(self.organisation_id)


class Aftercare:
    """Reads chats once more, some time after the last message of a dispatch was sent."""

    def __init__(self, database: Database, gateway: ShopGateway) -> None:
        self._database = database
        self._gateway = gateway

    def turn(self) -> int:
        """Look at those due now; how many there were."""
        now = utc_now()
        with self._database.read(system("what was sent a while ago")) as session:
            due = [_Ended(*row) for row in _DUE.all(session, now=now)]
        for ended in due:
            if self._take(ended, now):
                self._look(ended, now)
        return len(due)

    def seconds_until_next(self) -> float | None:
        """When the next one is due; None when there is none."""
        with self._database.read(system("what was sent a while ago")) as session:
            return seconds_until_check(session, _ENDED, utc_now())

    def _take(self, ended: _Ended, now: datetime) -> bool:
        """Let no other process look at it; None of ours does, should this one die."""

        def unit(session: Session) -> int:
            again_at = now + _AGAIN_AFTER if now - ended.ended_at < _GIVES_UP_AFTER else None
            return _TAKE.run(session, dispatch_id=ended.dispatch_id, now=now, again_at=again_at)

        return bool(self._database.write(unit, ended.scope))

    def _look(self, ended: _Ended, now: datetime) -> None:
        hidden: Sequence[str] | None = ()
        if ended.conversation_id:
            with self._database.read(ended.scope) as session:
                rows = _SENT_IDS.all(session, dispatch_id=ended.dispatch_id)
            hidden = self._hidden_among(ended, {one for (one,) in rows if one})
        if hidden is None:
            return
        found = hidden
        self._database.write(
            lambda session: _note_hidden(session, ended.dispatch_id, found, now), ended.scope
        )
        if hidden:
            metrics.MESSAGES.labels("hidden", Reason.REFUSED_CONTENT.value).inc(len(hidden))
            logger.warning(
                "the marketplace hides what it had taken", extra={**ended.ids, "count": len(hidden)}
            )

    def _hidden_among(self, ended: _Ended, sent: set[str]) -> Sequence[str] | None:
        """Ids of ours that the buyer does not see; None: the chat cannot be read now."""

        def request(line: Line) -> Sequence[str]:
            hidden: list[str] = []
            left, cursor = set(sent), ""
            for _ in range(_MOST_PAGES):
                page = line.marketplace.messages(
                    line.access, ended.conversation_id or "", cursor=cursor
                )
                hidden += [
                    one.message_id
                    for one in page.messages
                    if one.is_hidden and one.message_id in left
                ]
                left -= {one.message_id for one in page.messages}
                cursor = page.next_cursor
                if not left or not cursor:
                    break
            return hidden

        shop = ShopKey(ended.organisation_id, ended.shop_id)
        try:
            return self._gateway.read(shop, Purpose.CHAT, request)
        except (NotAuthorized, MarketplaceError) as error:
            logger.info("the chat cannot be read once more now: %s", error, extra=ended.ids)
            return None


def _note_hidden(session: Session, dispatch_id: int, hidden: Sequence[str], now: datetime) -> None:
    """Call them not shown, and the dispatch what that makes of it. Safe to run twice."""
    dispatch = session.get_one(Dispatch, dispatch_id, with_for_update=True)
    ours = [
        message
        for message in messages_of(session, dispatch_id)
        if message.state is MessageState.SENT and message.marketplace_message_id in hidden
    ]
    for message in ours:
        message.state = MessageState.NOT_SHOWN
        message.reason = Reason.REFUSED_CONTENT
    if ours:
        refresh_state(session, dispatch, now)
    if dispatch.state in _ENDED:
        dispatch.next_check_at = None
