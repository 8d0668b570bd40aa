"""Lazada's interface: what its steps are, and how it answers."""

import secrets
from dataclasses import dataclass
from typing import Any

from sandbox import faults as fault_kinds
from sandbox.connections import Connections
from sandbox.faults import Fault, FaultBox
from sandbox.lazada import (
    account_calls,
    errors,
    gate,
    order_calls,
    pace,
    return_calls,
    send_calls,
    session_calls,
    templates,
)
from sandbox.lazada.endpoint import Call, Endpoint, LazadaParameters
from sandbox.lazada.entities import NOT_SHOWN
from sandbox.lazada.errors import ImRefusal
from sandbox.lazada.gate import Caller, SignedRequest
from sandbox.lazada.outbox import LazadaOutbox
from sandbox.lazada.world import World
from sandbox.market.answer import Answer
from sandbox.market.call import Trace
from sandbox.market.platform import Platform
from sandbox.market.receiving import Received
from sandbox.market.refusal import Refusal, Wording, Words

ROOT = "/rest"
ENDPOINTS: dict[str, Endpoint] = {
    endpoint.path: endpoint
    for endpoint in (
        *account_calls.ENDPOINTS,
        *order_calls.ENDPOINTS,
        *return_calls.ENDPOINTS,
        *session_calls.ENDPOINTS,
        *send_calls.ENDPOINTS,
    )
}
WORDS = Words(
    rate_limited=Wording(errors.API_CALL_LIMIT, pace.ban(1).message),
    token_expired=Wording(
        errors.ILLEGAL_ACCESS_TOKEN, "The specified access token is invalid or expired"
    ),
    server_error=Wording(errors.UNKNOWN_RUNTIME_EXCEPTION, "Cannot store.", 500),
    body_too_big=Wording(errors.INVALID_PARAMETER, "The body is too big.", 413),
    page_out_of_date=Wording(
        errors.INVALID_PARAMETER, "The page is out of date. Open the link again.", 400
    ),
    hidden_statuses=NOT_SHOWN,
)


@dataclass(frozen=True)
class Admitted:
    """A good caller, what is called, and all that came with it."""

    endpoint: Endpoint
    caller: Caller
    request: SignedRequest


class LazadaPlatform(Platform[World, Admitted, Call]):
    """Judges and answers calls as Lazada does."""

    words = WORDS

    def __init__(self, world: World, connections: Connections) -> None:
        faults = FaultBox()
        super().__init__(world, connections, faults=faults, outbox=LazadaOutbox(world, faults))
        self._rate = pace.BanGate(WORDS.rate_limited, lambda: world.limits.ban_s)

    async def admit(self, received: Received, trace: Trace) -> Admitted:
        """Path and method, app and time, signature, token, scope."""
        path = received.path.removeprefix(ROOT)
        endpoint = ENDPOINTS.get(path)
        if endpoint is None or received.method not in endpoint.methods:
            raise Refusal(errors.INVALID_API_PATH, "The specified API path is invalid")
        request = await gate.signed_request(received, path)
        caller = gate.admit(self.world, request, endpoint)
        trace.shop_id = caller.shop.shop_id if caller.shop else None
        trace.who = f"shop {trace.shop_id}" if caller.shop else f"app {caller.app.app_key}"
        gate.check_scope(self.world, caller, endpoint)
        return Admitted(endpoint, caller, request)

    async def read(self, received: Received, caller: Admitted, trace: Trace) -> Call:
        """Parameters wherever they stood, and the uploaded file."""
        parameters = LazadaParameters(caller.request.values, error=errors.INVALID_PARAMETER)
        if caller.endpoint.handler is send_calls.send_message:
            trace.message_type = templates.SENDABLE.get(parameters.optional_text("template_id"))
        return Call(
            endpoint=caller.endpoint,
            world=self.world,
            app=caller.caller.app,
            shop=caller.caller.shop,
            authorization=caller.caller.authorization,
            parameters=parameters,
            base_url=received.base_url,
            file=caller.request.files.get("image"),
        )

    def perform(self, call: Call) -> Answer:
        """The endpoint's answer in the envelope of a success."""
        content = call.endpoint.handler(call)
        envelope: dict[str, Any] = {"code": "0", "request_id": _request_id()}
        if call.endpoint.group == "auth":
            return Answer(envelope=content | envelope)
        if call.endpoint.group == "im":
            envelope |= self._im_outcome("0", "") | {"success": True}
        return Answer(envelope=envelope | {call.endpoint.holds: content})

    def refused(self, refusal: Refusal) -> Answer:
        """The envelope of a refusal; the chat's own say no inside a success."""
        status = 200 if refusal.http_status is None else refusal.http_status
        envelope: dict[str, Any] = {"request_id": _request_id()}
        if isinstance(refusal, ImRefusal):
            outcome = self._im_outcome(refusal.error, refusal.message)
            envelope |= {"code": "0", "success": False} | outcome
        else:
            envelope |= {
                "code": refusal.error,
                "type": errors.kind_of(refusal.error),
                "message": refusal.message,
            }
        return Answer(status, envelope, error=refusal.error)

    def _im_outcome(self, code: str, message: str) -> dict[str, str]:
        if self.world.limits.im_error_names == "error":
            return {"error_code": code, "error_msg": message}
        return {"err_code": code, "err_message": message}

    def _faulty(self, fault: Fault) -> Answer:
        """Lazada names the wait in the message."""
        if isinstance(fault, fault_kinds.RateLimit) and fault.retry_after_s is not None:
            return self.refused(pace.ban(fault.retry_after_s))
        return super()._faulty(fault)


def _request_id() -> str:
    return secrets.token_hex(16)
