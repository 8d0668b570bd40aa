"""Shopee behind the interface all marketplaces share."""

from cloud.marketplaces.access import AppCredentials
from cloud.marketplaces.capabilities import Capabilities
from cloud.marketplaces.errors import MarketplaceError
from cloud.marketplaces.exchange import Call
from cloud.marketplaces.shopee.capabilities import capabilities
from cloud.marketplaces.shopee.client import CHANNEL
from cloud.marketplaces.shopee.errors import classify
from cloud.marketplaces.shopee.orders import ShopeeOrders
from cloud.marketplaces.shopee.pushes import ShopeePushes
from cloud.marketplaces.shopee.read_back import ShopeeReadBack
from cloud.marketplaces.shopee.returns import ShopeeReturns
from cloud.marketplaces.shopee.signing import is_signed_push
from cloud.marketplaces.shopee.tokens import ShopeeTokens


class Shopee(ShopeeTokens, ShopeeOrders, ShopeeReturns, ShopeeReadBack, ShopeePushes):
    """A `Marketplace`, for the one thread that uses its client."""

    channel = CHANNEL

    def capabilities(self, country: str) -> Capabilities:
        """Taiwan cannot send; elsewhere the limits are the same."""
        return capabilities(country)

    def verify_push(
        self, app: AppCredentials, *, callback_url: str, raw_body: bytes, signature: str
    ) -> bool:
        """By the push key where there is one, else by the partner key."""
        return is_signed_push(
            (app.push_secret, app.app_secret),
            callback_url=callback_url,
            raw_body=raw_body,
            signature=signature,
        )

    def classify_error(self, name: str, detail: str = "") -> MarketplaceError:
        """As a reply to send_message would be understood."""
        return classify(name, detail, call=Call.SEND, now=self._client.now())
