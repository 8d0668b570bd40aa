"""Lazada behind the interface all marketplaces share."""

from cloud.marketplaces.access import AppCredentials
from cloud.marketplaces.capabilities import Capabilities
from cloud.marketplaces.errors import MarketplaceError
from cloud.marketplaces.exchange import Call
from cloud.marketplaces.lazada.capabilities import capabilities
from cloud.marketplaces.lazada.client import CHANNEL
from cloud.marketplaces.lazada.errors import classify
from cloud.marketplaces.lazada.orders import LazadaOrders
from cloud.marketplaces.lazada.pushes import LazadaPushes
from cloud.marketplaces.lazada.read_back import LazadaReadBack
from cloud.marketplaces.lazada.returns import LazadaReturns
from cloud.marketplaces.lazada.signing import is_signed_push
from cloud.marketplaces.lazada.tokens import LazadaTokens


class Lazada(LazadaTokens, LazadaOrders, LazadaReturns, LazadaReadBack, LazadaPushes):
    """A `Marketplace`, for the one thread that uses its client."""

    channel = CHANNEL

    def capabilities(self, country: str) -> Capabilities:
        """The same in all of Lazada's countries."""
        return capabilities(country)

    def verify_push(
        self, app: AppCredentials, *, callback_url: str, raw_body: bytes, signature: str
    ) -> bool:
        """By the app's secret; the address has no part in it."""
        del callback_url
        return is_signed_push(
            app.app_secret, app_key=app.app_id, raw_body=raw_body, signature=signature
        )

    def classify_error(self, name: str, detail: str = "") -> MarketplaceError:
        """As a reply to /im/message/send would be understood."""
        return classify(name, detail, call=Call.SEND)
