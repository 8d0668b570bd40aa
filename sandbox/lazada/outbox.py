"""Which pushes Lazada makes, to whom, and how they are signed (marketplace-apis 2.6)."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.lazada import chat_views, push_bodies
from sandbox.lazada.entities import App, Conversation, Message, Order, Shop
from sandbox.lazada.limits import DAY_S
from sandbox.lazada.signing import sign_push
from sandbox.lazada.world import World
from sandbox.market.entities import Entity, Id
from sandbox.market.push.outbox import Outbox
from sandbox.market.push.rules import PushRules, SuccessRule

HALF_HOUR_S = 1800.0
# Over which time failures are counted, and from how many on, is not stated.
RULES = PushRules(
    retry_after_s=(HALF_HOUR_S,) * 12,
    success=SuccessRule(window_s=DAY_S, more_than=20, warn_below=0.5, stop_below=0.5),
)


class LazadaOutbox(Outbox[World]):
    """Lazada's pushes."""

    kinds = push_bodies.TYPES

    @property
    def rules(self) -> PushRules:
        """Every half hour, twelve times; stopped at more failures than successes."""
        return RULES

    def deadline_s(self, kind: str) -> float:
        """Half a second for all."""
        del kind
        return self.world.limits.push_deadline_s

    def headers(self, app_id: Id, url: str, body: bytes) -> dict[str, str]:
        """The signature covers the app key and the raw body."""
        del url
        app = self.world.apps.get(app_id)
        secret, key = (app.app_secret, app.app_key) if app else ("", "")
        return {
            "Content-Type": "application/json",
            "Authorization": sign_push(secret, key, body),
        }

    def what_is_wrong(self, http_status: int, answer: bytes) -> str:
        """200 is a success, whatever it holds."""
        del answer
        return "" if http_status == 200 else f"status {http_status}"

    def compose(self, kind: str, shop_id: Id | None, data: Mapping[str, Any]) -> str:
        """The envelope; its time is that by which the app's own requests are judged."""
        shop = self.world.shops.get(shop_id or "")
        envelope = {
            "seller_id": str(shop_id or ""),
            "message_type": int(kind),
            "data": data,
            "timestamp": int(self.world.clock.request_now()),
            "site": chat_views.site_of(shop) if shop else "",
        }
        return json.dumps(envelope, separators=(",", ":"), ensure_ascii=False)

    def app_named(self, app_id: str) -> Id | None:
        """The app key."""
        app = self.world.apps.get(app_id)
        return app.app_key if app else None

    def apps_of(self, shop_id: Id) -> Iterator[Id]:
        """The apps that the shop has authorized."""
        for one in self.world.authorizations:
            if one.shop_id == shop_id and not one.revoked:
                yield one.app_key

    def observe(self, before: Entity | None, after: Entity) -> None:
        """Orders, messages, sessions and sellers are pushed."""
        if len(self.endpoints) == 0:
            return
        if isinstance(after, Order):
            self._order(before if isinstance(before, Order) else None, after)
        elif isinstance(after, Message):
            self._message(before if isinstance(before, Message) else None, after)
        elif isinstance(after, Conversation) and isinstance(before, Conversation):
            self._session(after)
        elif isinstance(after, Shop) and isinstance(before, Shop):
            self._shop(before, after)

    def look_at_the_clock(self) -> None:
        """An authorization that ends within two days is told each day."""
        now = self.world.clock.now()
        for one in list(self.world.authorizations):
            told = one.expiry_told_at is not None and now - one.expiry_told_at < DAY_S
            starts = one.ends_at - self.world.limits.expiry_push_before_s
            if told or one.revoked or not starts <= now < one.ends_at:
                continue
            self.world.authorizations.put(one.model_copy(update={"expiry_told_at": now}))
            data = push_bodies.authorization_expiring(one)
            self.push_to(one.app_key, push_bodies.AUTHORIZATION_EXPIRING, one.shop_id, data)

    def _order(self, before: Order | None, after: Order) -> None:
        if before is not None and before.status == after.status:
            return
        for line_id in after.unit_ids:
            data = push_bodies.trade_order(after, line_id)
            self._push_to_apps(push_bodies.TRADE_ORDER, after.shop_id, data)

    def _message(self, before: Message | None, after: Message) -> None:
        is_recalled = before is not None and after.status == "recalled" != before.status
        if before is not None and not is_recalled:
            return
        if after.by == "shop" and not self.world.limits.push_own_messages:
            return
        shop = self.world.shops.get(after.shop_id)
        if shop is not None:
            data = chat_views.message(self.world, shop, after, self._picture_url)
            self._push_to_apps(push_bodies.IM_MESSAGE, shop.shop_id, data)

    def _session(self, chat: Conversation) -> None:
        shop = self.world.shops.get(chat.shop_id)
        if shop is not None:
            session = chat_views.session(self.world, shop, chat, None)
            data = push_bodies.session_update(chat, session)
            self._push_to_apps(push_bodies.SESSION_UPDATE, shop.shop_id, data)

    def _shop(self, before: Shop, after: Shop) -> None:
        if before.status != after.status:
            data = push_bodies.seller_status(after)
            self.push(push_bodies.SELLER_STATUS, after.shop_id, data)

    def _push_to_apps(self, kind: str, shop_id: str, data: Mapping[str, Any]) -> None:
        for app_id in self.apps_of(shop_id):
            app = self.world.apps.get(app_id)
            if app is not None and _may_have(app, kind):
                self.push_to(app_id, kind, shop_id, data)

    def _picture_url(self, picture_id: str) -> str:
        return f"{self.world.address}/file/{picture_id}"


def _may_have(app: App, kind: str) -> bool:
    if kind in push_bodies.OF_ORDERS:
        return app.may_read_orders
    return app.may_chat or kind not in push_bodies.OF_CHATS
