"""A TikTok Shop adapter whose requests a function of the test answers, and documented replies."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from cloud.marketplaces.access import AppCredentials, ShopAccess
from cloud.marketplaces.chats import OutgoingMessage, TextPart
from cloud.marketplaces.tiktok.adapter import TikTok
from cloud.marketplaces.tiktok.client import TikTokClient

FIXTURES = Path(__file__).parent.parent / "fixtures" / "tiktok"
HOST = "https://tiktok.test"
NOW = datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)  # 1700000000
ORDER = "576461413038785752"
BUYER = "7494000000000000001"
CONVERSATION = "7490000000000000001"

APP = AppCredentials("tk_app_123", "tk_secret_0123456789abcdef", service_id="7494000000000000777")
ACCESS = ShopAccess(APP, "7494049642642441621", "MY", "TTP_access", "GCP_cipher")
TEXT = OutgoingMessage(BUYER, ORDER, TextPart("Your order is packed."), CONVERSATION)

Answer = Callable[[httpx.Request], httpx.Response]


def documented(name: str) -> Any:
    """A reply in its documented shape, from tests/fixtures/tiktok."""
    return json.loads((FIXTURES / f"{name}.json").read_text())


def success(data: Any) -> dict[str, Any]:
    """A successful envelope around `data`."""
    return {"code": 0, "message": "Success", "request_id": "202311142213200A0B", "data": data}


def refusal(code: int, message: str = "") -> dict[str, Any]:
    """An error envelope."""
    return {"code": code, "message": message, "request_id": "202311142213200A0C"}


class Recorded:
    """Answers from a list, one after another, and keeps the requests."""

    def __init__(self, *replies: Any, status: int = 200) -> None:
        self.requests: list[httpx.Request] = []
        self._replies = list(replies)
        self._status = status

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return httpx.Response(self._status, json=self._replies.pop(0))

    @property
    def queries(self) -> list[dict[str, str]]:
        return [dict(request.url.params) for request in self.requests]

    @property
    def paths(self) -> list[str]:
        return [request.url.path for request in self.requests]

    @property
    def bodies(self) -> list[Any]:
        return [json.loads(request.content) for request in self.requests]


def tiktok(
    answer: Answer, *, host: str = HOST, now: Callable[[], datetime] = lambda: NOW
) -> TikTok:
    """The adapter over `answer`, with the clock standing at NOW."""
    http = httpx.Client(transport=httpx.MockTransport(answer))
    return TikTok(TikTokClient(http, host, now=now))


def seconds_after(seconds: float) -> datetime:
    """A time that much after NOW."""
    return NOW + timedelta(seconds=seconds)
