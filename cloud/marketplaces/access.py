"""Credentials of our app at a marketplace and of shops that authorized it; secrets never show."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class AppCredentials:
    """An app registered at a marketplace (Shopee: one per seller organisation).

    `push_secret` signs the marketplace's calls to us where that is another key; empty where it is
    not.
    """

    app_id: str
    app_secret: str = field(repr=False)
    push_secret: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Tokens:
    """A token pair as granted. The caller stores it before its first use.

    `shop_ids` names the shops the pair is for: one, or all shops of a main account.
    """

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    access_expires_at: datetime
    refresh_expires_at: datetime
    shop_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ShopAccess:
    """What a call on behalf of one shop needs. `shop_id` is the marketplace's own id of the shop.

    `country` is the two-letter code in upper case.
    """

    app: AppCredentials
    shop_id: str
    country: str
    access_token: str = field(repr=False)
