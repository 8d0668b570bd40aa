"""Which webhooks TikTok Shop sends, to whom, and how they are signed (marketplace-apis 3.6)."""

import json
import secrets
from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.market.entities import Contact, Entity, Id
from sandbox.market.push.outbox import Outbox
from sandbox.market.push.rules import PushRules
from sandbox.tiktok import chat_views, webhook_bodies
from sandbox.tiktok.entities import (
    CHAT_SCOPE,
    Authorization,
    Conversation,
    Message,
    Order,
)
from sandbox.tiktok.limits import DAY_S
from sandbox.tiktok.signing import webhook_signature
from sandbox.tiktok.world import World

RULES = PushRules(retry_after_s=(120, 1800, 3 * 3600, 12 * 3600))


class TikTokOutbox(Outbox[World]):
    """TikTok Shop's webhooks."""

    kinds = webhook_bodies.TYPES

    @property
    def rules(self) -> PushRules:
        """Four repetitions."""
        return RULES

    def deadline_s(self, kind: str) -> float:
        """The same for all types."""
        del kind
        return self.world.limits.webhook_deadline_s

    def headers(self, app_id: Id, url: str, body: bytes) -> dict[str, str]:
        """The signature covers the app key and the raw body, not the address."""
        del url
        app = self.world.apps.get(app_id)
        signature = webhook_signature(app.app_secret, app.app_key, body) if app else ""
        return {"Content-Type": "application/json", "Authorization": signature}

    def what_is_wrong(self, http_status: int, answer: bytes) -> str:
        """Status 200 with an empty body is a success."""
        if http_status != 200:
            return f"status {http_status}"
        return "the answer has a body" if answer else ""

    def compose(self, kind: str, shop_id: Id | None, data: Mapping[str, Any]) -> str:
        """The envelope; its time is that by which the app's own requests are judged."""
        envelope = {
            "type": int(kind),
            "tts_notification_id": str(7_320_000_000_000_000_000 + secrets.randbits(56)),
            "shop_id": str(shop_id or ""),
            "timestamp": int(self.world.clock.request_now()),
            "data": data,
        }
        return json.dumps(envelope, separators=(",", ":"), ensure_ascii=False)

    def app_named(self, app_id: str) -> Id | None:
        """The app key."""
        app = self.world.apps.get(app_id)
        return app.app_key if app else None

    def apps_of(self, shop_id: Id) -> Iterator[Id]:
        """The apps that the shop's seller has authorized."""
        for one in self._authorizations_for(shop_id):
            yield one.app_key

    def observe(self, before: Entity | None, after: Entity) -> None:
        """Authorizations, orders, returns, conversations and messages are told."""
        if len(self.endpoints) == 0:
            return
        if isinstance(after, Authorization):
            self._authorization(before if isinstance(before, Authorization) else None, after)
        elif isinstance(after, Order):
            self._order(before if isinstance(before, Order) else None, after)
        elif isinstance(after, Contact):
            self._contact(before if isinstance(before, Contact) else None, after)
        elif isinstance(after, Conversation) and before is None:
            data = webhook_bodies.new_conversation(after)
            self._chat(webhook_bodies.NEW_CONVERSATION, after.shop_id, data)
        elif isinstance(after, Message) and before is None:
            self._message(after)

    def look_at_the_clock(self) -> None:
        """From 30 days before its end, an authorization is warned of daily."""
        now = self.world.clock.now()
        today = int(now // DAY_S)
        for one in list(self.world.authorizations):
            starts = one.expire_time - self.world.limits.expiry_push_before_s
            if one.revoked or one.expiry_told_on == today or not starts <= now < one.expire_time:
                continue
            self.world.authorizations.put(one.model_copy(update={"expiry_told_on": today}))
            data = webhook_bodies.authorization_expiring(one.expire_time)
            for shop in self.world.shops_of(one.seller_id):
                kind = webhook_bodies.AUTHORIZATION_EXPIRING
                self.push_to(one.app_key, kind, shop.shop_id, data)

    def _authorization(self, before: Authorization | None, after: Authorization) -> None:
        if after.revoked and before is not None and not before.revoked:
            for shop in self.world.shops_of(after.seller_id):
                data = {"message": "The seller has deauthorized the app."}
                self.push_to(after.app_key, webhook_bodies.DEAUTHORIZED, shop.shop_id, data)

    def _order(self, before: Order | None, after: Order) -> None:
        if before is None or before.status != after.status:
            data = webhook_bodies.order_status(after)
            self.push(webhook_bodies.ORDER_STATUS, after.shop_id, data)
        known = before.packages if before else []
        for package in after.packages:
            if package not in known:
                data = webhook_bodies.package_update(after, package.package_id)
                self.push(webhook_bodies.PACKAGE_UPDATE, after.shop_id, data)

    def _contact(self, before: Contact | None, after: Contact) -> None:
        if after.return_open and not (before and before.return_open):
            data = {"buyer_user_id": str(after.buyer_id)}
            self.push(webhook_bodies.RETURN, after.shop_id, data)

    def _message(self, message: Message) -> None:
        chat = self.world.conversations.get(message.conversation_id)
        if chat is None or (message.by == "shop" and not self.world.limits.push_shop_messages):
            return
        shown = chat_views.message(self.world, self.world.address, message)
        data = webhook_bodies.new_message(shown, chat, message.created_ns)
        self._chat(webhook_bodies.NEW_MESSAGE, message.shop_id, data)

    def _chat(self, kind: str, shop_id: str, data: Mapping[str, Any]) -> None:
        """Chats are told only to apps that may chat."""
        for one in self._authorizations_for(shop_id):
            if CHAT_SCOPE in one.scopes:
                self.push_to(one.app_key, kind, shop_id, data)

    def _authorizations_for(self, shop_id: Id) -> Iterator[Authorization]:
        shop = self.world.shops.get(shop_id)
        for one in self.world.authorizations:
            if shop is not None and one.seller_id == shop.seller_id and not one.revoked:
                yield one
