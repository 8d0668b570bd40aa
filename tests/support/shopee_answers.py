"""A Shopee adapter whose requests a function of the test answers, and documented replies."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from cloud.marketplaces.access import AppCredentials, ShopAccess
from cloud.marketplaces.chats import OutgoingMessage, TextPart
from cloud.marketplaces.shopee.adapter import Shopee
from cloud.marketplaces.shopee.client import ShopeeClient

FIXTURES = Path(__file__).parent.parent / "fixtures" / "shopee"
HOST = "https://shopee.test"
NOW = datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)  # 1700000000
BIG_ID = "2305843009213693953"  # 2^61 + 1, which no double holds
ORDER = "231115ABCDEF12"

APP = AppCredentials("1000001", "shpk_test_0123456789abcdef0123456789abcdef")
ACCESS = ShopAccess(APP, "22000001", "SG", "0123456789abcdef0123456789abcdef")
TEXT = OutgoingMessage("900000001", ORDER, TextPart("Your order 231115ABCDEF12 is packed."))

Answer = Callable[[httpx.Request], httpx.Response]


def documented(name: str) -> Any:
    """A reply in its documented shape, from tests/fixtures/shopee."""
    return json.loads((FIXTURES / f"{name}.json").read_text())


def refusal(name: str, message: str = "") -> dict[str, Any]:
    """An error envelope."""
    return {"request_id": "b1c2d3e4f5", "error": name, "message": message}


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
        return [request.url.path.rpartition("/")[2] for request in self.requests]


def shopee(answer: Answer, *, now: Callable[[], datetime] = lambda: NOW) -> Shopee:
    """The adapter over `answer`, with the clock standing at NOW."""
    http = httpx.Client(transport=httpx.MockTransport(answer))
    return Shopee(ShopeeClient(http, HOST, now=now))


def seconds_after(seconds: float) -> datetime:
    """A time that much after NOW."""
    return NOW + timedelta(seconds=seconds)
