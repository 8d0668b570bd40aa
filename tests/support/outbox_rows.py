"""Dispatches that are planned already, put into the database as a test needs them."""

import itertools
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from cloud.accounts.models import Organisation
from cloud.conversations.models import Conversation, Dispatch, Message
from cloud.conversations.outbox import (
    add_plan,
    conversation_with,
    queue_again,
    refresh_state,
    set_state,
)
from cloud.conversations.parts import Part
from cloud.conversations.states import DispatchKind, DispatchState, MessageKind
from cloud.database.base import utc_now
from cloud.database.scope import scoped, system
from cloud.database.write import Database
from cloud.shops.models import SendingPace
from cloud.shops.service import NewShop, add_shop

TEST = system("test")
LONG_AGO = timedelta(hours=1)


class OutboxRows:
    """Adds rows to one organisation, and reads them."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._numbers = itertools.count(1)
        self.organisation_id = database.write(_add_organisation, TEST)

    def _write(self, unit: Any) -> Any:
        return self.database.write(unit, scoped(self.organisation_id))

    def shop(self, *, gap_ms: int = 0) -> int:
        """A shop that is switched on and may send at once; one of five is kept free for people."""
        number = next(self._numbers)

        def unit(session: Session) -> int:
            new = NewShop("shopee", "MY", str(number), "Shop", 1000, sending_enabled=True)
            shop = add_shop(session, new, utc_now() - LONG_AGO)
            shop.kept_free_for_people = 1
            session.get_one(SendingPace, shop.id).gap_ms = gap_ms
            return shop.id

        return int(self._write(unit))

    def dispatch(
        self, shop_id: int, buyer_id: str, *, parts: int = 1, asked_at: datetime | None = None
    ) -> list[int]:
        """A planned dispatch of some texts; the ids of its messages."""
        number = next(self._numbers)
        now = utc_now()

        def unit(session: Session) -> list[int]:
            dispatch = Dispatch(
                kind=DispatchKind.PROOF,
                code=f"code{number}",
                shop_id=shop_id,
                state=DispatchState.WAITING_FOR_ORDER,
                request_key=f"key{number}",
                asked_at=asked_at or now,
                created_at=now,
                updated_at=now,
            )
            session.add(dispatch)
            session.flush()
            conversation_id = conversation_with(
                session,
                organisation_id=self.organisation_id,
                shop_id=shop_id,
                buyer_id=buyer_id,
                buyer_name="",
            )
            plan = [Part(MessageKind.TEXT, text=f"{number}.{one}") for one in range(parts)]
            add_plan(
                session,
                dispatch,
                plan,
                shop_id=shop_id,
                conversation_id=conversation_id,
                order_number="N",
                now=now - LONG_AGO,
            )
            messages = session.scalars(
                select(Message).where(Message.dispatch_id == dispatch.id).order_by(Message.position)
            )
            return [message.id for message in messages]

        return list(self._write(unit))

    def park(self, message_id: int, state: DispatchState) -> None:
        """Put a message's dispatch aside, its messages unchanged."""

        def unit(session: Session) -> None:
            dispatch = session.get_one(Dispatch, session.get_one(Message, message_id).dispatch_id)
            set_state(session, dispatch, state, now=utc_now())

        self._write(unit)

    def release(self, message_id: int) -> None:
        """Let a held dispatch go on."""

        def unit(session: Session) -> None:
            dispatch = session.get_one(Dispatch, session.get_one(Message, message_id).dispatch_id)
            refresh_state(session, dispatch, utc_now())

        self._write(unit)

    def queue_anew(self, message_id: int) -> None:
        """As when a person says that a message is absent."""

        def unit(session: Session) -> None:
            message = session.get_one(Message, message_id)
            dispatch = session.get_one(Dispatch, message.dispatch_id)
            message.fence += 1
            queue_again(dispatch, message, utc_now() - LONG_AGO)
            refresh_state(session, dispatch, utc_now())

        self._write(unit)

    def change(self, message_id: int, **changes: Any) -> None:
        """Set columns of a message."""
        self.change_row(Message, message_id, changes)

    def change_row(self, model: type[Any], row_id: int, changes: dict[str, Any]) -> None:
        """Set columns of any row."""

        def unit(session: Session) -> None:
            row = session.get_one(model, row_id)
            for name, value in changes.items():
                setattr(row, name, value)

        self._write(unit)

    def count_unanswered(self, message_id: int, count: int) -> None:
        """What was read of the message's conversation."""

        def unit(session: Session) -> None:
            message = session.get_one(Message, message_id)
            session.get_one(Conversation, message.conversation_id).unanswered = count

        self._write(unit)

    def free_pace(self) -> None:
        """Every shop may be served now."""

        def unit(session: Session) -> None:
            for pace in session.scalars(select(SendingPace)):
                pace.free_at = utc_now() - LONG_AGO

        self._write(unit)

    def pace(self, shop_id: int) -> SendingPace:
        """The pace of a shop."""
        with self.database.read(TEST) as session:
            return session.get_one(SendingPace, shop_id)

    def dispatch_of(self, message_id: int) -> Dispatch:
        """The dispatch of a message."""
        with self.database.read(TEST) as session:
            return session.get_one(Dispatch, session.get_one(Message, message_id).dispatch_id)

    def conversation_of(self, message_id: int) -> Conversation:
        """The conversation of a message."""
        with self.database.read(TEST) as session:
            message = session.get_one(Message, message_id)
            return session.get_one(Conversation, message.conversation_id)


def _add_organisation(session: Session) -> int:
    row = Organisation(name="Seller", created_at=utc_now())
    session.add(row)
    session.flush()
    return row.id
