"""Shopee's interface: what its steps are, and how it answers."""

import secrets
from dataclasses import dataclass
from typing import Any

from sandbox.connections import Connections
from sandbox.faults import FaultBox
from sandbox.market.answer import Answer
from sandbox.market.call import Trace
from sandbox.market.parameters import Parameters
from sandbox.market.platform import Platform
from sandbox.market.receiving import Received, json_body, read_parts
from sandbox.market.refusal import Refusal, Wording, Words
from sandbox.shopee import (
    account_calls,
    chat_calls,
    errors,
    gate,
    order_calls,
    push_calls,
    return_calls,
    send_calls,
)
from sandbox.shopee.endpoint import Call, Endpoint
from sandbox.shopee.entities import NOT_SHOWN
from sandbox.shopee.gate import Caller, SignedRequest
from sandbox.shopee.outbox import ShopeeOutbox
from sandbox.shopee.push_bodies import VERIFICATION
from sandbox.shopee.world import World

ENDPOINTS: dict[tuple[str, str], Endpoint] = {
    (endpoint.method, endpoint.path): endpoint
    for endpoint in (
        *account_calls.ENDPOINTS,
        *order_calls.ENDPOINTS,
        *return_calls.ENDPOINTS,
        *chat_calls.ENDPOINTS,
        *send_calls.ENDPOINTS,
        *push_calls.ENDPOINTS,
    )
}
WORDS = Words(
    rate_limited=Wording(errors.ERROR_RATE_LIMIT, "Too many requests."),
    token_expired=Wording(errors.INVALID_ACCESS, "Access token expired."),
    server_error=Wording(errors.ERROR_SERVER, "Cannot store."),
    body_too_big=Wording(errors.ERROR_PARAM, "The body is too big.", 413),
    page_out_of_date=Wording(errors.ERROR_PARAM, "The page is out of date. Open the link again."),
    hidden_statuses=NOT_SHOWN,
)


@dataclass(frozen=True)
class Admitted:
    """A good caller, and the endpoint that is called."""

    endpoint: Endpoint
    caller: Caller


class ShopeePlatform(Platform[World, Admitted, Call]):
    """Judges and answers calls as Shopee does."""

    words = WORDS

    def __init__(self, world: World, connections: Connections) -> None:
        faults = FaultBox()
        self.pushes = ShopeeOutbox(world, faults)
        super().__init__(world, connections, faults=faults, outbox=self.pushes)

    async def admit(self, received: Received, trace: Trace) -> Admitted:
        """Path and method, app and time, signature, token, scope."""
        endpoint = ENDPOINTS.get((received.method, received.path))
        if endpoint is None:
            raise Refusal(errors.ERROR_PARAM, "Invalid path or method.", http_status=404)
        signed = SignedRequest(received.path, received.query)
        caller = gate.admit(self.world, signed, endpoint.signed_for)
        trace.shop_id = caller.shop.shop_id if caller.shop else None
        trace.who = f"shop {trace.shop_id}" if caller.shop else f"app {caller.app.partner_id}"
        gate.check_scope(endpoint, caller)
        return Admitted(endpoint, caller)

    async def read(self, received: Received, caller: Admitted, trace: Trace) -> Call:
        """Parameters from the query or the body, and the uploaded file."""
        endpoint, admitted = caller.endpoint, caller.caller
        error = endpoint.parameter_error
        values: dict[str, Any] = {}
        file: bytes | None = None
        if endpoint.method == "GET":
            values = dict(received.query)
        elif received.is_multipart:
            file = (await read_parts(received, error=error)).files.get("file")
        else:
            values = json_body(received, error=error)
        parameters = Parameters(values, error=error)
        trace.message_type = parameters.optional_text("message_type") or None
        return Call(
            endpoint=endpoint,
            world=self.world,
            app=admitted.app,
            shop=admitted.shop,
            merchant_id=admitted.merchant_id,
            outbox=self.pushes,
            parameters=parameters,
            base_url=received.base_url,
            file=file,
        )

    async def prepare(self, call: Call) -> None:
        """A new callback address has to answer the verification push."""
        url = push_calls.address_to_verify(call)
        if not url or self.sender is None:
            return
        body = self.pushes.compose(VERIFICATION, None, {"verify_info": "Answer with 2xx."}).encode()
        headers = self.pushes.headers(call.app.partner_id, url, body)
        deadline_s = self.pushes.deadline_s(VERIFICATION)
        attempt = await self.sender.attempt(url, headers, body, deadline_s)
        if not attempt.succeeded:
            raise call.parameters.bad("callback_url", f"failed verification: {attempt.outcome}")
        self.sender.forget_outcomes(call.app.partner_id)

    def perform(self, call: Call) -> Answer:
        """The endpoint's answer in the envelope of a success."""
        content = call.endpoint.handler(call)
        body = content if call.endpoint.flat else {"response": content}
        return Answer(envelope={"request_id": _request_id(), "error": "", "message": "", **body})

    def refused(self, refusal: Refusal) -> Answer:
        """The envelope of a refusal."""
        status = refusal.http_status
        return Answer(
            errors.http_status(refusal.error) if status is None else status,
            {"request_id": _request_id(), "error": refusal.error, "message": refusal.message},
            error=refusal.error,
        )


def _request_id() -> str:
    return secrets.token_hex(16)
