"""Settling messages whose outcome is unknown, by reading the chat back (invariant 5).

Found: it was sent. Absent in complete readings, after the chat had time to show it, and its first
sender provably finished: queued again. Anything else goes on being looked at, and in the end waits
for a person.
"""

import logging
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from cloud import metrics
from cloud.conversations.derive import Derived
from cloud.conversations.models import Attempt, Dispatch, Message
from cloud.conversations.outbox import queue_again, refresh_state
from cloud.conversations.states import DispatchState, MessageKind, MessageState
from cloud.database.base import utc_now
from cloud.database.clock import database_now
from cloud.database.scope import system
from cloud.database.write import Database
from cloud.dispatcher.doubts import Doubt, doubt_about
from cloud.dispatcher.senders import ended_at
from cloud.dispatcher.sent import derive_again, facts_of, is_recorded_elsewhere, mark_sent
from cloud.dispatcher.settings import DispatcherSettings
from cloud.marketplaces.chats import NotInChat, ReadBack
from cloud.marketplaces.errors import MarketplaceError
from cloud.shops.errors import NotAuthorized
from cloud.shops.gateway import Line, ShopGateway, ShopKey
from cloud.shops.service import Purpose

logger = logging.getLogger(__name__)

_BATCH = 20
_FOUND, _ABSENT, _INCOMPLETE = "found", "absent", "incomplete"


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

    def seconds_until_next(self) -> float | None:
        """When the next one is due; None when there is none."""
        with self._database.read(system("the next doubt of all organisations")) as session:
            soonest = session.scalar(
                select(Message.not_before)
                .where(Message.state == MessageState.UNCERTAIN)
                .order_by(Message.not_before)
                .limit(1)
            )
            now = database_now(session)
        return None if soonest is None else max(0.0, (soonest - now).total_seconds())

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
            return [doubt_about(session, message) for message in messages]

    def _look(self, doubt: Doubt) -> None:
        shop = ShopKey(doubt.organisation_id, doubt.shop_id)

        def request(line: Line) -> ReadBack:
            return line.marketplace.read_back(
                line.access, doubt.outgoing, since=doubt.since, known_ids=doubt.known_ids
            )

        try:
            reading = self._gateway.read(shop, Purpose.CHAT, request)
        except (NotAuthorized, MarketplaceError) as error:
            logger.warning("the chat cannot be read back now: %s", error, extra=doubt.ids)
            reading = NotInChat(is_complete=False)
        found = self._database.write(
            lambda session: self._settle(session, doubt, reading), doubt.scope
        )
        if found is not None:
            _note_found(doubt, found)

    def _settle(self, session: Session, doubt: Doubt, reading: ReadBack) -> Derived | None:
        """The dispatch's new state if the message was found, else None."""
        message = session.get_one(Message, doubt.message_id, with_for_update=True)
        if message.state is not MessageState.UNCERTAIN or message.fence != doubt.fence:
            return None
        now = database_now(session)
        attempts = [session.get_one(Attempt, one) for one in doubt.attempt_ids]
        attempts[-1].read_back_at = now
        if isinstance(reading, NotInChat):
            self._not_found(session, message, attempts, now, doubt=doubt, reading=reading)
        elif _may_be_of_another(session, message, reading.message.message_id):
            message.not_before = now + self._settings.settle
        else:
            attempts[-1].read_back = _FOUND
            facts = facts_of(session, message.id)
            mark_sent(session, facts, reading.message, now, is_hidden=reading.is_hidden)
            return derive_again(session, facts, now)
        return None

    def _not_found(
        self,
        session: Session,
        message: Message,
        attempts: list[Attempt],
        now: datetime,
        *,
        doubt: Doubt,
        reading: NotInChat,
    ) -> None:
        earlier = attempts[-1].read_back
        attempts[-1].read_back = _ABSENT if reading.is_complete else _INCOMPLETE
        again = self._settings.absent_readings < 2 or earlier == _ABSENT
        absent = reading.is_complete and again and not doubt.refused_as_repeated
        if absent and self._callers_are_done(session, attempts, now):
            dispatch = session.get_one(Dispatch, message.dispatch_id)
            message.fence += 1
            queue_again(dispatch, message, now)
            refresh_state(session, dispatch, now)
            return
        message.not_before = now + self._next_look_in(now - attempts[0].started_at)

    def _next_look_in(self, doubted_for: timedelta) -> timedelta:
        """A person's by now, yet still looked for: the chat may show it after all."""
        long_ago = doubted_for > self._settings.settle_give_up
        return self._settings.settle_give_up if long_ago else self._settings.settle

    def _callers_are_done(self, session: Session, attempts: list[Attempt], now: datetime) -> bool:
        done = [one.finished_at or ended_at(session, one.sender) for one in attempts]
        return all(at is not None and now - at >= self._settings.settle for at in done)


def _note_found(doubt: Doubt, found: Derived) -> None:
    logger.info("message found in the chat", extra=doubt.ids)
    metrics.MESSAGES.labels("found", "").inc()
    if found.state is DispatchState.SENT:
        seconds = (utc_now() - doubt.asked_at).total_seconds()
        metrics.PRESS_TO_SENT.observe(max(0.0, seconds))


def _may_be_of_another(session: Session, message: Message, found_id: str) -> bool:
    """Whether what was found belongs to another message, or may before long.

    Pictures are told apart by their addresses; two texts or cards may be the same.
    """
    if is_recorded_elsewhere(
        session, shop_id=message.shop_id, message_id=message.id, marketplace_id=found_id
    ):
        return True
    if message.kind is MessageKind.IMAGE:
        return False
    twin = select(Message.id).where(
        Message.conversation_id == message.conversation_id,
        Message.id != message.id,
        Message.kind == message.kind,
        Message.text == message.text,
        Message.state == MessageState.SENDING,
    )
    return session.scalar(twin.limit(1)) is not None
