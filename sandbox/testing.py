"""Helpers for tests and demos: a Shopee sandbox on a free port, and its control API in Python.

For another platform: `sandbox.serving.serving` and `sandbox.control_client.MarketControl`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.control_client import MarketControl
from sandbox.serving import serving
from sandbox.shopee import demo_seed
from sandbox.shopee.marketplace import Shopee
from sandbox.shopee.seed import Seed


class SandboxControl(MarketControl):
    """The control API of a running Shopee sandbox."""

    def mint_tokens(
        self, shop_id: int, partner_id: int, access_life_s: int | None = None
    ) -> tuple[str, str]:
        """A fresh access and refresh token for the shop; earlier ones end."""
        body = {"partner_id": partner_id, "access_life_s": access_life_s}
        pair = self.call("POST", f"/shops/{shop_id}/tokens", body)
        return pair["access_token"], pair["refresh_token"]

    def add_order(self, order_sn: str, shop_id: int, buyer_id: int, **fields: Any) -> None:
        """A new order, by default of one thing."""
        body = {
            "order_sn": order_sn,
            "shop_id": shop_id,
            "buyer_id": buyer_id,
            "items": [{"item_id": 50001, "item_name": "Ceramic mug, 350 ml"}],
            **fields,
        }
        self.call("POST", "/orders", body)


@dataclass(frozen=True)
class RunningSandbox:
    """A sandbox that serves now. The names of the demo seed are in `sandbox.shopee.demo_seed`."""

    base_url: str
    control: SandboxControl
    partner_id: int = demo_seed.PARTNER_ID
    partner_key: str = demo_seed.PARTNER_KEY
    shop_id: int = demo_seed.SHOP_ID
    access_token: str = demo_seed.ACCESS_TOKEN
    refresh_token: str = demo_seed.REFRESH_TOKEN


@contextmanager
def running_sandbox(
    *, seed: Seed | None = None, data: Path | None = None
) -> Iterator[RunningSandbox]:
    """A Shopee sandbox in a thread of this process, on a free port, until the block ends."""
    with serving(Shopee(), seed=seed, data=data) as base_url:
        control = SandboxControl(base_url)
        try:
            yield RunningSandbox(base_url, control)
        finally:
            control.close()
