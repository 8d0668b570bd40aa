"""The Shopee sandbox as a process of its own, told what to hold by its control calls."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from cloud.marketplaces.access import AppCredentials, ShopAccess
from tests.support.market_sandbox import NO_PARCELS, MarketSandbox, SeededOrder, running

__all__ = ["SeededOrder", "ShopeeSandbox", "running_shopee_sandbox"]

PARTNER_KEY = "shpk_test_0123456789abcdef0123456789abcdef"


@dataclass(slots=True)
class ShopeeSandbox(MarketSandbox):
    """A running sandbox. Each shop, buyer and order it is told to hold is a new one."""

    channel = "shopee"
    send_call = "send_message"
    read_call = "get_message"
    unknown_order = "231115UNKNOWN0"
    open_return = "REQUESTED"
    settled_return = "REFUND_PAID"

    def new_app(self, **options: Any) -> AppCredentials:
        partner_id = next(self._numbers)
        body = {"partner_id": partner_id, "partner_key": PARTNER_KEY, **options}
        self._call("POST", "/control/apps", body)
        return AppCredentials(str(partner_id), PARTNER_KEY)

    def new_shop(self, app: AppCredentials | None = None, region: str = "SG") -> ShopAccess:
        """A shop that has authorized `app`, or an app of its own."""
        app = app or self.new_app()
        shop_id = next(self._numbers)
        body = {"shop_id": shop_id, "shop_name": f"Shop {shop_id}", "region": region}
        self._call("POST", "/control/shops", body)
        return ShopAccess(app, str(shop_id), region, self.new_tokens(app, str(shop_id))[0])

    def new_tokens(self, app: AppCredentials, shop_id: str) -> tuple[str, str]:
        body = {"partner_id": int(app.app_id)}
        made = self._call("POST", f"/control/shops/{shop_id}/tokens", body)
        return made["access_token"], made["refresh_token"]

    def expire_tokens(self, access: ShopAccess) -> None:
        body = {"partner_id": int(access.app.app_id)}
        self._call("POST", f"/control/shops/{access.shop_id}/tokens/expire", body)

    def new_order(self, access: ShopAccess, **options: Any) -> SeededOrder:
        """An order of a new buyer, or of `buyer_id`; further options as the sandbox takes them."""
        serial = next(self._numbers)
        buyer_id = int(options.pop("buyer_id", 0)) or serial
        if buyer_id == serial:
            buyer = {"user_id": buyer_id, "username": f"buyer_{buyer_id}"}
            self._call("POST", "/control/buyers", buyer)
        body = {
            "order_sn": f"231115{serial}",
            "shop_id": int(access.shop_id),
            "buyer_id": buyer_id,
            "items": [{"item_id": 1, "item_name": "Mug"}],
            **options,
        }
        self._call("POST", "/control/orders", body)
        return SeededOrder(body["order_sn"], str(buyer_id))

    def place_order(
        self,
        access: ShopAccess,
        *,
        parcels: Mapping[str, str] = NO_PARCELS,
        is_cancelled: bool = False,
    ) -> SeededOrder:
        packages = [
            {"package_number": number, "tracking_number": tracking}
            for number, tracking in parcels.items()
        ]
        status = "CANCELLED" if is_cancelled else "PROCESSED"
        return self.new_order(access, packages=packages, order_status=status)

    def issue_tracking_number(self, order: SeededOrder, package: str, number: str) -> None:
        path = f"/control/orders/{order.number}/packages/{package}"
        self._call("PATCH", path, {"tracking_number": number})

    def revoke(self, access: ShopAccess) -> None:
        body = {"partner_id": int(access.app.app_id)}
        self._call("POST", f"/control/shops/{access.shop_id}/tokens/revoke", body)

    def account_of(self, access: ShopAccess) -> str:
        return f"shop:{access.shop_id}"

    def callback(self, access: ShopAccess, code: str) -> dict[str, str]:
        return {"code": code, "shop_id": access.shop_id}


@contextmanager
def running_shopee_sandbox() -> Iterator[ShopeeSandbox]:
    """Start the program, wait for the line that says where it is, and end it afterwards."""
    with running(ShopeeSandbox) as sandbox:
        yield sandbox
