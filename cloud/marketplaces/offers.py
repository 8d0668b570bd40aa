"""Where shops can be connected, and what a seller needs for it. Pure data.

Offered are the channels and countries that were asked for (features S0-15). Others are known to the
clients, but nobody has sent anything there yet: a setting offers them too, marked as unproven.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Offer:
    """A channel in one country (two letters)."""

    channel: str
    country: str
    is_proven: bool


@dataclass(frozen=True, slots=True)
class AppNeeds:
    """Which apps a channel wants before a shop can authorize them (marketplace-apis 1.2, 2.2, 3.2).

    - `chat_follows_orders`: one app and one authorization serve orders and chat.
    - `needs_service_id`: the authorize link names the app by an id of its own.
    - `pair_is_of_account`: one pair of tokens stays that of all shops of an account, so that a
      refresh replaces it for all of them. Elsewhere each shop refreshes for itself.
    """

    chat_follows_orders: bool
    needs_service_id: bool
    pair_is_of_account: bool


_PROVEN = {
    "shopee": ("SG", "MY", "TH", "VN", "PH", "ID", "BR", "TW"),
    "lazada": ("SG", "MY", "TH", "VN", "PH", "ID"),
    "tiktok": ("MY", "SG"),
}
_UNPROVEN = {
    "shopee": ("MX", "CO", "CL"),
    "tiktok": ("TH", "VN", "PH", "ID", "GB", "US"),
}
_NEEDS = {
    "shopee": AppNeeds(chat_follows_orders=False, needs_service_id=False, pair_is_of_account=False),
    "lazada": AppNeeds(chat_follows_orders=False, needs_service_id=False, pair_is_of_account=True),
    "tiktok": AppNeeds(chat_follows_orders=True, needs_service_id=True, pair_is_of_account=True),
}


def offers(*, with_unproven: bool) -> tuple[Offer, ...]:
    """What can be connected, by channel and country."""
    proven = [Offer(channel, one, True) for channel, all_ in _PROVEN.items() for one in all_]
    unproven = [Offer(channel, one, False) for channel, all_ in _UNPROVEN.items() for one in all_]
    return tuple(proven + unproven if with_unproven else proven)


def find_offer(channel: str, country: str, *, with_unproven: bool) -> Offer | None:
    """The offer of a channel and country, or None where shops cannot be connected."""
    every = offers(with_unproven=with_unproven)
    return next((one for one in every if (one.channel, one.country) == (channel, country)), None)


def app_needs(channel: str) -> AppNeeds:
    """Which apps a channel wants. ValueError: no such channel."""
    try:
        return _NEEDS[channel]
    except KeyError:
        raise ValueError(f"no marketplace is called {channel!r}") from None


def sending_rule(channel: str) -> str:
    """The name of the rule that packing photos may break, or empty where none is known.

    Shopee's partner rules forbid order updates that the buyer did not ask for (marketplace-apis
    1.2, "Rules of use"); whether a photo that a packer sends is one has not been ruled on.
    """
    return "shopee-unasked-updates" if channel == "shopee" else ""
