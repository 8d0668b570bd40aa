"""The TikTok Shop sandbox as a process of its own, told what to hold by its control calls."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cloud.marketplaces.access import AppCredentials, ShopAccess
from tests.support.market_sandbox import NO_PARCELS, MarketSandbox, SeededOrder

APP_SECRET = "tk_secret_0123456789abcdef"


@dataclass(slots=True)
class TikTokSandbox(MarketSandbox):
    """A running sandbox. Each shop, buyer and order it is told to hold is a new one."""

    channel = "tiktok"
    # The same path; a fault meets the first call to it.
    send_call = "messages"
    read_call = "messages"
    unknown_order = "576461413099999999"
    open_return = "RETURN_OR_REFUND_REQUEST_PENDING"
    settled_return = "RETURN_OR_REFUND_REQUEST_COMPLETE"
    tells_apps_from_people = False

    def new_app(self, **options: Any) -> AppCredentials:
        """An app with all scopes, unless the options say otherwise."""
        app_key = f"tk_app_{next(self._numbers)}"
        service_id = f"700{next(self._numbers)}"
        body = {"app_key": app_key, "app_secret": APP_SECRET, "service_id": service_id}
        body = {**body, "redirect_url": "http://127.0.0.1:1/back?lang=en", **options}
        self._call("POST", "/control/apps", body)
        return AppCredentials(app_key, APP_SECRET, service_id=service_id)

    def new_shop(self, app: AppCredentials | None = None, region: str = "SG") -> ShopAccess:
        """A shop of a new seller, who has authorized `app`, or an app of its own."""
        app = app or self.new_app()
        shop_id = f"74940496426{next(self._numbers)}"
        seller = {"seller_id": seller_of(shop_id), "base_region": region}
        self._call("POST", "/control/sellers", seller)
        cipher = f"GCP_{shop_id}"
        body = {"shop_id": shop_id, "shop_name": f"Shop {shop_id}", "region": region}
        self._call(
            "POST", "/control/shops", {**body, "seller_id": seller_of(shop_id), "cipher": cipher}
        )
        access_token, _ = self.new_tokens(app, shop_id)
        return ShopAccess(app, shop_id, region, access_token, cipher)

    def new_tokens(self, app: AppCredentials, shop_id: str) -> tuple[str, str]:
        path = f"/control/sellers/{seller_of(shop_id)}/tokens"
        made = self._call("POST", path, {"app_key": app.app_id})
        return made["access_token"], made["refresh_token"]

    def expire_tokens(self, access: ShopAccess) -> None:
        path = f"/control/sellers/{seller_of(access.shop_id)}/tokens/expire"
        self._call("POST", path, {"app_key": access.app.app_id})

    def new_order(self, access: ShopAccess, **options: Any) -> SeededOrder:
        """An order of a new buyer, or of `buyer_id`; further options as the sandbox takes them."""
        serial = str(next(self._numbers))
        buyer_id = str(options.pop("buyer_id", "")) or f"74940000000{serial}"
        if buyer_id.endswith(serial):
            buyer = {"user_id": buyer_id, "username": f"buyer_{buyer_id}"}
            self._call("POST", "/control/buyers", buyer)
        body = {
            "order_id": f"5764614130{serial}",
            "shop_id": access.shop_id,
            "buyer_id": buyer_id,
            "items": [{"product_name": "Mug"}],
            **options,
        }
        self._call("POST", "/control/orders", body)
        return SeededOrder(body["order_id"], buyer_id)

    def place_order(
        self,
        access: ShopAccess,
        *,
        parcels: Mapping[str, str] = NO_PARCELS,
        is_cancelled: bool = False,
    ) -> SeededOrder:
        packages = [
            {"package_id": number, "tracking_number": tracking}
            for number, tracking in parcels.items()
        ]
        items = [{"product_name": "Mug", "package_id": number} for number in parcels]
        status = "CANCELLED" if is_cancelled else "AWAITING_COLLECTION"
        return self.new_order(
            access, packages=packages, items=items or [{"product_name": "Mug"}], status=status
        )

    def issue_tracking_number(self, order: SeededOrder, package: str, number: str) -> None:
        path = f"/control/orders/{order.number}/packages/{package}"
        self._call("PATCH", path, {"tracking_number": number})

    def revoke(self, access: ShopAccess) -> None:
        path = f"/control/sellers/{seller_of(access.shop_id)}/tokens/revoke"
        self._call("POST", path, {"app_key": access.app.app_id})

    def account_of(self, access: ShopAccess) -> str:
        return seller_of(access.shop_id)

    def callback(self, access: ShopAccess, code: str) -> dict[str, str]:
        del access  # the code alone says whose it is
        return {"code": code, "state": "s"}


def seller_of(shop_id: str) -> str:
    """The seller's account that has the shop."""
    return f"9{shop_id}"
