"""Signed calls to TikTok Shop: each sends one request, and gives back the `data` of its reply."""

import json
import re
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
from cloud.marketplaces.redaction import redacted
from cloud.marketplaces.tiktok.capabilities import hosts_of
from cloud.marketplaces.tiktok.errors import classify
from cloud.marketplaces.tiktok.signing import sign

CHANNEL = "tiktok"

_PATH_PART = re.compile(r"[0-9A-Za-z_-]+")

Payload = dict[str, Any]


class TikTokClient:
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

    def get_tokens(self, app: AppCredentials, path: str, query: Mapping[str, str]) -> object:
        """A call that spends a code or a refresh token.

        It has no signature: the secret itself is in the address, which must be shown nowhere.
        """
        params = {"app_key": app.app_id, "app_secret": app.app_secret, **query}
        request = self._http.build_request("GET", self.hosts.tokens + path, params=params)
        secrets = [app.app_secret, query.get("auth_code", ""), query.get("refresh_token", "")]
        return self._run(request, Call.TOKEN, secrets)

    def get_for_app(self, app: AppCredentials, access_token: str, path: str) -> object:
        """A reading call for whatever shops a token is good for."""
        request = self._request(app, access_token, "GET", path, {})
        return self._run(request, Call.SAFE, [app.app_secret, access_token])

    def get(self, access: ShopAccess, path: str, query: Mapping[str, str]) -> object:
        """A reading call on behalf of a shop."""
        return self._run(self._of_shop(access, "GET", path, query), Call.SAFE, access.secrets)

    def post(
        self,
        access: ShopAccess,
        path: str,
        body: Payload | None,
        query: Mapping[str, str] | None = None,
        *,
        deadline_s: float | None = None,
    ) -> object:
        """A call on behalf of a shop that is safe to repeat."""
        serialised = b"" if body is None else _serialised(body)
        request = self._of_shop(access, "POST", path, query or {}, serialised)
        return self._run(request, Call.SAFE, access.secrets, deadline_s=deadline_s)

    def post_send(
        self, access: ShopAccess, path: str, body: Payload, *, deadline_s: float
    ) -> object:
        """A call on behalf of a shop that shows a message to a buyer."""
        request = self._of_shop(access, "POST", path, {}, _serialised(body))
        return self._run(request, Call.SEND, access.secrets, deadline_s=deadline_s)

    def post_file(self, access: ShopAccess, path: str, file: tuple[str, bytes, str]) -> object:
        """Upload one file (name, bytes, media type) on behalf of a shop; safe to repeat."""
        params = self._signed(access.app, path, {"shop_cipher": access.cipher}, b"")
        request = self._http.build_request(
            "POST",
            self.hosts.api + path,
            params=params,
            files={"data": file},
            headers={"x-tts-access-token": access.access_token},
        )
        return self._run(request, Call.SAFE, access.secrets)

    def _of_shop(
        self,
        access: ShopAccess,
        method: str,
        path: str,
        query: Mapping[str, str],
        body: bytes = b"",
    ) -> httpx.Request:
        query = {"shop_cipher": access.cipher, **query}
        return self._request(access.app, access.access_token, method, path, query, body=body)

    def _request(
        self,
        app: AppCredentials,
        access_token: str,
        method: str,
        path: str,
        query: Mapping[str, str],
        *,
        body: bytes = b"",
    ) -> httpx.Request:
        headers = {"x-tts-access-token": access_token, "content-type": "application/json"}
        return self._http.build_request(
            method,
            self.hosts.api + path,
            params=self._signed(app, path, query, body),
            content=body or None,
            headers=headers,
        )

    def _signed(
        self, app: AppCredentials, path: str, query: Mapping[str, str], body: bytes
    ) -> dict[str, str]:
        timestamp_s = int(self.now().timestamp())
        params = {"app_key": app.app_id, "timestamp": str(timestamp_s), **query}
        signature = sign(app.app_secret, path=path, query=params.items(), body=body)
        return {**params, "sign": signature}

    def _run(
        self,
        request: httpx.Request,
        call: Call,
        secrets: Sequence[str],
        *,
        deadline_s: float | None = None,
    ) -> object:
        limit_s = self._deadline_s if deadline_s is None else deadline_s
        with counted(CHANNEL):
            reply = exchange(self._http, request, call=call, deadline_s=limit_s)
            return self._data(reply, call, secrets)

    def _data(self, reply: Reply, call: Call, secrets: Sequence[str]) -> object:
        payload = json_object(reply.body)
        code = None if payload is None else payload.get("code")
        if payload is None or isinstance(code, bool) or not isinstance(code, int):
            raise without_envelope(reply, call, "TikTok Shop")
        if code != 0:
            raise classify(
                code,
                redacted(str(payload.get("message", "")), secrets),
                call=call,
                status=reply.status,
                retry_after_s=reply.retry_after_s,
            )
        return payload.get("data")


class TikTokPart:
    """A part of the adapter: methods that share one client."""

    def __init__(self, client: TikTokClient) -> None:
        self._client = client


def fits_a_path(part: str) -> bool:
    """Whether an id can be a part of a path as it is; TikTok Shop's own are digits."""
    return _PATH_PART.fullmatch(part) is not None


def _serialised(body: Payload) -> bytes:
    # Once: these very bytes are signed and sent.
    return json.dumps(body, separators=(",", ":")).encode()
