"""What Lazada's part of the control API is asked with."""

from typing import Literal

from pydantic import BaseModel, Field

from sandbox.lazada.entities import Category, ItemStatus
from sandbox.market.control.bodies import Change


class AppChange(Change):
    """What becomes of an app."""

    category: Category | None = None
    is_online: bool | None = None


class ShopChange(Change):
    """What becomes of a shop."""

    shop_name: str | None = None
    status: Literal["ACTIVE", "INACTIVE", "UNVERIFIED"] | None = None


class OrderChange(Change):
    """What becomes of an order; it counts as a change of it."""

    status: ItemStatus | None = None
    remarks: str | None = None


class TrackingChange(Change):
    """What becomes of a parcel."""

    tracking_code: str | None = None
    shipment_provider: str | None = None


class AppBody(Change):
    """The app that something is about."""

    app_key: str


class MintBody(AppBody):
    """A token pair without the consent page."""

    access_life_s: int | None = Field(None, ge=1)


class MintedTokens(BaseModel):
    """A token pair, with the lives of both in seconds."""

    access_token: str
    refresh_token: str
    expires_in_s: int
    refresh_expires_in_s: int
