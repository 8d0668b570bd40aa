"""Signed calls to Corner: each sends one request, and gives back the `data` of its reply."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import httpx

from cloud.marketplaces.access import AppCredentials, ShopAccess
from cloud.marketplaces.errors import MarketplaceError
from cloud.marketplaces.exchange import (
    Call,
    Reply,
    checked_base_url,
    counted,
    exchange,
    json_object,
    unreadable,
)
from cloud.marketplaces.redaction import redacted
from tests.support.corner_market.errors import classify
from tests.support.corner_market.signing import sign

CHANNEL = "corner"
DEADLINE_S = 15.0


class CornerClient:
    """Signs, sends, and decides by `ok` on any HTTP status. Never sends a request twice."""

    def __init__(self, http: httpx.Client, base_url: str, now: Callable[[], datetime]) -> None:
        self._http = http
        self.base_url = checked_base_url(base_url)
        self.now = now

    def for_app(self, app: AppCredentials, name: str, **fields: str) -> object:
        """A call that spends a code or a refresh token."""
        body = json.dumps(fields).encode()
        secrets = [app.app_secret, *fields.values()]
        return self._run(app, name, body, call=Call.TOKEN, secrets=secrets)

    def read(self, access: ShopAccess, name: str, **fields: Any) -> object:
        """A call on behalf of a shop that is safe to repeat."""
        return self.read_raw(access, name, json.dumps(fields).encode())

    def read_raw(self, access: ShopAccess, name: str, body: bytes) -> object:
        """The same, with the bytes of the body."""
        return self._run_for(access, name, body, call=Call.SAFE)

    def send(
        self, access: ShopAccess, name: str, fields: dict[str, Any], *, deadline_s: float
    ) -> object:
        """A call on behalf of a shop that shows a message to a buyer."""
        body = json.dumps(fields).encode()
        return self._run_for(access, name, body, call=Call.SEND, deadline_s=deadline_s)

    def _run_for(
        self,
        access: ShopAccess,
        name: str,
        body: bytes,
        *,
        call: Call,
        deadline_s: float = DEADLINE_S,
    ) -> object:
        token = access.access_token
        secrets = [access.app.app_secret, token]
        return self._run(
            access.app, name, body, token=token, call=call, secrets=secrets, deadline_s=deadline_s
        )

    def _run(
        self,
        app: AppCredentials,
        name: str,
        body: bytes,
        *,
        call: Call,
        secrets: list[str],
        token: str = "",
        deadline_s: float = DEADLINE_S,
    ) -> object:
        time_s = int(self.now().timestamp())
        signature = sign(
            app.app_secret, app=app.app_id, call=name, time_s=time_s, token=token, body=body
        )
        headers = {"x-app": app.app_id, "x-time": str(time_s), "x-token": token}
        request = self._http.build_request(
            "POST",
            f"{self.base_url}/v1/{name}",
            content=body,
            headers={**headers, "x-sign": signature},
        )
        with counted(CHANNEL):
            reply = exchange(self._http, request, call=call, deadline_s=deadline_s)
            return _data(reply, call, secrets)


class CornerPart:
    """A part of the adapter: methods that share one client."""

    def __init__(self, client: CornerClient) -> None:
        self._client = client


def _data(reply: Reply, call: Call, secrets: list[str]) -> object:
    payload = json_object(reply.body) or {}
    if payload.get("ok") is True:
        return payload.get("data")
    raise _refused(payload, reply, call, secrets)


def _refused(
    payload: dict[str, Any], reply: Reply, call: Call, secrets: list[str]
) -> MarketplaceError:
    name = payload.get("error")
    if payload.get("ok") is not False or not isinstance(name, str) or not name:
        return unreadable(call, f"HTTP {reply.status}: no reply of Corner's", status=reply.status)
    return classify(
        redacted(name, secrets),
        redacted(str(payload.get("text", "")), secrets),
        call=call,
        status=reply.status,
        retry_after_s=reply.retry_after_s,
    )
