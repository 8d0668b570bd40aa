"""Corner behind the interface all marketplaces share, and its entry for the registry."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import httpx

from cloud.marketplaces.access import AppCredentials
from cloud.marketplaces.capabilities import Batches, Capabilities, ContactWindows
from cloud.marketplaces.errors import MarketplaceError
from cloud.marketplaces.exchange import Call
from cloud.marketplaces.interface import Marketplace
from cloud.marketplaces.registry import Entry
from tests.support.corner_market.chat import CornerChat
from tests.support.corner_market.client import CHANNEL, CornerClient
from tests.support.corner_market.errors import classify
from tests.support.corner_market.orders import CornerOrders
from tests.support.corner_market.pushes import CornerPushes
from tests.support.corner_market.signing import is_signed_push
from tests.support.corner_market.tokens import CornerTokens

_EVERYWHERE = Capabilities(
    can_send_chat=True,
    reason="",
    text_limit_chars=500,
    image_max_bytes=300_000,
    image_max_side_px=800,
    image_formats=("jpeg",),
    unanswered_limit=3,
    repeat_text_window=None,
    contact_windows=ContactWindows(
        after_buyer_wrote=None, after_order=timedelta(days=14), while_return_is_open=False
    ),
    order_info_on_first_message=False,
    sends_per_second=5.0,
    reads_per_second=20.0,
    can_send_order_cards=True,
    batches=Batches.NO_RULE_KNOWN,
)


class Corner(CornerTokens, CornerOrders, CornerChat, CornerPushes):
    """A `Marketplace`, for the one thread that uses its client."""

    channel = CHANNEL

    def capabilities(self, country: str) -> Capabilities:
        return capabilities(country)

    def verify_push(
        self, app: AppCredentials, *, callback_url: str, raw_body: bytes, signature: str
    ) -> bool:
        del callback_url  # no part of what is signed
        return is_signed_push(app.app_secret, raw_body=raw_body, signature=signature)

    def classify_error(self, name: str, detail: str = "") -> MarketplaceError:
        return classify(name, detail, call=Call.SEND)


def capabilities(country: str) -> Capabilities:
    del country  # the same everywhere
    return _EVERYWHERE


def make(http: httpx.Client, base_url: str, now: Callable[[], datetime]) -> Marketplace:
    return Corner(CornerClient(http, base_url, now))


ENTRY = Entry(
    CHANNEL, make, lambda _country: "https://corner.test", capabilities, re.compile(r"C[0-9]+")
)
