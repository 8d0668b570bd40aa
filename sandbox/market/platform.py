"""How every call is judged, in the order of marketplace-apis 4.5, and what faults do to it."""

import asyncio
import logging
import math
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Generic, TypeVar

from sandbox import faults as fault_kinds
from sandbox.connections import Connections
from sandbox.faults import Fault, FaultBox
from sandbox.market.answer import Answer
from sandbox.market.call import MarketCall, MessageFate, Trace
from sandbox.market.push.outbox import AnyOutbox
from sandbox.market.push.sender import PushSender
from sandbox.market.rate import RateGate
from sandbox.market.receiving import Received
from sandbox.market.refusal import Refusal, Words
from sandbox.market.world import AnyWorld
from sandbox.request_log import LoggedRequest, RequestLog

logger = logging.getLogger(__name__)
WorldT = TypeVar("WorldT", bound=AnyWorld)
CallerT = TypeVar("CallerT")
CallT = TypeVar("CallT", bound=MarketCall)


class Platform(ABC, Generic[WorldT, CallerT, CallT]):
    """Judges and answers calls. Used by the server's event loop only.

    A platform says what its steps are; their order, the faults and the log are the same for all.
    Every step may raise Refusal; then nothing of the call stays.
    """

    words: Words

    def __init__(
        self,
        world: WorldT,
        connections: Connections,
        *,
        faults: FaultBox | None = None,
        outbox: AnyOutbox | None = None,
    ) -> None:
        """A platform that pushes gives its outbox, and the faults that both share."""
        self.world = world
        self.connections = connections
        self.faults = faults or FaultBox()
        self.log = RequestLog()
        self._rate = RateGate(self.words.rate_limited)
        self.outbox = outbox
        self.sender = PushSender(outbox) if outbox else None

    @abstractmethod
    async def admit(self, received: Received, trace: Trace) -> CallerT:
        """Steps 1 to 5: path, app and time, signature, token, scope.

        Sets `trace.who`, and `trace.shop_id` as soon as the shop is known.
        """

    @abstractmethod
    async def read(self, received: Received, caller: CallerT, trace: Trace) -> CallT:
        """Step 7, as far as it is reading. Sets `trace.message_type` of a send."""

    async def prepare(self, call: CallT) -> None:  # most platforms ask nobody
        """What has to be asked of others before judging, such as a callback address."""

    @abstractmethod
    def perform(self, call: CallT) -> Answer:
        """Steps 7 and 8: judge and act. What is put into the world is committed afterwards."""

    @abstractmethod
    def refused(self, refusal: Refusal) -> Answer:
        """The envelope of a refusal."""

    async def answer(self, received: Received) -> Answer:
        """Judge one call. Whatever it changes is durable before this returns."""
        trace = Trace()
        try:
            answer = await self._judged(received, trace)
        except Refusal as refusal:
            self.world.rollback()
            answer = self.refused(refusal)
        except sqlite3.Error:
            logger.exception("cannot store", extra={"path": received.path})
            self.world.rollback()
            answer = self.refused(self.words.server_error.refusal())
        self._write_log(received, answer, trace)
        if answer.dropped:
            self.connections.abort(received.client)
        return answer

    async def _judged(self, received: Received, trace: Trace) -> Answer:
        caller = await self.admit(received, trace)
        self._rate.admit(trace.who, self.world.limits.requests_per_second)
        call = await self.read(received, caller, trace)
        early = await self._met(fault_kinds.BEFORE_KINDS, received, trace)
        if early is not None:
            return early
        await self.prepare(call)
        call.fate = lambda: self._fate(received, trace)
        answer = self.perform(call)
        self.world.commit()
        trace.accepted = True
        trace.message_id = str(call.accepted.message_id) if call.accepted else None
        return await self._met(fault_kinds.AFTER_KINDS, received, trace) or answer

    def _take(self, kinds: Sequence[type[Any]], received: Received, trace: Trace) -> list[Fault]:
        taken = self.faults.take(
            tuple(kinds),
            path=received.path,
            shop_id=trace.shop_id,
            message_type=trace.message_type,
        )
        trace.faults += [fault.kind for fault in taken]
        return taken

    async def _met(
        self, kinds: Sequence[type[Any]], received: Received, trace: Trace
    ) -> Answer | None:
        """Let the faults of these kinds happen; the answer that one gives instead of the truth."""
        taken = self._take(kinds, received, trace)
        for fault in taken:
            if isinstance(fault, fault_kinds.Delay | fault_kinds.DelayAfter):
                await asyncio.sleep(fault.delay_ms / 1000)
        for fault in taken:
            if not isinstance(fault, fault_kinds.Delay | fault_kinds.DelayAfter):
                return self._faulty(fault)
        return None

    def _faulty(self, fault: Fault) -> Answer:
        """What a fault answers in place of the truth."""
        if isinstance(fault, fault_kinds.DropBefore | fault_kinds.DropAfter):
            return Answer(dropped=True)
        if isinstance(fault, fault_kinds.NotJson):
            return Answer(fault.http_status, html="<html><body><h1>Bad Gateway</h1></body></html>")
        if isinstance(fault, fault_kinds.RateLimit):
            limited = self.refused(self.words.rate_limited.refusal())
            if fault.retry_after_s is not None:
                limited.headers["Retry-After"] = str(fault.retry_after_s)
            return limited
        if isinstance(fault, fault_kinds.TokenExpired):
            return self.refused(self.words.token_expired.refusal())
        if isinstance(fault, fault_kinds.ErrorBody):
            return self.refused(Refusal(fault.error, fault.message, http_status=200))
        if isinstance(fault, fault_kinds.ErrorBefore | fault_kinds.ErrorAfter):
            error = fault.error or self.words.server_error.error
            return self.refused(Refusal(error, "Internal error.", http_status=fault.http_status))
        raise AssertionError(f"{fault.kind} gives no answer")

    def _fate(self, received: Received, trace: Trace) -> MessageFate:
        """Asked by a send once nothing speaks against it any more."""
        fate = MessageFate()
        for fault in self._take(fault_kinds.MESSAGE_KINDS, received, trace):
            if isinstance(fault, fault_kinds.StatusAfter):
                status = fault.status or self.words.hidden_statuses[0]
                fate = MessageFate(status, fate.hidden_until, fate.hidden)
            elif isinstance(fault, fault_kinds.ShowLate):
                wait_s = fault.visible_after_s
                until = None if wait_s is None else self.world.clock.now() + wait_s
                fate = MessageFate(fate.status, until, hidden=wait_s is None)
        return fate

    def _write_log(self, received: Received, answer: Answer, trace: Trace) -> None:
        self.log.add(
            LoggedRequest(
                number=self.log.next_number(),
                at=math.floor(self.world.clock.now() * 1000) / 1000,
                method=received.method,
                path=received.path,
                shop_id=trace.shop_id,
                http_status=None if answer.dropped else answer.http_status,
                outcome=answer.outcome,
                accepted=trace.accepted,
                message_type=trace.message_type,
                message_id=trace.message_id,
                faults=trace.faults,
            )
        )


AnyPlatform = Platform[Any, Any, Any]
