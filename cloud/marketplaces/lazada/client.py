"""Signed calls to Lazada: each sends one request, and gives back what a successful reply holds."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import httpx

from cloud.marketplaces.access import AppCredentials, ShopAccess
from cloud.marketplaces.exchange import (
    Call,
    Reply,
    checked_base_url,
    counted,
    exchange,
    json_object,
    utc_now,
    without_envelope,
)
from cloud.marketplaces.lazada.capabilities import hosts_of
from cloud.marketplaces.lazada.errors import classify
from cloud.marketplaces.lazada.signing import sign
from cloud.marketplaces.redaction import redacted

CHANNEL = "lazada"
SUCCESS = "0"

Parameters = Mapping[str, str]
Payload = dict[str, Any]


class LazadaClient:
    """Signs, sends, and decides by `code` on any HTTP status. Never sends a request twice.

    `deadline_s` is the time a whole call may take where the method names no other.
    """

    def __init__(
        self,
        http: httpx.Client,
        base_url: str,
        *,
        now: Callable[[], datetime] = utc_now,
        deadline_s: float = 15.0,
    ) -> None:
        self._http = http
        self.hosts = hosts_of(checked_base_url(base_url))
        self.now = now
        self._deadline_s = deadline_s

    def post_for_tokens(self, app: AppCredentials, path: str, parameters: Parameters) -> Payload:
        """A call on behalf of the app, which spends a code or a refresh token."""
        signed = self._signed(app, path, parameters)
        # In the body, because addresses end up in logs.
        request = self._http.build_request("POST", self.hosts.tokens + path, data=signed)
        return self._run(request, Call.TOKEN, [app.app_secret, *parameters.values()])

    def get(self, access: ShopAccess, path: str, parameters: Parameters) -> Payload:
        """A reading call on behalf of a shop."""
        signed = self._signed_for(access, path, parameters)
        request = self._http.build_request("GET", self.hosts.api + path, params=signed)
        return self._run(request, Call.SAFE, access.secrets)

    def post(self, access: ShopAccess, path: str, parameters: Parameters) -> Payload:
        """A call on behalf of a shop that is safe to repeat."""
        return self._post(access, path, parameters, Call.SAFE)

    def post_send(
        self, access: ShopAccess, path: str, parameters: Parameters, *, deadline_s: float
    ) -> Payload:
        """A call on behalf of a shop that shows a message to a buyer."""
        return self._post(access, path, parameters, Call.SEND, deadline_s=deadline_s)

    def post_file(
        self, access: ShopAccess, path: str, field: str, file: tuple[str, bytes, str]
    ) -> Payload:
        """Upload one file (name, bytes, media type), which is not signed; safe to repeat."""
        signed = self._signed_for(access, path, {})
        request = self._http.build_request(
            "POST", self.hosts.api + path, data=signed, files={field: file}
        )
        return self._run(request, Call.SAFE, access.secrets)

    def _post(
        self,
        access: ShopAccess,
        path: str,
        parameters: Parameters,
        call: Call,
        *,
        deadline_s: float | None = None,
    ) -> Payload:
        signed = self._signed_for(access, path, parameters)
        request = self._http.build_request("POST", self.hosts.api + path, data=signed)
        return self._run(request, call, access.secrets, deadline_s=deadline_s)

    def _signed_for(self, access: ShopAccess, path: str, parameters: Parameters) -> dict[str, str]:
        return self._signed(access.app, path, {**parameters, "access_token": access.access_token})

    def _signed(self, app: AppCredentials, path: str, parameters: Parameters) -> dict[str, str]:
        whole = {
            **parameters,
            "app_key": app.app_id,
            "sign_method": "sha256",
            "timestamp": str(int(self.now().timestamp() * 1000)),
        }
        return {**whole, "sign": sign(app.app_secret, path=path, parameters=whole)}

    def _run(
        self,
        request: httpx.Request,
        call: Call,
        secrets: Sequence[str],
        *,
        deadline_s: float | None = None,
    ) -> Payload:
        limit_s = self._deadline_s if deadline_s is None else deadline_s
        with counted(CHANNEL):
            reply = exchange(self._http, request, call=call, deadline_s=limit_s)
            return _payload(reply, call, secrets)


class LazadaPart:
    """A part of the adapter: methods that share one client."""

    def __init__(self, client: LazadaClient) -> None:
        self._client = client


def _payload(reply: Reply, call: Call, secrets: Sequence[str]) -> Payload:
    payload = json_object(reply.body)
    name = None if payload is None else _failed_as(payload)
    if payload is None or name is None:
        raise without_envelope(reply, call, "Lazada")
    if name:
        raise classify(
            redacted(name, secrets),
            redacted(_message_of(payload), secrets),
            call=call,
            error_type=str(payload.get("type", "")),
            status=reply.status,
            retry_after_s=reply.retry_after_s,
        )
    return payload


def _failed_as(payload: Payload) -> str | None:
    """The error's name; empty for a success, None for what is no reply of Lazada's.

    The calls of the chat have codes of their own inside a successful envelope, under either of two
    names, and a mark besides.
    """
    code = _code(payload.get("code"))
    if code != SUCCESS:
        return code
    for inner in (_code(payload.get(field)) for field in ("err_code", "error_code")):
        if inner not in (None, "", SUCCESS):
            return inner
    return "unsuccessful" if payload.get("success") in (False, "false") else ""


def _code(value: object) -> str | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) and value else None


def _message_of(payload: Payload) -> str:
    texts = (payload.get(field) for field in ("err_message", "error_msg", "message"))
    return next((text for text in texts if isinstance(text, str) and text), "")
