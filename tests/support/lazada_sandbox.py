"""The Lazada sandbox as a process of its own, told what to hold by its control calls."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cloud.marketplaces.access import AppCredentials, ShopAccess
from tests.support.market_sandbox import NO_PARCELS, MarketSandbox, SeededOrder

APP_SECRET = "lzsecret_test_0123456789abcdef"


@dataclass(slots=True)
class LazadaSandbox(MarketSandbox):
    """A running sandbox. Each shop, buyer and order it is told to hold is a new one."""

    channel = "lazada"
    send_call = "/rest/im/message/send"
    read_call = "/rest/im/message/list"
    unknown_order = "1"
    open_return = "REQUEST_INITIATE"
    settled_return = "REFUND_SUCCESS"
    tells_apps_from_people = False
    tells_parcels = False

    def new_app(self, **options: Any) -> AppCredentials:
        """An app for orders and chat, unless the options name another category."""
        app_key = str(next(self._numbers))
        body = {"app_key": app_key, "app_secret": APP_SECRET, **options}
        self._call("POST", "/control/apps", body)
        return AppCredentials(app_key, APP_SECRET)

    def new_shop(self, app: AppCredentials | None = None, region: str = "SG") -> ShopAccess:
        """A shop that has authorized `app`, or an app of its own."""
        app = app or self.new_app()
        shop_id = str(next(self._numbers))
        body = {"shop_id": shop_id, "shop_name": f"Shop {shop_id}", "region": region}
        self._call("POST", "/control/shops", body)
        return ShopAccess(app, shop_id, region, self.new_tokens(app, shop_id)[0])

    def new_tokens(self, app: AppCredentials, shop_id: str) -> tuple[str, str]:
        made = self._call("POST", f"/control/shops/{shop_id}/tokens", {"app_key": app.app_id})
        return made["access_token"], made["refresh_token"]

    def expire_tokens(self, access: ShopAccess) -> None:
        body = {"app_key": access.app.app_id}
        self._call("POST", f"/control/shops/{access.shop_id}/tokens/expire", body)

    def new_order(self, access: ShopAccess, **options: Any) -> SeededOrder:
        """An order of a new buyer, or of `buyer_id`; further options as the sandbox takes them."""
        serial = str(next(self._numbers))
        buyer_id = str(options.pop("buyer_id", serial))
        if buyer_id == serial:
            self.new_buyer(buyer_id)
        body = {
            "order_id": f"33{serial}",
            "shop_id": access.shop_id,
            "buyer_id": buyer_id,
            "items": [{"name": "Mug"}],
            **options,
        }
        self._call("POST", "/control/orders", body)
        return SeededOrder(body["order_id"], buyer_id)

    def new_buyer(self, buyer_id: str) -> None:
        """Somebody who has not ordered yet."""
        buyer = {"user_id": buyer_id, "username": f"buyer_{buyer_id}"}
        self._call("POST", "/control/buyers", buyer)

    def set_limits(self, **limits: Any) -> None:
        """Judge by these numbers, and by the usual ones in all else."""
        self._call("PUT", "/control/limits", limits)

    def place_order(
        self,
        access: ShopAccess,
        *,
        parcels: Mapping[str, str] = NO_PARCELS,
        is_cancelled: bool = False,
    ) -> SeededOrder:
        packages = [
            {"package_id": number, "tracking_code": tracking}
            for number, tracking in parcels.items()
        ]
        # Parcels are named by what is in them.
        items = [{"name": "Mug", "package_id": number} for number in parcels] or [{"name": "Mug"}]
        status = "canceled" if is_cancelled else "ready_to_ship"
        return self.new_order(access, packages=packages, items=items, status=status)

    def issue_tracking_number(self, order: SeededOrder, package: str, number: str) -> None:
        path = f"/control/orders/{order.number}/packages/{package}"
        self._call("PATCH", path, {"tracking_code": number})

    def revoke(self, access: ShopAccess) -> None:
        body = {"app_key": access.app.app_id}
        self._call("POST", f"/control/shops/{access.shop_id}/tokens/revoke", body)

    def account_of(self, access: ShopAccess) -> str:
        return f"seller{access.shop_id}@example.test"

    def callback(self, access: ShopAccess, code: str) -> dict[str, str]:
        del access  # the code alone says whose it is
        return {"code": code}

    def list_permission_withdrawn(self, access: ShopAccess) -> bool:
        """Whether the app has polled, and may no longer read lists of chats."""
        path = f"/control/shops/{access.shop_id}/list-permission/{access.app.app_id}"
        return bool(self._call("GET", path)["withdrawn"])
