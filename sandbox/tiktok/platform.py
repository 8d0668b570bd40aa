"""TikTok Shop's interface: what its steps are, and how it answers."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.connections import Connections
from sandbox.faults import FaultBox
from sandbox.market.answer import Answer
from sandbox.market.call import Trace
from sandbox.market.parameters import Parameters
from sandbox.market.platform import Platform
from sandbox.market.receiving import Received, json_body, read_parts
from sandbox.market.refusal import Refusal, Wording, Words
from sandbox.tiktok import (
    account_calls,
    chat_views,
    conversation_calls,
    errors,
    gate,
    order_calls,
    return_calls,
    send_calls,
    webhook_calls,
)
from sandbox.tiktok.endpoint import Call, Endpoint
from sandbox.tiktok.entities import NOT_SHOWN
from sandbox.tiktok.gate import Caller
from sandbox.tiktok.outbox import TikTokOutbox
from sandbox.tiktok.world import World

ENDPOINTS: tuple[Endpoint, ...] = (
    *account_calls.ENDPOINTS,
    *order_calls.ENDPOINTS,
    *return_calls.ENDPOINTS,
    *conversation_calls.ENDPOINTS,
    *send_calls.ENDPOINTS,
    *webhook_calls.ENDPOINTS,
)
WORDS = Words(
    rate_limited=Wording(errors.TOO_FAST, "Too many requests."),
    token_expired=Wording(errors.TOKEN_EXPIRED, "Expired credentials."),
    server_error=Wording(errors.INTERNAL, "Internal error."),
    body_too_big=Wording(errors.TOO_LARGE, "The body is too large."),
    page_out_of_date=Wording(errors.BAD_REQUEST, "The page is out of date. Open the link again."),
    hidden_statuses=NOT_SHOWN,
)


@dataclass(frozen=True)
class Admitted:
    """A good caller, the call, and the ids in its path."""

    endpoint: Endpoint
    ids: Mapping[str, str]
    caller: Caller


class TikTokPlatform(Platform[World, Admitted, Call]):
    """Judges and answers calls as TikTok Shop does."""

    words = WORDS

    def __init__(self, world: World, connections: Connections) -> None:
        faults = FaultBox()
        self.pushes = TikTokOutbox(world, faults)
        super().__init__(world, connections, faults=faults, outbox=self.pushes)

    async def admit(self, received: Received, trace: Trace) -> Admitted:
        """Path and method, app and time, signature, token and cipher, scope."""
        endpoint, ids = gate.find(ENDPOINTS, received)
        caller = gate.admit(self.world, endpoint, received)
        trace.shop_id = caller.shop.shop_id if caller.shop else None
        app_key = caller.app.app_key if caller.app else ""
        trace.who = f"{app_key} {trace.shop_id} {endpoint.method} {endpoint.path}"
        return Admitted(endpoint, ids, caller)

    async def read(self, received: Received, caller: Admitted, trace: Trace) -> Call:
        """Query, body, and the uploaded file. The day's calls are counted here."""
        endpoint, admitted = caller.endpoint, caller.caller
        if endpoint.counted_daily:
            limits = self.world.limits
            self.world.quota.count(trace.who, self.world.clock.now(), limits.chat_calls_per_day)
        error = endpoint.parameter_error
        parts = await read_parts(received, error=errors.BODY_FORMAT)
        values = {} if received.is_multipart else json_body(received, error=errors.BODY_FORMAT)
        body = Parameters(values, error=error)
        trace.message_type = chat_views.WORDS.get(body.optional_text("type")) or None
        return Call(
            endpoint=endpoint,
            world=self.world,
            app=admitted.app,
            authorization=admitted.authorization,
            shop=admitted.shop,
            query=Parameters(received.query, error=error),
            body=body,
            outbox=self.pushes,
            ids=caller.ids,
            base_url=received.base_url,
            file=parts.files.get("data"),
        )

    def perform(self, call: Call) -> Answer:
        """The call's answer in the envelope of a success."""
        data = call.endpoint.handler(call)
        return Answer(envelope=_envelope(0, "Success") | {"data": data})

    def refused(self, refusal: Refusal) -> Answer:
        """The envelope of a refusal: its code is a number."""
        status = refusal.http_status
        code = int(refusal.error) if refusal.error.isdigit() else refusal.error
        return Answer(
            errors.http_status(refusal.error) if status is None else status,
            _envelope(code, refusal.message),
            error=refusal.error,
        )


def _envelope(code: int | str, message: str) -> dict[str, object]:
    return {"code": code, "message": message, "request_id": secrets.token_hex(16)}
