"""A sandbox as a process of its own, told what to hold by its control calls; any marketplace."""

import itertools
import re
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import httpx

from cloud.marketplaces.access import AppCredentials, ShopAccess

NO_PARCELS: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class SeededOrder:
    """An order in the sandbox, and the buyer who placed it."""

    number: str
    buyer_id: str


@dataclass(slots=True)
class MarketSandbox(ABC):
    """A running sandbox. Each shop, buyer and order it is told to hold is a new one.

    `send_call` and `read_call` are the paths (their last parts) by which a message is sent and a
    conversation is read. `open_return` and `settled_return`: its words for the state of a return;
    empty where it tells of none. `tells_apps_from_people`: its chat says what an app wrote.
    `tells_parcels`: it pushes that a parcel has its tracking number.
    """

    channel: ClassVar[str]
    send_call: ClassVar[str]
    read_call: ClassVar[str]
    unknown_order: ClassVar[str]
    open_return: ClassVar[str] = ""
    settled_return: ClassVar[str] = ""
    tells_apps_from_people: ClassVar[bool] = True
    tells_parcels: ClassVar[bool] = True

    base_url: str
    control: httpx.Client
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(50_000_001))

    @classmethod
    @contextmanager
    def started(cls) -> Iterator[str]:
        """Start the program, wait for the line that says where it is, and end it afterwards."""
        program = Path(sys.executable).parent / "packwitness-sandbox"
        command = [str(program), cls.channel, "--port", "0"]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process:
            assert process.stdout is not None
            try:
                said = process.stdout.readline()
                assert "ready on " in said, said
                yield said.rpartition(" ")[2].strip()
            finally:
                process.terminate()
                process.communicate(timeout=30)

    @abstractmethod
    def new_app(self, **options: Any) -> AppCredentials:
        """An app; options as the sandbox takes them."""

    @abstractmethod
    def new_shop(self, app: AppCredentials | None = None, region: str = "SG") -> ShopAccess:
        """A shop that has authorized `app`, or an app of its own."""

    @abstractmethod
    def new_tokens(self, app: AppCredentials, shop_id: str) -> tuple[str, str]:
        """A fresh access and refresh token."""

    @abstractmethod
    def expire_tokens(self, access: ShopAccess) -> None:
        """End the shop's access tokens; refreshing goes on working."""

    @abstractmethod
    def place_order(
        self,
        access: ShopAccess,
        *,
        parcels: Mapping[str, str] = NO_PARCELS,
        is_cancelled: bool = False,
    ) -> SeededOrder:
        """An order of a new buyer that is ready to go; `parcels` by number, with the tracking's."""

    @abstractmethod
    def issue_tracking_number(self, order: SeededOrder, package: str, number: str) -> None:
        """The carrier gives a parcel its number."""

    @abstractmethod
    def callback(self, access: ShopAccess, code: str) -> dict[str, str]:
        """What a seller who consented comes back with."""

    @abstractmethod
    def revoke(self, access: ShopAccess) -> None:
        """The seller takes the authorization back."""

    @abstractmethod
    def account_of(self, access: ShopAccess) -> str:
        """What stands for the shop on the consent page."""

    def consent(self, link: str, access: ShopAccess) -> dict[str, str]:
        """The seller opens the link and agrees; what comes back with them."""
        page = self.control.get(link)
        ticket = re.search(r'name="ticket" value="([^"]+)"', page.text)
        assert ticket, page.text
        answer = {"ticket": ticket[1], "account": self.account_of(access)}
        back = self.control.post("/consent", data=answer)
        assert back.status_code == 303, back.text
        return dict(httpx.URL(back.headers["location"]).params)

    def advance(self, seconds: float) -> None:
        """Move the marketplace's time on; the timestamps of requests are judged as before."""
        self._call("POST", "/control/clock", {"advance_s": seconds})

    def push_to(self, access: ShopAccess, callback_url: str) -> None:
        """Call the shop's app there, from now on, of everything."""
        body = {"callback_url": callback_url}
        self._call("PUT", f"/control/push-endpoints/{access.app.app_id}", body)

    def judge_by(self, **limits: Any) -> None:
        """Change these of the sandbox's limits; without any, all are as documented again."""
        self._call("PATCH" if limits else "PUT", "/control/limits", limits)

    def tell_true_time(self) -> None:
        """Take back every move of its clock."""
        self._call("POST", "/control/clock", {"reset": True})

    def write(self, access: ShopAccess, order: SeededOrder, text: str, by: str = "buyer") -> None:
        """A message of the buyer, or of a person at the shop."""
        path = f"/control/chats/{access.shop_id}/{order.buyer_id}/messages"
        self._call("POST", path, {"by": by, "text": text})

    def chat(self, access: ShopAccess, order: SeededOrder) -> list[dict[str, Any]]:
        """What the buyer sees, oldest first."""
        path = f"/control/chats/{access.shop_id}/{order.buyer_id}"
        seen: list[dict[str, Any]] = self._call("GET", path)["messages"]
        return seen

    def ask_for_return(
        self, access: ShopAccess, order: SeededOrder, status: str, **options: Any
    ) -> str:
        """The buyer asks for a return; its id. Options and words as the sandbox takes them."""
        return_id = str(next(self._numbers))
        body = {
            "return_id": return_id,
            "shop_id": access.shop_id,
            "order_number": order.number,
            "status": status,
            **options,
        }
        self._call("POST", "/control/returns", body)
        return return_id

    def change_return(self, return_id: str, **change: Any) -> None:
        self._call("PATCH", f"/control/returns/{return_id}", change)

    def change_contact(self, access: ShopAccess, order: SeededOrder, **change: bool) -> None:
        self._call("PATCH", f"/control/chats/{access.shop_id}/{order.buyer_id}", change)

    def change_shop(self, access: ShopAccess, **change: Any) -> None:
        self._call("PATCH", f"/control/shops/{access.shop_id}", change)

    def fault(self, access: ShopAccess, kind: str, path: str, **options: Any) -> None:
        """Let the next call of this shop to `path` (its last part) go wrong."""
        body = {"kind": kind, "path": path, "shop_id": access.shop_id, **options}
        self._call("POST", "/control/faults", body)

    def _call(self, method: str, path: str, body: object = None) -> Any:
        reply = self.control.request(method, path, json=body)
        assert reply.is_success, reply.text
        return reply.json() if reply.content else None


SandboxT = TypeVar("SandboxT", bound=MarketSandbox)


@contextmanager
def running(kind: type[SandboxT]) -> Iterator[SandboxT]:
    """One that runs until the block ends."""
    with kind.started() as base_url, httpx.Client(base_url=base_url) as control:
        yield kind(base_url, control)
