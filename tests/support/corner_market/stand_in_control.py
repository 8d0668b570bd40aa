"""What tests tell Corner to hold and to do wrong, and its calls to apps."""

import hashlib
import hmac
import json
from dataclasses import asdict, dataclass, field
from typing import Any

import httpx

from tests.support.corner_market.stand_in import Chat, Grant, Message, Order, World

Fields = dict[str, Any]


@dataclass
class Control:
    """The tests' hands. Each path is a method: its last part, or the one before ids."""

    world: World
    faults: list[Fields] = field(default_factory=list)
    callbacks: dict[str, str] = field(default_factory=dict)

    def do(self, method: str, path: str, body: Fields) -> Fields:
        name, *ids = path.split("/")
        fields: Fields = getattr(self, f"{method}_{name.replace('-', '_')}")(*ids, **body)
        return fields

    def take_fault(self, shop: str, call: str, kinds: tuple[str, ...]) -> Fields:
        """The fault that meets this call, once; an empty one if there is none."""
        for fault in self.faults:
            if fault["shop_id"] == shop and fault["path"] in (call, "*") and fault["kind"] in kinds:
                self.faults.remove(fault)
                return fault
        return {}

    def post_clock(self, advance_s: float = 0, reset: bool = False) -> Fields:
        self.world.moved_ms = 0 if reset else self.world.moved_ms + int(advance_s * 1000)
        return {}

    def put_limits(self) -> Fields:
        return self.patch_limits(300_000)

    def patch_limits(self, image_limit_bytes: int) -> Fields:
        self.world.picture_limit_bytes = image_limit_bytes
        return {}

    def post_faults(self, **fault: Any) -> Fields:
        self.faults.append(fault)
        return {}

    def put_push_endpoints(self, app: str, callback_url: str) -> Fields:
        self.callbacks[app] = callback_url
        return {}

    def post_apps(self, app: str, secret: str) -> Fields:
        self.world.secrets[app] = secret
        return {}

    def post_shops(self, shop: str, country: str) -> Fields:
        self.world.shops[shop] = country
        return {}

    def post_tokens(self, app: str, shop: str) -> Fields:
        return asdict(self.world.grant(app, shop))

    def delete_tokens(self, app: str, shop: str, access_only: bool) -> Fields:
        for grant in self._grants_of(app, shop):
            if access_only:
                grant.access_ends_at = 0
            else:
                self.world.grants.remove(grant)
        return {}

    def _grants_of(self, app: str, shop: str) -> list[Grant]:
        return [one for one in self.world.grants if (one.app, one.shop) == (app, shop)]

    def post_orders(
        self, number: str, shop: str, buyer: str, status: str, parcels: dict[str, str]
    ) -> Fields:
        now = self.world.now()
        self.world.orders[number] = Order(number, shop, buyer, status, now, now, parcels)
        self._push(shop, kind="order", order=number)
        return {}

    def patch_orders(self, number: str, parcels: dict[str, str]) -> Fields:
        order = self.world.orders[number]
        order.parcels.update(parcels)
        order.changed_at = self.world.now()
        self._push(order.shop, kind="order", order=number)
        return {}

    def post_chats(self, shop: str, buyer: str, _messages: str, by: str, text: str) -> Fields:
        chat = self.world.chat_of(shop, buyer)
        said = self.world.add(chat, by, "text", text)
        self._push(shop, kind="message", chat=chat.name, message=said.message, buyer=buyer, by=by)
        return {}

    def patch_chats(self, shop: str, buyer: str, blocked_by_buyer: bool) -> Fields:
        self.world.chat_of(shop, buyer).is_blocked = blocked_by_buyer
        return {}

    def get_chats(self, shop: str, buyer: str) -> Fields:
        chat = self.world.chats.get(f"{shop}-{buyer}", Chat(shop, buyer))
        return {"messages": [self._seen(one) for one in chat.messages if one.shown]}

    def _seen(self, one: Message) -> Fields:
        seen: Fields = {"message_id": one.message, "message_type": one.kind, "text": one.value}
        if one.kind == "image":
            seen["image"] = {"size_bytes": len(self.world.pictures[one.value])}
        return seen

    def _push(self, shop: str, **fields: str) -> None:
        for app in {grant.app for grant in self.world.grants if grant.shop == shop}:
            if app in self.callbacks:
                self._call_out(app, shop, fields)

    def _call_out(self, app: str, shop: str, fields: Fields) -> None:
        envelope = {"id": self.world.new_name(), "shop": shop, "at": self.world.now(), **fields}
        body, secret = json.dumps(envelope).encode(), self.world.secrets[app]
        if self.take_fault(shop, "push", ("push_bad_signature",)):
            secret = "another secret"
        signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        for _ in range(2 if self.take_fault(shop, "push", ("push_twice",)) else 1):
            httpx.post(
                self.callbacks[app],
                content=body,
                headers={"authorization": signature, "content-type": "application/json"},
            )
