"""The control API in Python, as far as it is the same on every platform."""

from collections.abc import Mapping
from typing import Any

import httpx


class MarketControl:
    """The control API of a running sandbox (docs/sandbox.md), one method for each need of a test.

    Every method raises httpx.HTTPStatusError when the sandbox refuses. Ids are as the platform has
    them.
    """

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url
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

    def buyer_writes(self, shop_id: int | str, buyer_id: int | str, text: str) -> str:
        """The buyer writes a message; gives its id."""
        path = f"/chats/{shop_id}/{buyer_id}/messages"
        return str(self.call("POST", path, {"text": text})["message_id"])

    def seller_writes(self, shop_id: int | str, buyer_id: int | str, text: str) -> str:
        """A person writes in the Seller Centre; gives the message's id."""
        path = f"/chats/{shop_id}/{buyer_id}/messages"
        return str(self.call("POST", path, {"text": text, "by": "shop"})["message_id"])

    def change_contact(self, shop_id: int | str, buyer_id: int | str, **changes: bool) -> None:
        """Set blocked_by_buyer, blocked_by_shop or return_open."""
        self.call("PATCH", f"/chats/{shop_id}/{buyer_id}", changes)

    def push_endpoint(self, app_id: int | str, callback_url: str, **fields: Any) -> None:
        """Deliver the app's pushes there: of all kinds, or of `kinds`; also after a stop."""
        self.call("PUT", f"/push-endpoints/{app_id}", {"callback_url": callback_url, **fields})

    def push(
        self, app_id: int | str, kind: str, shop_id: int | str | None = None, **data: Any
    ) -> list[int]:
        """Make a push by hand; the ids of what is delivered."""
        body = {"app_id": app_id, "kind": kind, "shop_id": shop_id, "data": data}
        return [one["push_id"] for one in self.call("POST", "/pushes", body)]

    def pushes(self, after: int = 0) -> list[dict[str, Any]]:
        """All pushes with their bodies, states and attempts, oldest first."""
        listed: list[dict[str, Any]] = self.call("GET", f"/pushes?after={after}")
        return listed

    def chat(self, shop_id: int | str, buyer_id: int | str) -> dict[str, Any]:
        """The chat as the buyer sees it: `messages` in order, `not_shown`, and more."""
        seen: dict[str, Any] = self.call("GET", f"/chats/{shop_id}/{buyer_id}")
        return seen

    def picture(self, path: str) -> bytes:
        """A picture of a chat as it was uploaded; the chat names its path."""
        answer = self._http.get(f"{self._base_url}{path}")
        return answer.raise_for_status().content

    def counts(self) -> dict[str, Any]:
        """Counts over all chats."""
        counted: dict[str, Any] = self.call("GET", "/counts")
        return counted

    def requests(self, after: int = 0) -> list[dict[str, Any]]:
        """The log of calls to the marketplace's interface, oldest first."""
        logged: list[dict[str, Any]] = self.call("GET", f"/requests?after={after}")
        return logged
