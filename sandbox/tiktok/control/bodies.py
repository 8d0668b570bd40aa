"""What TikTok Shop's part of the control API is asked with."""

from pydantic import BaseModel, Field

from sandbox.market.control.bodies import Change
from sandbox.tiktok.entities import OrderStatus, PackageStatus


class AppChange(Change):
    """Fields of an app to change. Scopes count from the next authorization on."""

    scopes: list[str] | None = None
    redirect_url: str | None = None
    service_id: str | None = None


class ShopChange(Change):
    """Fields of a shop to change."""

    shop_name: str | None = None
    cipher: str | None = None


class OrderChange(Change):
    """Fields of an order to change; its update time becomes now."""

    status: OrderStatus | None = None
    cancel_reason: str | None = None
    cancel_requested: bool | None = None
    masked: bool | None = None


class PackageChange(Change):
    """Fields of a parcel; an empty tracking number is one not issued yet."""

    tracking_number: str | None = None
    status: PackageStatus | None = None


class MintBody(Change):
    """Which app gets the tokens, and how long the access token lives (default: as usual)."""

    app_key: str
    access_life_s: int | None = Field(None, ge=1)


class AppBody(Change):
    """Which app is meant."""

    app_key: str


class MintedTokens(BaseModel):
    """A fresh token pair. Both ends are unix seconds."""

    access_token: str
    refresh_token: str
    access_ends_at: int
    refresh_ends_at: int
