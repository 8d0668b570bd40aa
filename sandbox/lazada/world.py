"""All that the marketplace knows."""

from typing import Any

from sandbox.clock import Clock
from sandbox.lazada.entities import (
    AccessToken,
    App,
    AuthCode,
    Authorization,
    Buyer,
    Conversation,
    ListRead,
    Message,
    Order,
    RefreshToken,
    Shop,
)
from sandbox.lazada.limits import Limits
from sandbox.market.entities import Id
from sandbox.market.world import MarketWorld
from sandbox.store import DocumentStore

FIRST_MESSAGE_ID = 2_300_000_000_000_000_001
# The last part of the documented samples of session ids; what it means is not stated.
SESSION_SITE = 103


class World(MarketWorld[Shop, Buyer, Order, Conversation, Message, Limits]):
    """Lazada's state."""

    shop_model = Shop
    buyer_model = Buyer
    order_model = Order
    conversation_model = Conversation
    message_model = Message
    limits_model = Limits

    def __init__(self, store: DocumentStore, clock: Clock | None = None) -> None:
        super().__init__(store, clock)
        self.apps = self.keep(App)
        self.authorizations = self.keep(Authorization)
        self.codes = self.keep(AuthCode)
        self.access_tokens = self.keep(AccessToken)
        self.refresh_tokens = self.keep(RefreshToken)
        self.list_reads = self.keep(ListRead)

    def new_conversation(self, shop_id: Id, buyer_id: Id) -> Conversation:
        """A session with an id of the documented form."""
        return Conversation(
            conversation_id=f"{shop_id}_2_{buyer_id}_1_{SESSION_SITE}",
            shop_id=str(shop_id),
            buyer_id=str(buyer_id),
        )

    def new_message(
        self, conversation: Conversation, *, about_order_sn: str | None = None, **fields: Any
    ) -> Message:
        """A message with the next id. Lazada's messages are about no order besides its card."""
        del about_order_sn
        fields.setdefault("source", "api" if fields.get("by") == "shop" else "app")
        return Message(
            message_id=str(FIRST_MESSAGE_ID + len(self.messages)),
            conversation_id=conversation.conversation_id,
            shop_id=conversation.shop_id,
            buyer_id=conversation.buyer_id,
            **fields,
        )

    def shops_of(self, account: str) -> list[Shop]:
        """The shops of a seller's account, by country."""
        found = [shop for shop in self.shops if shop.account_name == account]
        return sorted(found, key=lambda shop: shop.region)
