"""What Shopee's part of the control API is asked with."""

from typing import Literal

from pydantic import BaseModel, Field

from sandbox.market.control.bodies import Change
from sandbox.shopee.entities import OrderStatus


class ShopChange(Change):
    """Fields of a shop to change."""

    shop_name: str | None = None
    status: Literal["NORMAL", "BANNED", "FROZEN"] | None = None
    subaccount: Literal["none", "assigned", "bound"] | None = None
    safety_block: bool | None = None


class AppChange(Change):
    """Fields of an app to change."""

    category: Literal["seller_in_house", "customer_service", "erp"] | None = None
    key_expired: bool | None = None
    suspended: bool | None = None
    push_key: str | None = None


class OrderChange(Change):
    """Fields of an order to change; its update time becomes now."""

    order_status: OrderStatus | None = None
    cancel_reason: str | None = None


class TrackingChange(Change):
    """The tracking number of a parcel; empty: not issued yet."""

    tracking_number: str


class MintBody(Change):
    """Which app gets the tokens, and how long the access token lives (default: as usual)."""

    partner_id: int
    access_life_s: int | None = Field(None, ge=1)


class PartnerBody(Change):
    """Which app is meant."""

    partner_id: int


class MintedTokens(BaseModel):
    """A fresh token pair."""

    access_token: str
    refresh_token: str
    expire_in_s: int
