"""Credentials of our app at a marketplace and of shops that authorized it; secrets never show."""

from dataclasses import dataclass, field
from datetime import datetime

from cloud.marketplaces.daily import Allowance, Counted


@dataclass(frozen=True, slots=True)
class AppCredentials:
    """An app registered at a marketplace (Shopee: one per seller organisation).

    `push_secret` signs the marketplace's calls to us where that is another key; empty where it is
    not. `service_id` names the app in the authorize link where that is another id (TikTok Shop).
    """

    app_id: str
    app_secret: str = field(repr=False)
    push_secret: str = field(default="", repr=False)
    service_id: str = ""


@dataclass(frozen=True, slots=True)
class GrantedShop:
    """A shop that a token pair is good for.

    `cipher` picks it in each call, where one token serves several shops (TikTok Shop); it is empty
    where there is none, and after a refresh, which brings no new one. `name` and `country` (two
    letters, upper case) are empty where the marketplace does not say them here.
    """

    shop_id: str
    name: str = ""
    country: str = ""
    cipher: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class ShopFacts:
    """What a marketplace says of a shop itself.

    `country` is the two-letter code in upper case. `authorization_ends_at` is when the seller has
    to authorize again, whatever we refresh before; None where it is not told.
    """

    name: str
    country: str
    authorization_ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Tokens:
    """A token pair as granted. The caller stores it before its first use.

    `shops` names the shops the pair is for: one, or all shops of a main account.
    """

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    access_expires_at: datetime
    refresh_expires_at: datetime
    shops: tuple[GrantedShop, ...]

    @property
    def shop_ids(self) -> tuple[str, ...]:
        """The ids of the shops the pair is for."""
        return tuple(shop.shop_id for shop in self.shops)

    def cipher_of(self, shop_id: str) -> str:
        """The cipher granted with this pair for a shop; empty where none came with it."""
        return next((shop.cipher for shop in self.shops if shop.shop_id == shop_id), "")


@dataclass(frozen=True, slots=True)
class ShopAccess:
    """What a call on behalf of one shop needs. `shop_id` is the marketplace's own id of the shop.

    `country` is the two-letter code in upper case. `cipher` is what the marketplace wants in place
    of the id where one token serves several shops; empty elsewhere. `allowance` counts requests of
    the day; None where nothing is counted.
    """

    app: AppCredentials
    shop_id: str
    country: str
    access_token: str = field(repr=False)
    cipher: str = field(default="", repr=False)
    allowance: Allowance | None = field(default=None, repr=False, compare=False)

    def spend(self, call: Counted) -> None:
        """Said before a request goes out. Raises RateLimited: the day has none left."""
        if self.allowance is not None:
            self.allowance.spend(call)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no log and no error may show."""
        return (self.app.app_secret, self.access_token)
