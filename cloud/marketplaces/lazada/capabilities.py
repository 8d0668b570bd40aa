"""What Lazada lets a shop do in its chat, and where it answers (marketplace-apis 2.1 and 2.4)."""

from dataclasses import dataclass, replace
from datetime import timedelta

import httpx

from cloud.marketplaces.capabilities import Batches, Capabilities, ContactWindows

_API_HOSTS = {
    "SG": "api.lazada.sg",
    "TH": "api.lazada.co.th",
    "MY": "api.lazada.com.my",
    "VN": "api.lazada.vn",
    "PH": "api.lazada.com.ph",
    "ID": "api.lazada.co.id",
}
_AUTH_HOST = "auth.lazada.com"

_EVERYWHERE = Capabilities(
    can_send_chat=True,
    reason="",
    # No limit is stated; this is well below what others cut at.
    text_limit_chars=1000,
    # 1 MB is stated, without saying whether of 1000 or 1024 kilobytes.
    image_max_bytes=900_000,
    image_max_side_px=2000,
    image_formats=("jpeg", "png"),
    unanswered_limit=5,
    repeat_text_window=None,
    contact_windows=ContactWindows(
        after_buyer_wrote=None,
        # The guide says 7 days; the page of the call says 30, and so does its error.
        after_order=timedelta(days=30),
        while_return_is_open=False,
    ),
    order_info_on_first_message=False,
    # Reported as what lasts; Lazada publishes no rates.
    sends_per_second=1.0,
    reads_per_second=5.0,
    can_send_order_cards=True,
    batches=Batches.NO_RULE_KNOWN,
)
_NOWHERE = replace(
    _EVERYWHERE, can_send_chat=False, reason="Lazada has no marketplace in this country."
)


@dataclass(frozen=True, slots=True)
class Hosts:
    """Where the calls of a country, the calls for tokens, and the seller's consent page are."""

    api: str
    tokens: str
    authorize: str


def capabilities(country: str) -> Capabilities:
    """The capabilities of a shop in `country` (two letters): the same in all of Lazada's six."""
    return _EVERYWHERE if country.upper() in _API_HOSTS else _NOWHERE


def base_url_for(country: str) -> str:
    """Where Lazada answers calls for the shops of a country; Singapore for one it is not in."""
    return f"https://{_API_HOSTS.get(country.upper(), _API_HOSTS['SG'])}/rest"


def hosts_of(base_url: str) -> Hosts:
    """All addresses that go with the address of the calls, with or without `/rest` at its end.

    Lazada keeps tokens and consent for all countries on a host of their own; a sandbox has
    everything on one.
    """
    url = httpx.URL(base_url)
    api = url if url.path != "/" else url.copy_with(path="/rest")
    auth = api.copy_with(host=_AUTH_HOST) if url.host in _API_HOSTS.values() else api
    return Hosts(
        api=str(api),
        tokens=str(auth),
        authorize=str(auth.copy_with(path="/oauth/authorize")),
    )
