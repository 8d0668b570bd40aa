"""Signed calls to Shopee: each sends one request, and gives back what a successful reply holds."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import httpx

from cloud.marketplaces.access import AppCredentials, ShopAccess
from cloud.marketplaces.errors import (
    FailureClass,
    MarketplaceError,
    PermanentError,
)
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
from cloud.marketplaces.shopee.errors import classify
from cloud.marketplaces.shopee.signing import sign

CHANNEL = "shopee"

Payload = dict[str, Any]


class ShopeeClient:
    """Signs, sends, and decides by `error` on any HTTP status. Never sends a request twice.

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
        self.base_url = checked_base_url(base_url)
        self.now = now
        self._deadline_s = deadline_s

    def get_public(self, app: AppCredentials, path: str) -> Payload:
        """A reading call on behalf of the app."""
        params = self.public_query(app, path)
        request = self._http.build_request("GET", self.base_url + path, params=params)
        return self._run(request, Call.SAFE, [app.app_secret])

    def post_public(
        self, app: AppCredentials, path: str, body: Payload, *, call: Call = Call.TOKEN
    ) -> Payload:
        """A call on behalf of the app, which spends a code or a refresh token if not told else."""
        request = self._http.build_request(
            "POST", self.base_url + path, params=self.public_query(app, path), json=body
        )
        secrets = [app.app_secret, str(body.get("code", "")), str(body.get("refresh_token", ""))]
        return self._run(request, call, secrets)

    def get(self, access: ShopAccess, path: str, query: Mapping[str, str]) -> Payload:
        """A reading call on behalf of a shop."""
        params = {**self._shop_query(access, path), **query}
        request = self._http.build_request("GET", self.base_url + path, params=params)
        return self._run(request, Call.SAFE, access.secrets)

    def post(self, access: ShopAccess, path: str, body: Payload) -> Payload:
        """A call on behalf of a shop that is safe to repeat."""
        return self._post(access, path, body, Call.SAFE)

    def post_send(
        self, access: ShopAccess, path: str, body: Payload, *, deadline_s: float
    ) -> Payload:
        """A call on behalf of a shop that shows a message to a buyer."""
        return self._post(access, path, body, Call.SEND, deadline_s=deadline_s)

    def post_file(self, access: ShopAccess, path: str, file: tuple[str, bytes, str]) -> Payload:
        """Upload one file (name, bytes, media type) on behalf of a shop; safe to repeat."""
        params = self._shop_query(access, path)
        request = self._http.build_request(
            "POST", self.base_url + path, params=params, files={"file": file}
        )
        return self._run(request, Call.SAFE, access.secrets)

    def _post(
        self,
        access: ShopAccess,
        path: str,
        body: Payload,
        call: Call,
        *,
        deadline_s: float | None = None,
    ) -> Payload:
        params = self._shop_query(access, path)
        request = self._http.build_request("POST", self.base_url + path, params=params, json=body)
        return self._run(request, call, access.secrets, deadline_s=deadline_s)

    def public_query(self, app: AppCredentials, path: str) -> dict[str, str]:
        """The common query parameters of a public call, signed as of now."""
        timestamp_s = int(self.now().timestamp())
        signature = sign(app.app_secret, partner_id=app.app_id, path=path, timestamp_s=timestamp_s)
        return {"partner_id": app.app_id, "timestamp": str(timestamp_s), "sign": signature}

    def _shop_query(self, access: ShopAccess, path: str) -> dict[str, str]:
        timestamp_s = int(self.now().timestamp())
        signature = sign(
            access.app.app_secret,
            partner_id=access.app.app_id,
            path=path,
            timestamp_s=timestamp_s,
            access_token=access.access_token,
            owner_id=access.shop_id,
        )
        return {
            "partner_id": access.app.app_id,
            "timestamp": str(timestamp_s),
            "access_token": access.access_token,
            "shop_id": access.shop_id,
            "sign": signature,
        }

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
            return self._payload(reply, call, secrets)

    def _payload(self, reply: Reply, call: Call, secrets: Sequence[str]) -> Payload:
        payload = json_object(reply.body)
        name = None if payload is None else payload.get("error")
        if payload is None or not isinstance(name, str):
            raise _without_envelope(reply, call)
        if name:
            raise classify(
                redacted(name, secrets),
                redacted(str(payload.get("message", "")), secrets),
                call=call,
                now=self.now(),
                status=reply.status,
                retry_after_s=reply.retry_after_s,
            )
        return payload


class ShopeePart:
    """A part of the adapter: methods that share one client."""

    def __init__(self, client: ShopeeClient) -> None:
        self._client = client


def as_number(value: str, failure: FailureClass, what: str) -> int:
    """An id as the integer Shopee wants in a JSON body. PermanentError when it is none."""
    if not (value.isascii() and value.isdigit()):
        raise PermanentError(failure, "id_is_not_a_number", f"{what} has to be digits")
    return int(value)


def _without_envelope(reply: Reply, call: Call) -> MarketplaceError:
    if reply.status == 491:
        # Reported for apps that are not permitted to use the chat calls.
        return PermanentError(
            FailureClass.CHANNEL_CANNOT_SEND, "http_491", "this app has no permission for chat"
        )
    return without_envelope(reply, call, "Shopee")
