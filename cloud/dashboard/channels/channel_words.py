"""What sellers read about marketplaces: keys, steps before connecting, rules, Seller Centres."""

from collections.abc import Mapping
from dataclasses import dataclass

from cloud.conversations.states import Reason
from cloud.dashboard.marking import _
from cloud.dashboard.reasons import REASONS
from cloud.dashboard.words import Badge
from cloud.marketplaces.capabilities import Batches
from cloud.shops.service import Purpose
from cloud.shops.standing import Standing

STANDINGS: Mapping[Standing, Badge] = {
    Standing.NEVER: Badge(_("Unauthorized"), "circle-dashed", "secondary"),
    Standing.AUTHORIZED: Badge(_("Authorized"), "circle-check", "green"),
    Standing.EXPIRING: Badge(_("Authorized, ends soon"), "alert-triangle", "yellow"),
    Standing.EXPIRED: Badge(_("Expired"), "clock-pause", "red"),
    Standing.REVOKED: Badge(_("Revoked at the marketplace"), "ban", "red"),
}

PURPOSES: Mapping[Purpose, str] = {Purpose.ORDERS: _("Orders"), Purpose.CHAT: _("Chat")}


@dataclass(frozen=True, slots=True)
class KeyNames:
    """What a marketplace calls the keys of an app; the same in every language."""

    app_id: str
    app_secret: str
    service_id: str = ""
    push_secret: str = ""
    """Of a key of its own that signs pushes; may be left out."""


KEYS: Mapping[str, KeyNames] = {
    "shopee": KeyNames("Partner ID", "Partner Key", "", "Live Push Partner Key"),
    "lazada": KeyNames("App Key", "App Secret"),
    "tiktok": KeyNames("App key", "App secret", "Service ID"),
}

_SHOPEE_STEPS = (
    _(
        "In the Shopee Open Platform console, register an app of the kind “Seller In-house "
        "System”. Shopee lets only such an app of your own write in your shops' chats; one app "
        "serves all shops of your main account."
    ),
    _("Wait until Shopee has approved it and its status is Online."),
    _("Enter the address below as its redirect URL."),
    _("Copy its live Partner ID and Partner Key."),
)
STEPS: Mapping[tuple[str, Purpose], tuple[str, ...]] = {
    ("shopee", Purpose.ORDERS): _SHOPEE_STEPS,
    ("shopee", Purpose.CHAT): _SHOPEE_STEPS,
    ("lazada", Purpose.ORDERS): (
        _(
            "In the Lazada Open Platform console, create an app of the category "
            "“Seller In-house APP” or “ERP System”, for orders."
        ),
        _("Wait until it is online; an app in test loses its tokens after 7 days."),
        _("Enter the address below as its callback URL."),
        _("Copy its App Key and App Secret."),
    ),
    ("lazada", Purpose.CHAT): (
        _(
            "In the Lazada Open Platform console, create a second app of the category "
            "“In-house IM Chat”. An app for orders is refused in chats."
        ),
        _("Add your seller account to the app's list of bound users, and wait until it is online."),
        _("Enter the address below as its callback URL."),
        _("Copy its App Key and App Secret."),
    ),
    ("tiktok", Purpose.ORDERS): (
        _(
            "In the TikTok Shop Partner Center, create an app of the category "
            "“Customer Service/Support” for your own shops."
        ),
        _(
            "Ask your account manager for the scope “Customer Service”: it is off by default and "
            "given after a review. Without it orders are read, but nothing is sent."
        ),
        _("Enter the address below as its redirect URL."),
        _("Copy its App key, App secret and Service ID."),
    ),
}
"""Before a shop can be connected; for TikTok Shop chat follows the authorization for orders."""

RULES: Mapping[str, str] = {
    "shopee-unasked-updates": _(
        "Shopee's partner rules forbid apps to send order updates, broadcasts and automatic "
        "messages that the buyer did not ask for; a breach can suspend the app. Shopee has not "
        "ruled whether photos that a packer sends order by order fall under it. You decide, and "
        "your name is kept."
    ),
    Batches.FORBIDDEN: _(
        "This marketplace's partner rules forbid apps to send broadcasts and batches of order "
        "updates, and the call that sends is documented as not meant for them; a breach can "
        "suspend the app. Sent from here, each order still goes by itself, at the marketplace's "
        "pace. You decide, and your name is kept."
    ),
    Batches.NO_RULE_KNOWN: _(
        "We know of no rule of this marketplace against sending many orders' photos at once, but "
        "marketplaces watch for messages that look like a broadcast. You decide, and your name is "
        "kept."
    ),
}
"""What somebody reads before they switch sends on, by the names in our data."""

_CANNOT_SEND: Mapping[tuple[str, str], str] = {
    ("shopee", "TW"): _(
        "Shopee Taiwan allows no chat sending. Photos are saved; send them by hand in the Seller "
        "Centre where a buyer asks for them."
    ),
}


def cannot_send(channel: str, country: str) -> str:
    """What is said where no program can write in the chats."""
    return _CANNOT_SEND.get((channel, country)) or REASONS[Reason.CHANNEL_CANNOT_SEND].text


SELLER_CENTRES: Mapping[tuple[str, str], str] = {
    ("shopee", "SG"): "https://seller.shopee.sg",
    ("shopee", "MY"): "https://seller.shopee.com.my",
    ("shopee", "TH"): "https://seller.shopee.co.th",
    ("shopee", "VN"): "https://banhang.shopee.vn",
    ("shopee", "PH"): "https://seller.shopee.ph",
    ("shopee", "ID"): "https://seller.shopee.co.id",
    ("shopee", "BR"): "https://seller.shopee.com.br",
    ("shopee", "TW"): "https://seller.shopee.tw",
    ("lazada", "SG"): "https://sellercenter.lazada.sg",
    ("lazada", "MY"): "https://sellercenter.lazada.com.my",
    ("lazada", "TH"): "https://sellercenter.lazada.co.th",
    ("lazada", "VN"): "https://sellercenter.lazada.vn",
    ("lazada", "PH"): "https://sellercenter.lazada.com.ph",
    ("lazada", "ID"): "https://sellercenter.lazada.co.id",
    ("tiktok", "MY"): "https://seller-my.tiktok.com",
    ("tiktok", "SG"): "https://seller-sg.tiktok.com",
}
"""Where a seller writes to buyers by hand."""

NOTICES: Mapping[str, Badge] = {
    "authorized": Badge(
        _("Authorized. Orders and photos that waited for it go on."), "check", "green"
    ),
    "another-shop": Badge(
        _(
            "You were signed in at the marketplace with another shop, and that one was authorized. "
            "Sign out there, sign in with the right account, and authorize again."
        ),
        "alert-triangle",
        "yellow",
    ),
    "request-unknown": Badge(
        _(
            "Nothing was changed: this authorization was used already, took longer than 30 "
            "minutes, or was begun by another organisation. Start it again here."
        ),
        "help-circle",
        "yellow",
    ),
    "not-given": Badge(
        _("Nothing was changed: the marketplace gave no authorization. Start it again here."),
        "x",
        "red",
    ),
    "not-reached": Badge(
        _("The marketplace did not answer. Start the authorization again in a moment."),
        "clock",
        "yellow",
    ),
    "shop-of-another": Badge(
        _("Nothing was changed: another organisation has connected this shop."), "ban", "red"
    ),
    "not-offered": Badge(
        _("Nothing was changed: the account has no shop in a country that can be connected."),
        "ban",
        "yellow",
    ),
    "keys-missing": Badge(
        _("The keys of your app are missing: enter them first."), "help-circle", "yellow"
    ),
    "switched-on": Badge(
        _("Packing photos of this shop go to buyers from now on."), "check", "green"
    ),
    "switched-off": Badge(
        _("Packing photos of this shop are saved and no longer sent."), "photo", "blue"
    ),
    "batches-on": Badge(
        _("Photos of many orders of this shop can be sent at once from now on."), "check", "green"
    ),
    "batches-off": Badge(
        _("Photos of this shop are sent for one order at a time."), "photo", "blue"
    ),
    "preset-saved": Badge(
        _("The preset message is saved; it goes with the next order."), "check", "green"
    ),
    "rule-not-read": Badge(
        _("Nothing was changed: confirm that you have read the marketplace's rule."),
        "help-circle",
        "yellow",
    ),
    "cannot-send": Badge(
        _("Nothing was changed: this channel allows no chat sending."), "ban", "red"
    ),
}
"""What the list says after a form or an authorization, by the word in its address."""
