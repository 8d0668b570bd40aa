"""What a call of the marketplace is, and what its handler gets."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from sandbox.market.call import MarketCall
from sandbox.market.parameters import Parameters
from sandbox.market.refusal import Refusal
from sandbox.tiktok.entities import App, Authorization, Shop
from sandbox.tiktok.errors import BAD_REQUEST, CIPHER_MISSING
from sandbox.tiktok.outbox import TikTokOutbox
from sandbox.tiktok.world import World

Method = Literal["GET", "POST", "PUT", "DELETE"]
# Who signs: nobody (token host), the app with a token, or that for one shop.
Signed = Literal["nobody", "seller", "shop"]


@dataclass(kw_only=True)
class Call(MarketCall):
    """One admitted call. `query` and `body` are its parameters, `ids` those in its path."""

    endpoint: "Endpoint"
    world: World
    app: App | None
    authorization: Authorization | None
    shop: Shop | None
    query: Parameters
    body: Parameters
    outbox: TikTokOutbox
    ids: Mapping[str, str]
    base_url: str
    file: bytes | None = None

    @property
    def now(self) -> float:
        """Marketplace time, unix seconds."""
        return self.world.clock.now()

    @property
    def own_shop(self) -> Shop:
        """The shop that the cipher names."""
        if self.shop is None:
            raise Refusal(CIPHER_MISSING, "shop_cipher is missing.")
        return self.shop

    @property
    def seller(self) -> Authorization:
        """What the token stands for."""
        if self.authorization is None:
            raise Refusal(BAD_REQUEST, "The access token is missing.")
        return self.authorization


@dataclass(frozen=True)
class Endpoint:
    """One path and method, live in some versions at once.

    `path` is `/{category}/{version}/...` with `{names}` of ids, or a path without a version.
    """

    method: Method
    path: str
    handler: Callable[[Call], dict[str, Any]]
    versions: tuple[str, ...] = ()
    signed: Signed = "shop"
    scope: str = ""
    parameter_error: str = BAD_REQUEST
    counted_daily: bool = False
    takes_file: bool = False

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """What a path has to be."""
        path = self.path.replace("{version}", f"(?:{'|'.join(self.versions)})")
        return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path))
