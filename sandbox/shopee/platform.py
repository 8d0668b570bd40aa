"""The marketplace's interface: every call is judged here in the order of marketplace-apis 4.5."""

import asyncio
import logging
import math
import secrets
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sandbox import faults as fault_kinds
from sandbox.connections import Connections
from sandbox.faults import Fault, FaultBox
from sandbox.request_log import LoggedRequest, RequestLog
from sandbox.shopee import account_calls, chat_calls, errors, gate, order_calls, send_calls
from sandbox.shopee.endpoint import Call, Endpoint, MessageFate
from sandbox.shopee.errors import Refusal
from sandbox.shopee.gate import Caller, RateGate
from sandbox.shopee.parameters import Parameters
from sandbox.shopee.receiving import Received, json_body, uploaded_file
from sandbox.shopee.world import World

logger = logging.getLogger(__name__)

ENDPOINTS: dict[tuple[str, str], Endpoint] = {
    (endpoint.method, endpoint.path): endpoint
    for endpoint in (
        *account_calls.ENDPOINTS,
        *order_calls.ENDPOINTS,
        *chat_calls.ENDPOINTS,
        *send_calls.ENDPOINTS,
    )
}


@dataclass
class Answer:
    """What goes back: an envelope, or a page that is no JSON, or nothing (`dropped`)."""

    http_status: int = 200
    envelope: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    html: str | None = None
    dropped: bool = False

    @property
    def outcome(self) -> str:
        """How the log names it."""
        if self.dropped:
            return "dropped"
        return "not json" if self.html is not None else str(self.envelope.get("error")) or "ok"


@dataclass
class _Trace:
    """What the log will tell of a call."""

    shop_id: int | None = None
    message_type: str | None = None
    call: Call | None = None
    accepted: bool = False
    faults: list[str] = field(default_factory=list)


class Platform:
    """Judges and answers calls. Used by the server's event loop only."""

    def __init__(self, world: World, connections: Connections) -> None:
        self.world = world
        self.connections = connections
        self.faults = FaultBox()
        self.log = RequestLog()
        self._rate = RateGate()

    async def answer(self, received: Received) -> Answer:
        """Judge one call. Whatever it changes is durable before this returns."""
        trace = _Trace()
        try:
            answer = await self._judged(received, trace)
        except Refusal as refusal:
            self.world.rollback()
            answer = refused(refusal)
        except sqlite3.Error:
            logger.exception("cannot store", extra={"path": received.path})
            self.world.rollback()
            answer = refused(Refusal(errors.ERROR_SERVER, "Cannot store."))
        self._write_log(received, answer, trace)
        if answer.dropped:
            self.connections.abort(received.client)
        return answer

    async def _judged(self, received: Received, trace: _Trace) -> Answer:
        endpoint = ENDPOINTS.get((received.method, received.path))
        if endpoint is None:
            raise Refusal(errors.ERROR_PARAM, "Invalid path or method.", http_status=404)
        caller = gate.admit(self.world, received.signed, endpoint.signed_for)
        trace.shop_id = caller.shop.shop_id if caller.shop else None
        gate.check_scope(endpoint, caller)
        self._rate.admit(_who(caller), self.world.limits.requests_per_second)
        call = await self._read(received, endpoint, caller)
        trace.message_type = call.parameters.optional_text("message_type") or None
        early = await self._before(received, trace)
        if early is not None:
            return early
        call.fate = lambda: self._fate(received, trace)
        answer = succeeded(endpoint.handler(call), flat=endpoint.flat)
        self.world.commit()
        trace.call, trace.accepted = call, True
        return await self._after(received, trace) or answer

    async def _read(self, received: Received, endpoint: Endpoint, caller: Caller) -> Call:
        error = endpoint.parameter_error
        file = await uploaded_file(received, error=error) if endpoint.method == "POST" else None
        if endpoint.method == "GET":
            values: dict[str, Any] = dict(received.query)
        else:
            values = {} if file is not None else json_body_or_none(received, error)
        return Call(
            world=self.world,
            app=caller.app,
            shop=caller.shop,
            merchant_id=caller.merchant_id,
            parameters=Parameters(values, error=error),
            base_url=received.base_url,
            file=file,
        )

    def _take(self, kinds: Sequence[type[Any]], received: Received, trace: _Trace) -> list[Fault]:
        taken = self.faults.take(
            tuple(kinds),
            path=received.path,
            shop_id=trace.shop_id,
            message_type=trace.message_type,
        )
        trace.faults += [fault.kind for fault in taken]
        return taken

    async def _before(self, received: Received, trace: _Trace) -> Answer | None:
        taken = self._take(fault_kinds.BEFORE_KINDS, received, trace)
        for fault in taken:
            if isinstance(fault, fault_kinds.Delay):
                await asyncio.sleep(fault.delay_ms / 1000)
        for fault in taken:
            if not isinstance(fault, fault_kinds.Delay):
                return faulty(fault)
        return None

    async def _after(self, received: Received, trace: _Trace) -> Answer | None:
        taken = self._take(fault_kinds.AFTER_KINDS, received, trace)
        for fault in taken:
            if isinstance(fault, fault_kinds.DelayAfter):
                await asyncio.sleep(fault.delay_ms / 1000)
        for fault in taken:
            if not isinstance(fault, fault_kinds.DelayAfter):
                return faulty(fault)
        return None

    def _fate(self, received: Received, trace: _Trace) -> MessageFate:
        """Asked by a send once nothing speaks against it any more."""
        fate = MessageFate()
        for fault in self._take(fault_kinds.MESSAGE_KINDS, received, trace):
            if isinstance(fault, fault_kinds.StatusAfter):
                fate = MessageFate(fault.status, fate.hidden_until, fate.hidden)
            elif isinstance(fault, fault_kinds.ShowLate):
                wait_s = fault.visible_after_s
                until = None if wait_s is None else self.world.clock.now() + wait_s
                fate = MessageFate(fate.status, until, hidden=wait_s is None)
        return fate

    def _write_log(self, received: Received, answer: Answer, trace: _Trace) -> None:
        message = trace.call.accepted if trace.call else None
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
                message_id=str(message.message_id) if message else None,
                faults=trace.faults,
            )
        )


def succeeded(content: dict[str, Any], *, flat: bool) -> Answer:
    """The envelope of a success."""
    body = content if flat else {"response": content}
    return Answer(envelope={"request_id": _request_id(), "error": "", "message": "", **body})


def refused(refusal: Refusal) -> Answer:
    """The envelope of a refusal."""
    return Answer(
        refusal.http_status,
        {"request_id": _request_id(), "error": refusal.error, "message": refusal.message},
    )


def faulty(fault: Fault) -> Answer:
    """What a fault answers in place of the truth."""
    if isinstance(fault, fault_kinds.DropBefore | fault_kinds.DropAfter):
        return Answer(dropped=True)
    if isinstance(fault, fault_kinds.NotJson):
        return Answer(fault.http_status, html="<html><body><h1>Bad Gateway</h1></body></html>")
    if isinstance(fault, fault_kinds.RateLimit):
        limited = refused(Refusal(errors.ERROR_RATE_LIMIT, "Too many requests."))
        if fault.retry_after_s is not None:
            limited.headers["Retry-After"] = str(fault.retry_after_s)
        return limited
    if isinstance(fault, fault_kinds.TokenExpired):
        return refused(Refusal(errors.INVALID_ACCESS, "Access token expired."))
    if isinstance(fault, fault_kinds.ErrorBody):
        return refused(Refusal(fault.error, fault.message, http_status=200))
    if isinstance(fault, fault_kinds.ErrorBefore | fault_kinds.ErrorAfter):
        return refused(Refusal(fault.error, "Internal error.", http_status=fault.http_status))
    raise AssertionError(f"{fault.kind} gives no answer")


def json_body_or_none(received: Received, error: str) -> dict[str, Any]:
    """The JSON body; that of an upload without a file is left to its handler."""
    if received.content_type.startswith("multipart/form-data"):
        return {}
    return json_body(received, error=error)


def _who(caller: Caller) -> str:
    return f"shop {caller.shop.shop_id}" if caller.shop else f"app {caller.app.partner_id}"


def _request_id() -> str:
    return secrets.token_hex(16)
