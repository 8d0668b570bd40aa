"""The sandbox marketplace, told what to hold and asked what buyers got (docs/sandbox.md)."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx

from launcher.errors import LauncherError

# The demo's app and shop, as documented.
PARTNER_ID = 1000001
PARTNER_KEY = "shpk_test_0123456789abcdef0123456789abcdef"
SHOP_ID = 22000001
COUNTRY = "MY"
SHOP_NAME = "Demo Shop"

_TIMEOUT_S = 10.0
# Without letters and digits that people mistake for each other.
_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_BUYERS = (
    ("nadia.ismail", "Nadia Ismail"),
    ("wong_kahmun", "Wong Kah Mun"),
    ("deepa.nair", "Deepa Nair"),
    ("zulkifli88", "Zulkifli Hassan"),
    ("ong.peishan", "Ong Pei Shan"),
    ("rosnah.ali", "Rosnah Ali"),
)
_GOODS = (
    (50001, "Ceramic mug, 350 ml", 18.9),
    (50002, "Cotton tote bag", 25.0),
    (50003, "Stainless steel bottle, 750 ml", 39.9),
    (50004, "Notebook A5, dotted", 12.5),
)


@dataclass(frozen=True, slots=True)
class PlantedOrder:
    """An order that the marketplace holds, of a buyer who has no other."""

    number: str
    buyer_id: int
    buyer_name: str
    tracking_numbers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Chat:
    """What the shop has written to a buyer, as the buyer sees it."""

    texts: tuple[str, ...]
    pictures: tuple[bytes, ...] = field(repr=False)
    """Each picture as it was uploaded, in order."""
    others: int
    """Messages that are neither text nor picture, or not from the shop."""
    not_shown: int
    last_at: float = field(default=0.0)
    """Unix seconds of the last message."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """A shop's authorization of our app. Never shown."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    access_life_s: float


class Marketplace:
    """The control API of the sandbox. Every method raises LauncherError when it does not answer."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self._http = httpx.Client(base_url=f"{base_url}/control", timeout=_TIMEOUT_S)
        self._pictures: dict[str, bytes] = {}

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def plant_order(self, word: str, *, parcels: int = 1, cancelled: bool = False) -> PlantedOrder:
        """A new order of a new buyer, so that no earlier message stands in its way."""
        kind = secrets.randbelow(len(_BUYERS))
        username, full_name = _BUYERS[kind]
        buyer_id = 910_000_000 + secrets.randbelow(80_000_000)
        number = order_number(word)
        tracking = tuple(_tracking_number() for _ in range(parcels))
        buyer = {"user_id": buyer_id, "username": username, "full_name": full_name}
        self._call("POST", "/buyers", buyer)
        self._call("POST", "/orders", _order(number, buyer_id, tracking, cancelled=cancelled))
        return PlantedOrder(number, buyer_id, full_name, tracking)

    def mint_tokens(self) -> Tokens:
        """A fresh authorization of the demo's shop; earlier ones end."""
        pair = self._call("POST", f"/shops/{SHOP_ID}/tokens", {"partner_id": PARTNER_ID})
        return Tokens(pair["access_token"], pair["refresh_token"], float(pair["expire_in_s"]))

    def chat(self, buyer_id: int) -> Chat:
        """What a buyer got from the demo's shop."""
        seen = self._call("GET", f"/chats/{SHOP_ID}/{buyer_id}")
        messages: list[dict[str, Any]] = seen["messages"]
        ours = [one for one in messages if one["by"] == "shop"]
        texts = tuple(str(one["text"]) for one in ours if one["message_type"] == "text")
        paths = [str(one["image"]["path"]) for one in ours if one["image"] is not None]
        return Chat(
            texts=texts,
            pictures=tuple(self._picture(path) for path in paths),
            others=len(messages) - len(texts) - len(paths),
            not_shown=len(seen["not_shown"]),
            last_at=max((float(one["at"]) for one in ours), default=0.0),
        )

    def sent_in_all(self) -> dict[str, int]:
        """How many messages buyers of all shops see, by type."""
        counts: dict[str, int] = self._call("GET", "/counts")["from_shop"]
        return counts

    def _picture(self, path: str) -> bytes:
        """A chat is asked for again and again; its pictures never change."""
        if path not in self._pictures:
            self._pictures[path] = self._answer("GET", f"{self.base_url}{path}").content
        return self._pictures[path]

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        answer = self._answer(method, path, body)
        return answer.json() if answer.content else None

    def _answer(
        self, method: str, path: str, body: Mapping[str, Any] | None = None
    ) -> httpx.Response:
        try:
            answer = self._http.request(method, path, json=body)
            return answer.raise_for_status()
        except httpx.HTTPStatusError as error:
            said = error.response.text[:200]
            raise LauncherError(f"the marketplace refuses {method} {path}: {said}") from error
        except httpx.HTTPError as error:
            why = str(error) or type(error).__name__
            raise LauncherError(f"the marketplace does not answer: {why}") from error


def order_number(word: str) -> str:
    """A number that no order has yet; ``word`` is four capitals that tell people what it is."""
    return f"{datetime.now(UTC):%y%m%d}{word}{_random(4)}"


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def _tracking_number() -> str:
    return f"SPXMY{secrets.randbelow(10**12):012}"


def _order(
    number: str, buyer_id: int, tracking: Sequence[str], *, cancelled: bool
) -> dict[str, object]:
    item_id, name, price = secrets.choice(_GOODS)
    return {
        "order_sn": number,
        "shop_id": SHOP_ID,
        "buyer_id": buyer_id,
        "order_status": "CANCELLED" if cancelled else "PROCESSED",
        "cancel_reason": "Change of delivery address" if cancelled else "",
        "age_hours": 0,
        "items": [{"item_id": item_id, "item_name": name, "price": price}],
        "packages": [
            {"package_number": f"OFG{number}{place}", "tracking_number": one}
            for place, one in enumerate(tracking, start=1)
        ],
    }
