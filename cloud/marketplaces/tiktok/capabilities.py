"""What TikTok Shop lets a shop do in its chat, and where it answers.

From marketplace-apis 3.1, 3.4 and 4.4. Nothing documented differs between countries, so that all
have the same limits here.
"""

from dataclasses import dataclass
from datetime import timedelta

from cloud.marketplaces.capabilities import Batches, Capabilities, ContactWindows
from cloud.marketplaces.daily import Counted, DailyLimit

DEFAULT_BASE_URL = "https://open-api.tiktokglobalshop.com"

_CHAT_REQUESTS_A_DAY = 10_000
"""Whether one count serves all calls and shops is not stated; quotas here are of shop and call."""

_EVERYWHERE = Capabilities(
    can_send_chat=True,
    reason="",
    text_limit_chars=2000,
    # 10 MB are documented; what every marketplace takes is enough, and quicker to upload.
    image_max_bytes=900_000,
    image_max_side_px=2000,
    image_formats=("jpeg", "png", "gif", "webp"),
    unanswered_limit=None,
    repeat_text_window=None,
    contact_windows=ContactWindows(
        after_buyer_wrote=timedelta(days=30),
        after_order=timedelta(days=60),
        while_return_is_open=True,
    ),
    order_info_on_first_message=False,
    # Far below the documented 50 a second; a day's 10,000 chat requests are the nearer limit.
    sends_per_second=2.0,
    reads_per_second=10.0,
    can_send_order_cards=True,
    batches=Batches.NO_RULE_KNOWN,
    daily_limits=tuple(DailyLimit(call, _CHAT_REQUESTS_A_DAY) for call in Counted),
)


@dataclass(frozen=True, slots=True)
class Hosts:
    """Where calls, tokens and the seller's consent page are; addresses without a slash at the end.

    TikTok Shop has three hosts. A sandbox serves all of it on one.
    """

    api: str
    tokens: str
    consent: str


def capabilities(country: str) -> Capabilities:
    """The capabilities of a shop in `country` (two letters)."""
    del country
    return _EVERYWHERE


def base_url_for(country: str) -> str:
    """Where TikTok Shop answers the apps of a country: one address for all."""
    del country
    return DEFAULT_BASE_URL


def hosts_of(base_url: str) -> Hosts:
    """The hosts that belong to the address an app is called at."""
    if base_url == DEFAULT_BASE_URL:
        return Hosts(
            api=base_url,
            tokens="https://auth.tiktok-shops.com",
            consent="https://services.tiktokshop.com",
        )
    return Hosts(api=base_url, tokens=base_url, consent=base_url)
