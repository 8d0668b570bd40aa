"""What Shopee lets a shop do in its chat, by country (marketplace-apis 1.2, 1.4 and 4.4)."""

from dataclasses import replace
from datetime import timedelta

from cloud.marketplaces.capabilities import Batches, Capabilities, ContactWindows

DEFAULT_BASE_URL = "https://partner.shopeemobile.com"
_BASE_URLS = {"BR": "https://openplatform.shopee.com.br"}

_EVERYWHERE = Capabilities(
    can_send_chat=True,
    reason="",
    text_limit_chars=600,
    # Readers of the documentation disagree (2 MB, 10 MB); 900 kB is what one team measured as safe.
    image_max_bytes=900_000,
    image_max_side_px=2000,
    image_formats=("jpeg", "png", "gif"),
    unanswered_limit=5,
    repeat_text_window=timedelta(hours=24),
    contact_windows=ContactWindows(
        after_buyer_wrote=timedelta(days=7),
        after_order=timedelta(days=30),
        while_return_is_open=True,
    ),
    order_info_on_first_message=True,
    # Shopee publishes no rates; these are a careful choice.
    sends_per_second=1.0,
    reads_per_second=5.0,
    can_send_order_cards=True,
    # The partner rules; the page of the call itself says that it is not for batches.
    batches=Batches.FORBIDDEN,
)
_TAIWAN = replace(
    _EVERYWHERE, can_send_chat=False, reason="Shopee does not let apps write in chats in Taiwan."
)


def capabilities(country: str) -> Capabilities:
    """The capabilities of a shop in `country` (two letters)."""
    return _TAIWAN if country.upper() == "TW" else _EVERYWHERE


def base_url_for(country: str) -> str:
    """Where Shopee answers the apps of a country."""
    return _BASE_URLS.get(country.upper(), DEFAULT_BASE_URL)
