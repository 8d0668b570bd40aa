"""Which pushes Shopee makes, to whom, and how they are signed (marketplace-apis 1.6)."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.market.entities import Entity, Id
from sandbox.market.push.outbox import Outbox
from sandbox.market.push.rules import PushRules, SuccessRule
from sandbox.shopee import push_bodies
from sandbox.shopee.entities import App, Authorization, Message, Order
from sandbox.shopee.limits import DAY_S
from sandbox.shopee.message_content import content
from sandbox.shopee.push_bodies import WEBCHAT
from sandbox.shopee.signing import push_signature
from sandbox.shopee.world import World

# No repetition is documented: what is lost can be fetched for three days.
RULES = PushRules(
    success=SuccessRule(window_s=6 * 3600, more_than=600, warn_below=0.7, stop_below=0.3),
    keep_s=3 * DAY_S,
)


class ShopeeOutbox(Outbox[World]):
    """Shopee's pushes."""

    kinds = push_bodies.CODES

    @property
    def rules(self) -> PushRules:
        """One attempt; too many failures end the delivery."""
        return RULES

    def deadline_s(self, kind: str) -> float:
        """2 s for chat, else 3 s."""
        limits = self.world.limits
        return limits.webchat_push_deadline_s if kind == WEBCHAT else limits.push_deadline_s

    def headers(self, app_id: Id, url: str, body: bytes) -> dict[str, str]:
        """The signature covers the registered address and the raw body."""
        app = self.world.apps.get(app_id)
        key = self._key(app) if app else ""
        return {
            "Content-Type": "application/json",
            "Authorization": push_signature(key, url, body),
        }

    def what_is_wrong(self, http_status: int, answer: bytes) -> str:
        """2xx with an empty body is a success."""
        if not 200 <= http_status < 300:
            return f"status {http_status}"
        return "the answer has a body" if answer else ""

    def compose(self, kind: str, shop_id: Id | None, data: Mapping[str, Any]) -> str:
        """The envelope; its time is that by which the app's own requests are judged."""
        as_text = self.world.limits.push_ids_as_strings
        envelope: dict[str, Any] = {
            "code": kind if as_text else int(kind),
            "timestamp": int(self.world.clock.request_now()),
        }
        if shop_id is not None:
            envelope["shop_id"] = str(shop_id) if as_text else shop_id
        return json.dumps(envelope | {"data": data}, separators=(",", ":"), ensure_ascii=False)

    def app_named(self, app_id: str) -> Id | None:
        """The partner id."""
        app = self.world.apps.get(app_id)
        return app.partner_id if app else None

    def apps_of(self, shop_id: Id) -> Iterator[Id]:
        """The apps that the shop has authorized."""
        for one in self.world.authorizations:
            if one.subject == f"shop:{shop_id}" and not one.revoked:
                yield one.partner_id

    def observe(self, before: Entity | None, after: Entity) -> None:
        """Authorizations, orders and messages are pushed."""
        if len(self.endpoints) == 0:
            return
        if isinstance(after, Authorization):
            self._authorization(before if isinstance(before, Authorization) else None, after)
        elif isinstance(after, Order):
            self._order(before if isinstance(before, Order) else None, after)
        elif isinstance(after, Message) and before is None:
            self._message(after)

    def look_at_the_clock(self) -> None:
        """An authorization that ends soon is told once."""
        now = self.world.clock.now()
        for one in list(self.world.authorizations):
            starts = one.expire_time - self.world.limits.expiry_push_before_s
            if one.expiry_told or one.revoked or not starts <= now < one.expire_time:
                continue
            self.world.authorizations.put(one.model_copy(update={"expiry_told": True}))
            shop_id = shop_of(one)
            if shop_id is not None:
                data = push_bodies.authorization_expiring(shop_id, one.expire_time)
                self.push_to(one.partner_id, push_bodies.AUTHORIZATION_EXPIRING, shop_id, data)

    def _key(self, app: App) -> str:
        by_push_key = self.world.limits.push_signed_with == "push_key"
        return app.push_key or app.partner_key if by_push_key else app.partner_key

    def _authorization(self, before: Authorization | None, after: Authorization) -> None:
        was_good = before is not None and not before.revoked
        is_new = before is None or before.auth_time != after.auth_time
        shop_id = shop_of(after)
        if shop_id is None:
            return
        if after.revoked and was_good:
            code = push_bodies.DEAUTHORIZED
        elif not after.revoked and (is_new or not was_good):
            code = push_bodies.AUTHORIZED
        else:
            return
        self.push_to(after.partner_id, code, shop_id, push_bodies.authorization())

    def _order(self, before: Order | None, after: Order) -> None:
        if before is None or before.order_status != after.order_status:
            data = push_bodies.order_status(after)
            self.push(push_bodies.ORDER_STATUS, after.shop_id, data)
        earlier = before.packages if before else []
        known = {one.package_number: one.tracking_number for one in earlier}
        for package in after.packages:
            number = package.tracking_number
            if number and known.get(package.package_number) != number:
                data = push_bodies.tracking_number(after, package)
                self.push(push_bodies.TRACKING_NUMBER, after.shop_id, data)

    def _message(self, message: Message) -> None:
        if message.by == "shop" and not self.world.limits.push_shop_messages:
            return
        shop, buyer = self.world.shops.get(message.shop_id), self.world.buyers.get(message.buyer_id)
        if shop is None or buyer is None:
            return
        shown = content(self.world, self.world.address, message)
        data = push_bodies.webchat(message, shown, shop, buyer)
        for app_id in self.apps_of(shop.shop_id):
            app = self.world.apps.get(app_id)
            if app is not None and app.may_chat:
                self.push_to(app_id, WEBCHAT, shop.shop_id, data)


def shop_of(authorization: Authorization) -> int | None:
    """The shop that is authorized, None when it is a merchant."""
    kind, _, digits = authorization.subject.partition(":")
    return int(digits) if kind == "shop" else None
