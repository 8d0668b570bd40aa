"""Settling messages whose outcome is unknown, by reading the chat back (invariant 5).

Found: it was sent. Absent in complete readings, after the chat had time to show it, and its first
sender provably finished: queued again. Anything else goes on being looked at, and in the end waits
for a person.
"""

import logging
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from cloud.conversations.models import Attempt, Conversation, Dispatch, Message
from cloud.conversations.outbox import refresh_state, set_state
from cloud.conversations.states import DispatchState, MessageKind, MessageState, Reason
from cloud.database.clock import database_now
from cloud.database.scope import Scope, scoped, system
from cloud.database.write import Database
from cloud.dispatcher.results import mark_sent
from cloud.dispatcher.senders import ended_at
from cloud.dispatcher.settings import DispatcherSettings
from cloud.marketplaces.chats import (
    Found,
    ImagePart,
    MessagePart,
    NotInChat,
    OrderCardPart,
    OutgoingMessage,
    ReadBack,
    TextPart,
)
from cloud.marketplaces.errors import MarketplaceError
from cloud.shops.errors import NotAuthorized
from cloud.shops.gateway import ShopGateway, ShopKey
from cloud.shops.service import Purpose

logger = logging.getLogger(__name__)

_BATCH = 20
_FOUND, _ABSENT, _INCOMPLETE = "found", "absent", "incomplete"


@dataclass(frozen=True, slots=True)
class Doubt:
    """A message to look for."""

    message_id: int
    organisation_id: int
    fence: int
    shop_id: int
    attempt_id: int
    since: datetime
    outgoing: OutgoingMessage
    known_ids: tuple[str, ...]

    @property
    def scope(self) -> Scope:
        """Everything about it happens in its organisation's scope."""
        return scoped(self.organisation_id)


class Resolving:
    """Looks for messages whose outcome is unknown."""

    def __init__(
        self, database: Database, gateway: ShopGateway, settings: DispatcherSettings
    ) -> None:
        self._database = database
        self._gateway = gateway
        self._settings = settings

    def turn(self) -> int:
        """Look for those due now; how many there were."""
        doubts = self._due()
        for doubt in doubts:
            self._look(doubt)
        return len(doubts)

    def _due(self) -> list[Doubt]:
        with self._database.read(system("uncertain messages of all organisations")) as session:
            messages = session.scalars(
                select(Message)
                .where(
                    Message.state == MessageState.UNCERTAIN,
                    Message.not_before <= database_now(session),
                )
                .order_by(Message.not_before)
                .limit(_BATCH)
            ).all()
            return [doubt for one in messages if (doubt := _doubt(session, one)) is not None]

    def _look(self, doubt: Doubt) -> None:
        try:
            line = self._gateway.line(ShopKey(doubt.organisation_id, doubt.shop_id), Purpose.CHAT)
            reading: ReadBack = line.marketplace.read_back(
                line.access, doubt.outgoing, since=doubt.since, known_ids=doubt.known_ids
            )
        except (NotAuthorized, MarketplaceError) as error:
            logger.warning("the chat cannot be read back now: %s", error)
            reading = NotInChat(is_complete=False)
        self._database.write(lambda session: self._settle(session, doubt, reading), doubt.scope)

    def _settle(self, session: Session, doubt: Doubt, reading: ReadBack) -> None:
        message = session.get_one(Message, doubt.message_id, with_for_update=True)
        if message.state is not MessageState.UNCERTAIN or message.fence != doubt.fence:
            return
        now = database_now(session)
        attempt = session.get_one(Attempt, doubt.attempt_id)
        attempt.read_back_at = now
        if isinstance(reading, Found):
            attempt.read_back = _FOUND
            mark_sent(session, message, reading.message, now)
            if reading.is_hidden:
                _mark_not_shown(session, message, now)
            return
        self._not_found(session, message, attempt, now, complete=reading.is_complete)

    def _not_found(
        self, session: Session, message: Message, attempt: Attempt, now: datetime, *, complete: bool
    ) -> None:
        earlier = attempt.read_back
        attempt.read_back = _ABSENT if complete else _INCOMPLETE
        message.not_before = now + self._settings.settle
        if complete and self._absence_counts(session, attempt, earlier, now):
            message.state = MessageState.QUEUED
            message.not_before = now
            message.fence += 1
            refresh_state(session, session.get_one(Dispatch, message.dispatch_id), now)
        elif now - attempt.started_at > self._settings.settle_give_up:
            # Still looked for, but said to be a person's now.
            message.not_before = now + self._settings.settle_give_up
            _call_person(session, message, now)

    def _absence_counts(
        self, session: Session, attempt: Attempt, earlier: str, now: datetime
    ) -> bool:
        done_at = attempt.finished_at or ended_at(session, attempt.sender)
        if done_at is None or now - done_at < self._settings.settle:
            return False
        return self._settings.absent_readings < 2 or earlier == _ABSENT


def _mark_not_shown(session: Session, message: Message, now: datetime) -> None:
    message.state = MessageState.NOT_SHOWN
    message.reason = Reason.REFUSED_CONTENT
    refresh_state(session, session.get_one(Dispatch, message.dispatch_id), now)


def _call_person(session: Session, message: Message, now: datetime) -> None:
    dispatch = session.get_one(Dispatch, message.dispatch_id)
    if dispatch.state is not DispatchState.NOT_CONFIRMED:
        return
    set_state(session, dispatch, DispatchState.NOT_CONFIRMED, now=now, reason=Reason.OUTAGE)


def _doubt(session: Session, message: Message) -> Doubt | None:
    attempt = session.scalar(
        select(Attempt)
        .where(Attempt.message_id == message.id, Attempt.outcome.in_(("", "unknown")))
        .order_by(Attempt.number.desc())
        .limit(1)
    )
    if attempt is None:
        return None
    conversation = session.get_one(Conversation, message.conversation_id)
    known = session.scalars(
        select(Message.marketplace_message_id).where(
            Message.conversation_id == conversation.id,
            Message.marketplace_message_id.is_not(None),
        )
    )
    return Doubt(
        message_id=message.id,
        organisation_id=message.organisation_id,
        fence=message.fence,
        shop_id=message.shop_id,
        attempt_id=attempt.id,
        since=attempt.started_at,
        outgoing=OutgoingMessage(
            buyer_id=conversation.buyer_id,
            order_number=message.order_number,
            part=_part(message),
            conversation_id=conversation.external_id or "",
        ),
        known_ids=tuple(one for one in known if one is not None),
    )


def _part(message: Message) -> MessagePart:
    if message.kind is MessageKind.TEXT:
        return TextPart(message.text)
    if message.kind is MessageKind.ORDER_CARD:
        return OrderCardPart(message.order_number)
    return ImagePart(message.uploaded_url or "")
