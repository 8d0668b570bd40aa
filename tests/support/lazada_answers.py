"""A Lazada adapter whose requests a function of the test answers, and documented replies."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from cloud.marketplaces.access import AppCredentials, ShopAccess
from cloud.marketplaces.chats import OutgoingMessage, TextPart
from cloud.marketplaces.lazada.adapter import Lazada
from cloud.marketplaces.lazada.client import LazadaClient

FIXTURES = Path(__file__).parent.parent / "fixtures" / "lazada"
HOST = "https://lazada.test/rest"
NOW = datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)  # 1700000000
ORDER = "330011223344556"
SESSION = "100000001_2_100000099_1_103"

APP = AppCredentials("100001", "lzsecret_test_0123456789abcdef")
ACCESS = ShopAccess(APP, "100000001", "MY", "50000abcdtok")
TEXT = OutgoingMessage(
    "100000099", ORDER, TextPart("Your order 330011223344556 is packed."), SESSION
)

Answer = Callable[[httpx.Request], httpx.Response]


def documented(name: str) -> Any:
    """A reply in its documented shape, from tests/fixtures/lazada."""
    return json.loads((FIXTURES / f"{name}.json").read_text())


def refusal(code: str, message: str = "", error_type: str = "ISV") -> dict[str, Any]:
    """An error envelope."""
    return {"code": code, "type": error_type, "message": message, "request_id": "0ba2887315"}


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
    def forms(self) -> list[dict[str, str]]:
        return [dict(httpx.QueryParams(request.content.decode())) for request in self.requests]

    @property
    def paths(self) -> list[str]:
        return [request.url.path.removeprefix("/rest") for request in self.requests]


def lazada(
    answer: Answer, *, now: Callable[[], datetime] = lambda: NOW, base_url: str = HOST
) -> Lazada:
    """The adapter over `answer`, with the clock standing at NOW."""
    http = httpx.Client(transport=httpx.MockTransport(answer))
    return Lazada(LazadaClient(http, base_url, now=now))


def seconds_after(seconds: float) -> datetime:
    """A time that much after NOW."""
    return NOW + timedelta(seconds=seconds)
