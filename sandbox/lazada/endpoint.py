"""What an endpoint of the marketplace is, and what its handler gets."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from sandbox.lazada.entities import App, Authorization, Shop
from sandbox.lazada.errors import MISSING_PARAMETER
from sandbox.lazada.world import World
from sandbox.market.call import MarketCall
from sandbox.market.parameters import Parameters
from sandbox.market.refusal import Refusal

Group = Literal["auth", "seller", "orders", "media", "im"]
Method = Literal["GET", "POST"]


class LazadaParameters(Parameters):
    """A missing parameter has an error of its own."""

    def text(self, name: str) -> str:
        """A string that must be there."""
        value = self.optional_text(name)
        if not value:
            raise Refusal(
                MISSING_PARAMETER,
                f"The input parameter '{name}' that is mandatory for processing this request"
                " is not supplied",
            )
        return value

    def whole(self, name: str) -> int:
        """A whole number that must be there."""
        self.text(name)
        return super().whole(name)


@dataclass(kw_only=True)
class Call(MarketCall):
    """One admitted call. `shop` is None for token calls."""

    endpoint: "Endpoint"
    world: World
    app: App
    shop: Shop | None
    authorization: Authorization | None
    parameters: LazadaParameters
    base_url: str
    file: bytes | None = None

    @property
    def now(self) -> float:
        """Marketplace time, unix seconds."""
        return self.world.clock.now()

    @property
    def own_shop(self) -> Shop:
        """The shop the token is for."""
        if self.shop is None:
            raise AssertionError("a token call is for no shop")
        return self.shop

    def picture_url(self, picture_id: str) -> str:
        """Where the picture's bytes are served."""
        return f"{self.base_url}/file/{picture_id}"


@dataclass(frozen=True)
class Endpoint:
    """One path with its methods. `is_list` calls may not be polled.

    `holds`: the field of the answer that what is asked for stands in.
    """

    methods: tuple[Method, ...]
    path: str
    handler: Callable[[Call], Any]
    group: Group
    is_list: bool = False
    holds: str = "data"
