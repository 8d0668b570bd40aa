"""What an endpoint of the marketplace is, and what its handler gets."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from sandbox.market.call import MarketCall
from sandbox.market.entities import Picture
from sandbox.market.parameters import Parameters
from sandbox.market.refusal import Refusal
from sandbox.shopee.entities import App, Shop
from sandbox.shopee.errors import ERROR_NOT_FOUND, ERROR_PARAM, PARAM_ERROR
from sandbox.shopee.outbox import ShopeeOutbox
from sandbox.shopee.world import World

SignedFor = Literal["public", "shop", "merchant"]


@dataclass(kw_only=True)
class Call(MarketCall):
    """One admitted call."""

    endpoint: "Endpoint"
    world: World
    app: App
    shop: Shop | None
    merchant_id: int | None
    outbox: ShopeeOutbox
    parameters: Parameters
    base_url: str
    file: bytes | None = None

    @property
    def now(self) -> float:
        """Marketplace time, unix seconds."""
        return self.world.clock.now()

    @property
    def own_shop(self) -> Shop:
        """The shop the call is signed for."""
        if self.shop is None:
            raise Refusal(ERROR_NOT_FOUND, "The call is not for a shop.")
        return self.shop

    def picture_url(self, picture: Picture | str) -> str:
        """Where the picture's bytes are served."""
        picture_id = picture if isinstance(picture, str) else picture.picture_id
        return f"{self.base_url}/file/{picture_id}"


@dataclass(frozen=True)
class Endpoint:
    """One path and method. `flat` answers are not wrapped in `response`."""

    method: Literal["GET", "POST"]
    path: str
    handler: Callable[[Call], dict[str, Any]]
    signed_for: SignedFor = "shop"
    chat: bool = False
    sends: bool = False
    flat: bool = False

    @property
    def parameter_error(self) -> str:
        """Chat has its own name for bad parameters."""
        return PARAM_ERROR if self.chat else ERROR_PARAM
