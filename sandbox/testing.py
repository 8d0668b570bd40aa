"""Helpers for tests and demos: a sandbox on a free port, and its control API in Python."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from sandbox.server import build_server, build_world, listen
from sandbox.shopee import demo_seed
from sandbox.shopee.seed import Seed

START_DEADLINE_S = 20.0


class SandboxControl:
    """The control API of a running sandbox (docs/sandbox.md), one method for each need of a test.

    Every method raises httpx.HTTPStatusError when the sandbox refuses.
    """

    def __init__(self, base_url: str) -> None:
        self._http = httpx.Client(base_url=f"{base_url}/control", timeout=10.0)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Any control call; the answer's JSON, or None when it has none."""
        answer = self._http.request(method, path, json=body)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def reset(self, seed: Mapping[str, Any] | None = None) -> None:
        """Start anew from this seed, or from the sandbox's own."""
        self.call("POST", "/reset", {"seed": seed})

    def fault(self, kind: str, path: str = "*", **fields: Any) -> int:
        """Let this go wrong; gives the fault's id."""
        body = {"kind": kind, "path": path, **fields}
        return int(self.call("POST", "/faults", body)["fault_id"])

    def limits(self, **changes: Any) -> None:
        """Change these limits, keep the others."""
        self.call("PATCH", "/limits", changes)

    def advance(self, seconds: float) -> None:
        """Move the marketplace's time on; request timestamps are judged as before."""
        self.call("POST", "/clock", {"advance_s": seconds})

    def judge_requests_at(self, unix_s: float) -> None:
        """Judge request timestamps as if it were this moment."""
        self.call("POST", "/clock", {"request_time": unix_s})

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

    def buyer_writes(self, shop_id: int, buyer_id: int, text: str) -> str:
        """The buyer writes a message; gives its id."""
        path = f"/chats/{shop_id}/{buyer_id}/messages"
        return str(self.call("POST", path, {"text": text})["message_id"])

    def seller_writes(self, shop_id: int, buyer_id: int, text: str) -> str:
        """A person writes in the Seller Centre; gives the message's id."""
        path = f"/chats/{shop_id}/{buyer_id}/messages"
        return str(self.call("POST", path, {"text": text, "by": "shop"})["message_id"])

    def change_contact(self, shop_id: int, buyer_id: int, **changes: bool) -> None:
        """Set blocked_by_buyer, blocked_by_shop or return_open."""
        self.call("PATCH", f"/chats/{shop_id}/{buyer_id}", changes)

    def chat(self, shop_id: int, buyer_id: int) -> dict[str, Any]:
        """The chat as the buyer sees it: `messages` in order, `not_shown`, and more."""
        seen: dict[str, Any] = self.call("GET", f"/chats/{shop_id}/{buyer_id}")
        return seen

    def counts(self) -> dict[str, Any]:
        """Counts over all chats."""
        counted: dict[str, Any] = self.call("GET", "/counts")
        return counted

    def requests(self, after: int = 0) -> list[dict[str, Any]]:
        """The log of calls to the marketplace's interface, oldest first."""
        logged: list[dict[str, Any]] = self.call("GET", f"/requests?after={after}")
        return logged


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
    """A sandbox in a thread of this process, on a free port, until the block ends."""
    listening = listen("127.0.0.1", 0)
    world = build_world(data, seed)
    ready = threading.Event()
    server = build_server(world, ready.set)
    thread = threading.Thread(
        target=server.run, kwargs={"sockets": [listening.socket]}, name="sandbox", daemon=True
    )
    thread.start()
    control = SandboxControl(listening.base_url)
    try:
        if not ready.wait(START_DEADLINE_S):
            raise TimeoutError("the sandbox did not start")
        yield RunningSandbox(listening.base_url, control)
    finally:
        control.close()
        server.should_exit = True
        thread.join(START_DEADLINE_S)
        listening.socket.close()
        world.store.close()
