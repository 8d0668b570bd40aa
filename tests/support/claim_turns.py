"""The units of the dispatcher's write path, one call each, for tests without its threads."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

from sqlalchemy.orm import Session

from cloud.conversations.models import Dispatch, Message
from cloud.conversations.states import AttemptOutcome, MessageState, Reason
from cloud.database.base import utc_now
from cloud.database.write import Database
from cloud.dispatcher.beginning import Begun, begin_sending
from cloud.dispatcher.claims import Claim, Claimed, ClaimRules, claim
from cloud.dispatcher.going_on import Following, WentOn, finish_sent
from cloud.dispatcher.lapsing import doubt_lapsed_requests, return_lapsed_claims
from cloud.dispatcher.results import (
    finish_known_failure,
    finish_unknown,
    give_back,
)
from cloud.dispatcher.retry import BackOff, Next, Step
from cloud.marketplaces.chats import SentMessage
from tests.database_rows import TEST

T = TypeVar("T")
LEASE = timedelta(seconds=30)
GONE = timedelta(seconds=-1)
SETTLE = timedelta(seconds=30)
BACK_OFF = BackOff()
RULES = ClaimRules(
    sender="sender-1",
    lease=LEASE,
    held_check=timedelta(seconds=30),
    too_old=timedelta(hours=72),
    limit_of=lambda _channel, _country: None,
)
WAIT = Step(Next.AGAIN, Reason.OUTAGE, "no answer", timedelta(minutes=5))


class Turns:
    """The write path, one call for each unit."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def write(self, unit: Callable[[Session], T]) -> T:
        return self.database.write(unit, TEST)

    def claim(self, most: int = 10, **changes: object) -> Claimed:
        rules = replace(RULES, **changes)  # type: ignore[arg-type]  # fields of ClaimRules
        return self.write(lambda session: claim(session, rules, most))

    def claimed(self, most: int = 10, **changes: object) -> list[int]:
        return [one.message_id for one in self.claim(most, **changes).claims]

    def begin(self, one: Claim, *, sender: str = "sender-1", lease: timedelta = LEASE) -> Begun:
        return self.write(
            lambda session: begin_sending(session, one, sender=sender, lease=lease, uploaded=None)
        )

    def sent(
        self,
        one: Claim,
        begun: Begun,
        marketplace_id: str = "",
        *,
        following: Following | None = None,
    ) -> WentOn:
        message = SentMessage(marketplace_id or f"m{one.message_id}", "c1", utc_now())
        return self.write(lambda session: finish_sent(session, one, begun, message, following))

    def send_next(self) -> int:
        (one,) = self.claim(1).claims
        self.sent(one, self.begin(one))
        return one.message_id

    def known_failure(self, one: Claim, begun: Begun | None, step: Step = WAIT) -> None:
        attempt_id = begun.attempt_id if begun else None
        self.write(lambda session: finish_known_failure(session, one, attempt_id, step, BACK_OFF))

    def unknown(self, one: Claim, begun: Begun) -> None:
        self.write(
            lambda session: finish_unknown(
                session,
                one,
                begun.attempt_id,
                replace(WAIT, next=Next.LOOK_INTO_CHAT),
                outcome=AttemptOutcome.UNKNOWN,
                settle=SETTLE,
                back_off=BACK_OFF,
            )
        )

    def give_back(self, one: Claim, begun: Begun) -> None:
        self.write(lambda session: give_back(session, one, begun.attempt_id))

    def return_lapsed(self) -> int:
        return self.write(return_lapsed_claims)

    def doubt_lapsed(self) -> int:
        return self.write(lambda session: doubt_lapsed_requests(session, SETTLE))

    def message(self, message_id: int) -> Message:
        with self.database.read(TEST) as session:
            return session.get_one(Message, message_id)

    def state(self, message_id: int) -> MessageState:
        return self.message(message_id).state

    def dispatch(self, dispatch_id: int) -> Dispatch:
        with self.database.read(TEST) as session:
            return session.get_one(Dispatch, dispatch_id)
