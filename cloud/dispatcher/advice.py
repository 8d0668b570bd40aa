"""What a table should know about a code it has just scanned."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from cloud.conversations.models import Dispatch
from cloud.conversations.states import DispatchState
from cloud.database.base import utc_now
from cloud.database.scope import scoped
from cloud.database.write import Database
from cloud.dispatcher.asking import Asked, OrderAsking
from cloud.orders.queries import (
    TRACKING_COUNTS_FOR,
    Candidate,
    FoundOrder,
    candidates,
    numbers_of,
)
from cloud.shops.models import Shop
from wire.messages import MAX_EQUIVALENTS, AdviceKind

SYNC_COUNTS_FOR = timedelta(minutes=15)
"""Orders read longer ago than this do not prove that a code is unknown."""

_SENT = (
    DispatchState.SENT,
    DispatchState.PARTLY_SENT,
    DispatchState.SENDING,
    DispatchState.QUEUED,
    DispatchState.NOT_CONFIRMED,
    DispatchState.NOT_SHOWN,
)


@dataclass(frozen=True, slots=True)
class Advised:
    """What is known about a code."""

    kind: AdviceKind
    equivalents: tuple[str, ...] = ()
    """The other numbers of the same order; all of them or none, because a table takes what is not
    among them for another order's.
    """


class Adviser:
    """Answers from our orders; asks the marketplaces for a number that is not among them."""

    def __init__(
        self,
        database: Database,
        asking: OrderAsking,
        tracking_counts_for: timedelta = TRACKING_COUNTS_FOR,
    ) -> None:
        self._database = database
        self._asking = asking
        self._tracking_counts_for = tracking_counts_for

    def advise(self, organisation_id: int, code: str) -> Advised:
        """What is known about a code.

        `unknown` refuses the order at the table, so it is said only when every shop was asked, and
        its orders were read lately.

        Raises:
            DatabaseError: nothing is known now.
        """
        known = self._from_orders(organisation_id, code)
        if known is not None:
            return known
        match self._asking.ask(organisation_id, code):
            case Asked.FOUND:
                return self._from_orders(organisation_id, code) or Advised(AdviceKind.KNOWN)
            case Asked.UNCLEAR:
                return Advised(AdviceKind.NOT_SYNCED)
            case Asked.NONE:
                return Advised(self._not_found(organisation_id))

    def _from_orders(self, organisation_id: int, code: str) -> Advised | None:
        with self._database.read(scoped(organisation_id)) as session:
            found = candidates(
                session,
                code,
                scanned_at=utc_now(),
                tracking_counts_for=self._tracking_counts_for,
            )
            if len(found) != 1:
                return Advised(AdviceKind.KNOWN) if found else None
            order = found[0].order
            return Advised(_about(session, found[0]), _equivalents(session, order, code))

    def _not_found(self, organisation_id: int) -> AdviceKind:
        with self._database.read(scoped(organisation_id)) as session:
            read_until = session.scalars(select(Shop.orders_synced_until)).all()
        oldest = utc_now() - SYNC_COUNTS_FOR
        if read_until and all(one is not None and one > oldest for one in read_until):
            return AdviceKind.UNKNOWN
        return AdviceKind.NOT_SYNCED


def known_about(session: Session, code: str) -> str:
    """What our own orders say about a code, a word of the wire's advice (a scoped session).

    Empty where they do not say it: no marketplace is asked.
    """
    found = candidates(session, code, scanned_at=utc_now())
    return _about(session, found[0]).value if len(found) == 1 else ""


def _equivalents(session: Session, order: FoundOrder, code: str) -> tuple[str, ...]:
    others = tuple(number for number in numbers_of(session, order) if number != code)
    return others if len(others) <= MAX_EQUIVALENTS else ()


def _about(session: Session, candidate: Candidate) -> AdviceKind:
    order = candidate.order
    if order.cancelled:
        return AdviceKind.CANCELLED
    if order.refunded:
        return AdviceKind.REFUNDED
    sent = select(Dispatch.id).where(Dispatch.order_id == order.id, Dispatch.state.in_(_SENT))
    if candidate.parcel_id is not None:
        sent = sent.where(
            Dispatch.parcel_id.is_(None) | (Dispatch.parcel_id == candidate.parcel_id)
        )
    is_sent = session.scalar(sent.limit(1)) is not None
    return AdviceKind.ALREADY_SENT if is_sent else AdviceKind.KNOWN
