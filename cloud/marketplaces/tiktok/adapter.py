"""TikTok Shop behind the interface all marketplaces share."""

from cloud.marketplaces.access import AppCredentials
from cloud.marketplaces.capabilities import Capabilities
from cloud.marketplaces.errors import FailureClass, MarketplaceError, PermanentError
from cloud.marketplaces.exchange import Call
from cloud.marketplaces.tiktok.capabilities import capabilities
from cloud.marketplaces.tiktok.client import CHANNEL
from cloud.marketplaces.tiktok.errors import classify
from cloud.marketplaces.tiktok.orders import TikTokOrders
from cloud.marketplaces.tiktok.pushes import TikTokPushes
from cloud.marketplaces.tiktok.read_back import TikTokReadBack
from cloud.marketplaces.tiktok.returns import TikTokReturns
from cloud.marketplaces.tiktok.signing import is_signed_push
from cloud.marketplaces.tiktok.tokens import TikTokTokens


class TikTok(TikTokTokens, TikTokOrders, TikTokReturns, TikTokReadBack, TikTokPushes):
    """A `Marketplace`, for the one thread that uses its client."""

    channel = CHANNEL

    def capabilities(self, country: str) -> Capabilities:
        """The same everywhere."""
        return capabilities(country)

    def verify_push(
        self, app: AppCredentials, *, callback_url: str, raw_body: bytes, signature: str
    ) -> bool:
        """By the app's secret; the address is not part of what is signed."""
        del callback_url
        return is_signed_push(
            app.app_secret, app_key=app.app_id, raw_body=raw_body, signature=signature
        )

    def classify_error(self, name: str, detail: str = "") -> MarketplaceError:
        """As a reply to a send would be understood. Codes are numbers."""
        if name.isascii() and name.isdigit():
            return classify(int(name), detail, call=Call.SEND)
        return PermanentError(FailureClass.OTHER, name, detail)
