"""The Shopee sandbox as a process of its own, told what to hold by its control calls."""

import itertools
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from cloud.marketplaces.access import AppCredentials, ShopAccess

PARTNER_KEY = "shpk_test_0123456789abcdef0123456789abcdef"


@dataclass(frozen=True, slots=True)
class SeededOrder:
    """An order in the sandbox, and the buyer who placed it."""

    number: str
    buyer_id: str


@dataclass(slots=True)
class ShopeeSandbox:
    """A running sandbox. Each shop, buyer and order it is told to hold is a new one."""

    channel = "shopee"
    base_url: str
    control: httpx.Client
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(50_000_001))

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

    def issue_tracking_number(self, order: SeededOrder, package: str, number: str) -> None:
        path = f"/control/orders/{order.number}/packages/{package}"
        self._call("PATCH", path, {"tracking_number": number})

    def write(self, access: ShopAccess, order: SeededOrder, text: str, by: str = "buyer") -> None:
        """A message of the buyer, or of a person at the shop."""
        path = f"/control/chats/{access.shop_id}/{order.buyer_id}/messages"
        self._call("POST", path, {"by": by, "text": text})

    def chat(self, access: ShopAccess, order: SeededOrder) -> list[dict[str, Any]]:
        """What the buyer sees, oldest first."""
        path = f"/control/chats/{access.shop_id}/{order.buyer_id}"
        seen: list[dict[str, Any]] = self._call("GET", path)["messages"]
        return seen

    def change_contact(self, access: ShopAccess, order: SeededOrder, **change: bool) -> None:
        self._call("PATCH", f"/control/chats/{access.shop_id}/{order.buyer_id}", change)

    def change_shop(self, access: ShopAccess, **change: Any) -> None:
        self._call("PATCH", f"/control/shops/{access.shop_id}", change)

    def fault(self, access: ShopAccess, kind: str, path: str, **options: Any) -> None:
        """Let the next call of this shop to `path` (its last part) go wrong."""
        body = {"kind": kind, "path": path, "shop_id": int(access.shop_id), **options}
        self._call("POST", "/control/faults", body)

    def _call(self, method: str, path: str, body: object = None) -> Any:
        reply = self.control.request(method, path, json=body)
        assert reply.is_success, reply.text
        return reply.json() if reply.content else None


@contextmanager
def running_shopee_sandbox() -> Iterator[ShopeeSandbox]:
    """Start the program, wait for the line that says where it is, and end it afterwards."""
    command = [str(Path(sys.executable).parent / "packwitness-sandbox"), "shopee", "--port", "0"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        try:
            said = process.stdout.readline()
            assert "ready on " in said, said
            base_url = said.rpartition(" ")[2].strip()
            with httpx.Client(base_url=base_url) as control:
                yield ShopeeSandbox(base_url, control)
        finally:
            process.terminate()
            process.communicate(timeout=30)
