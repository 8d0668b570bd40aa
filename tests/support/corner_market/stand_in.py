"""Corner itself, written from its README and not from the client: what it holds, and its rules."""

import hashlib
import hmac
import io
import itertools
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from PIL import Image

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
PAGE = 20
MOST_UNANSWERED = 3
LONGEST_TEXT = 500


class RefusedError(Exception):
    """A call that is answered with an error's name."""


@dataclass
class Grant:
    """What a seller has given an app, until it is taken back."""

    app: str
    shop: str
    access_token: str
    access_ends_at: int
    refresh_token: str
    refresh_ends_at: int


@dataclass
class Order:
    """An order; parcels by number, with their tracking numbers."""

    number: str
    shop: str
    buyer: str
    status: str
    placed_at: int
    changed_at: int
    parcels: dict[str, str]


@dataclass
class Message:
    """A message; `value` is its text, the address of its picture, or its order's number."""

    message: str
    kind: str
    by: str
    at: int
    value: str
    shown: bool = True


@dataclass
class Chat:
    """The messages of a shop and a buyer, oldest first; the first `read` of them were read."""

    shop: str
    buyer: str
    messages: list[Message] = field(default_factory=list)
    read: int = 0
    is_blocked: bool = False

    @property
    def name(self) -> str:
        return f"{self.shop}-{self.buyer}"


@dataclass
class World:
    """All that Corner knows. Times are milliseconds of its own clock."""

    secrets: dict[str, str] = field(default_factory=dict)
    shops: dict[str, str] = field(default_factory=dict)
    codes: dict[str, tuple[str, str]] = field(default_factory=dict)
    grants: list[Grant] = field(default_factory=list)
    orders: dict[str, Order] = field(default_factory=dict)
    chats: dict[str, Chat] = field(default_factory=dict)
    pictures: dict[str, bytes] = field(default_factory=dict)
    picture_limit_bytes: int = 300_000
    moved_ms: int = 0
    numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def now(self) -> int:
        return int(time.time() * 1000) + self.moved_ms

    def new_name(self) -> str:
        return str(next(self.numbers))

    def caller(self, headers: Mapping[str, str], call: str, body: bytes) -> tuple[str, str]:
        """The app and the shop of a call; no shop for one without a token. Raises RefusedError."""
        app, time_s, token = (headers.get(f"x-{name}") or "" for name in ("app", "time", "token"))
        secret = self.secrets.get(app)
        if secret is None:
            raise RefusedError("unknown_app")
        if not time_s.isdigit() or abs(int(time_s) - time.time()) > 300:
            raise RefusedError("bad_time")
        signed = f"{app}|{call}|{time_s}|{token}|".encode() + body
        wanted = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(wanted, headers.get("x-sign") or ""):
            raise RefusedError("bad_signature")
        return app, self._shop_of(app, token) if token else ""

    def _shop_of(self, app: str, token: str) -> str:
        for grant in self.grants:
            if (grant.app, grant.access_token) == (
                app,
                token,
            ) and grant.access_ends_at > self.now():
                return grant.shop
        raise RefusedError("bad_token")

    def grant(self, app: str, shop: str) -> Grant:
        now = self.now()
        access, refresh = (f"corner-{kind}-{self.new_name()}" for kind in ("access", "refresh"))
        made = Grant(app, shop, access, now + HOUR_MS, refresh, now + 10 * DAY_MS)
        self.grants.append(made)
        return made

    def chat_of(self, shop: str, buyer: str) -> Chat:
        """The chat, made if there is none."""
        made = Chat(shop, buyer)
        return self.chats.setdefault(made.name, made)

    def add(self, chat: Chat, by: str, kind: str, value: str) -> Message:
        said = Message(self.new_name(), kind, by, self.now(), value)
        chat.messages.append(said)
        return said

    def check_may_write(self, chat: Chat) -> None:
        since = self.now() - 14 * DAY_MS
        placed = [order.placed_at for order in self.orders.values() if order.buyer == chat.buyer]
        if max(placed, default=0) < since:
            raise RefusedError("too_late")
        if chat.is_blocked:
            raise RefusedError("blocked")
        unanswered = itertools.takewhile(lambda one: one.by != "buyer", reversed(chat.messages))
        if len(list(unanswered)) >= MOST_UNANSWERED:
            raise RefusedError("too_many")

    def keep_picture(self, body: bytes) -> str:
        try:
            with Image.open(io.BytesIO(body)) as picture:
                picture.load()
                is_jpeg = picture.format == "JPEG"
        except OSError:
            is_jpeg = False
        if not is_jpeg or len(body) > self.picture_limit_bytes:
            raise RefusedError("bad_picture")
        url = f"https://corner.test/file/{self.new_name()}"
        self.pictures[url] = body
        return url


def page_of(rows: list[Any], names: list[str], after: str) -> tuple[list[Any], str]:
    """The rows behind the one of that name, and the name to go on from, if there are more."""
    start = names.index(after) + 1 if after else 0
    end = start + PAGE
    return rows[start:end], names[end - 1] if end < len(rows) else ""
