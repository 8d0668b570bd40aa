"""Corner's stand-in as the contract tests want it. It is in the registry while it runs."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from cloud.marketplaces.access import AppCredentials, ShopAccess
from cloud.marketplaces.registry import register
from tests.support.corner_market.adapter import ENTRY
from tests.support.corner_market.stand_in_serving import serving
from tests.support.market_sandbox import NO_PARCELS, MarketSandbox, SeededOrder


@contextmanager
def registered() -> Iterator[None]:
    """Shops can have this channel until the block ends."""
    take_out = register(ENTRY)
    try:
        yield
    finally:
        take_out()


@dataclass(slots=True)
class CornerSandbox(MarketSandbox):
    """A running stand-in. Each shop, buyer and order it is told to hold is a new one."""

    channel = "corner"
    send_call = "send"
    read_call = "messages"
    unknown_order = "C0"

    @classmethod
    @contextmanager
    def started(cls) -> Iterator[str]:
        with registered(), serving() as address:
            yield address

    def new_app(self, **options: Any) -> AppCredentials:
        assert not options, "Corner's apps differ in nothing"
        app = AppCredentials(f"app-{next(self._numbers)}", f"secret-{next(self._numbers)}")
        self._call("POST", "/control/apps", {"app": app.app_id, "secret": app.app_secret})
        return app

    def new_shop(self, app: AppCredentials | None = None, region: str = "SG") -> ShopAccess:
        app, shop = app or self.new_app(), f"{next(self._numbers)}"
        self._call("POST", "/control/shops", {"shop": shop, "country": region})
        return ShopAccess(app, shop, region, self.new_tokens(app, shop)[0])

    def new_tokens(self, app: AppCredentials, shop_id: str) -> tuple[str, str]:
        made = self._call("POST", "/control/tokens", {"app": app.app_id, "shop": shop_id})
        return made["access_token"], made["refresh_token"]

    def expire_tokens(self, access: ShopAccess) -> None:
        self._end_tokens(access, access_only=True)

    def revoke(self, access: ShopAccess) -> None:
        self._end_tokens(access, access_only=False)

    def _end_tokens(self, access: ShopAccess, *, access_only: bool) -> None:
        body = {"app": access.app.app_id, "shop": access.shop_id, "access_only": access_only}
        self._call("DELETE", "/control/tokens", body)

    def place_order(
        self,
        access: ShopAccess,
        *,
        parcels: Mapping[str, str] = NO_PARCELS,
        is_cancelled: bool = False,
    ) -> SeededOrder:
        order = SeededOrder(f"C{next(self._numbers)}", f"{next(self._numbers)}")
        body = {"number": order.number, "shop": access.shop_id, "buyer": order.buyer_id}
        status = "cancelled" if is_cancelled else "packed"
        self._call("POST", "/control/orders", {**body, "status": status, "parcels": dict(parcels)})
        return order

    def issue_tracking_number(self, order: SeededOrder, package: str, number: str) -> None:
        self._call("PATCH", f"/control/orders/{order.number}", {"parcels": {package: number}})

    def account_of(self, access: ShopAccess) -> str:
        return access.shop_id

    def callback(self, access: ShopAccess, code: str) -> dict[str, str]:
        del access  # the code alone says whose it is
        return {"code": code}
