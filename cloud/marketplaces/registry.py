"""The marketplaces we have, by the name a shop's channel is stored under."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import httpx

from cloud.marketplaces.capabilities import Capabilities
from cloud.marketplaces.exchange import utc_now
from cloud.marketplaces.interface import Marketplace
from cloud.marketplaces.lazada.adapter import Lazada
from cloud.marketplaces.lazada.capabilities import base_url_for as lazada_base_url_for
from cloud.marketplaces.lazada.capabilities import capabilities as lazada_capabilities
from cloud.marketplaces.lazada.client import CHANNEL as LAZADA
from cloud.marketplaces.lazada.client import LazadaClient
from cloud.marketplaces.shopee.adapter import Shopee
from cloud.marketplaces.shopee.capabilities import base_url_for as shopee_base_url_for
from cloud.marketplaces.shopee.capabilities import capabilities as shopee_capabilities
from cloud.marketplaces.shopee.client import CHANNEL as SHOPEE
from cloud.marketplaces.shopee.client import ShopeeClient
from cloud.marketplaces.tiktok.adapter import TikTok
from cloud.marketplaces.tiktok.capabilities import base_url_for as tiktok_base_url_for
from cloud.marketplaces.tiktok.capabilities import capabilities as tiktok_capabilities
from cloud.marketplaces.tiktok.client import CHANNEL as TIKTOK
from cloud.marketplaces.tiktok.client import TikTokClient


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of a marketplace without asking it.

    `make` takes a thread's HTTP client, the address of the calls and a clock. `order_number` is the
    form of its order numbers, as far as samples tell; it may be too wide, never too narrow.
    """

    channel: str
    make: Callable[[httpx.Client, str, Callable[[], datetime]], Marketplace]
    base_url_for: Callable[[str], str]
    capabilities: Callable[[str], Capabilities]
    order_number: re.Pattern[str]


def _shopee(http: httpx.Client, base_url: str, now: Callable[[], datetime]) -> Marketplace:
    return Shopee(ShopeeClient(http, base_url, now=now))


def _lazada(http: httpx.Client, base_url: str, now: Callable[[], datetime]) -> Marketplace:
    return Lazada(LazadaClient(http, base_url, now=now))


def _tiktok(http: httpx.Client, base_url: str, now: Callable[[], datetime]) -> Marketplace:
    return TikTok(TikTokClient(http, base_url, now=now))


_entries: dict[str, Entry] = {}


def register(entry: Entry) -> Callable[[], None]:
    """From now on shops can have this channel. Returns what takes it out again.

    ValueError: there is a marketplace of that name.
    """
    if entry.channel in _entries:
        raise ValueError(f"there is a marketplace called {entry.channel!r} already")
    _entries[entry.channel] = entry

    def take_out() -> None:
        _entries.pop(entry.channel, None)

    return take_out


def channels() -> tuple[str, ...]:
    """The names of all marketplaces we have."""
    return tuple(_entries)


def capabilities_of(channel: str, country: str) -> Capabilities:
    """What a channel lets a shop of a country do. ValueError: no such channel."""
    return _entry(channel).capabilities(country)


def unanswered_limit(channel: str, country: str) -> int | None:
    """Messages in a row without an answer that a channel allows; None where it states no limit."""
    return capabilities_of(channel, country).unanswered_limit


def could_be_order_number(channel: str, code: str) -> bool:
    """Whether a code has the form of a channel's order numbers; samples only, so in doubt yes."""
    return _entry(channel).order_number.fullmatch(code) is not None


def default_base_url(channel: str, country: str) -> str:
    """Where a marketplace answers the apps of a country. ValueError: no such channel."""
    return _entry(channel).base_url_for(country)


def marketplace_for(
    channel: str,
    *,
    http: httpx.Client,
    base_url: str,
    now: Callable[[], datetime] = utc_now,
) -> Marketplace:
    """The marketplace of a channel, to be used by the thread that owns `http`; cheap to make.

    ValueError: no such channel, or an address to which tokens must not travel.
    """
    return _entry(channel).make(http, base_url, now)


def _entry(channel: str) -> Entry:
    try:
        return _entries[channel]
    except KeyError:
        known = ", ".join(sorted(_entries))
        raise ValueError(f"no marketplace is called {channel!r}; known: {known}") from None


register(
    Entry(
        SHOPEE,
        _shopee,
        shopee_base_url_for,
        shopee_capabilities,
        # YYMMDD and eight letters or digits in every sample (marketplace-apis 4.3).
        re.compile(r"[0-9]{6}[0-9A-Z]{8}"),
    )
)
register(
    Entry(
        LAZADA,
        _lazada,
        lazada_base_url_for,
        lazada_capabilities,
        # 12 to 16 digits in all samples (marketplace-apis 4.3).
        re.compile(r"[0-9]{12,16}"),
    )
)
register(
    Entry(
        TIKTOK,
        _tiktok,
        tiktok_base_url_for,
        tiktok_capabilities,
        # 18 digits in every sample (marketplace-apis 4.3); they grow with time.
        re.compile(r"[0-9]{17,19}"),
    )
)
