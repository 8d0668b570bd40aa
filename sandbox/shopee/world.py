"""All that the marketplace knows."""

from typing import Any

from sandbox.clock import Clock
from sandbox.market.entities import Id
from sandbox.market.world import MarketWorld
from sandbox.shopee.entities import (
    AccessToken,
    App,
    AuthCode,
    Authorization,
    Buyer,
    Conversation,
    MainAccount,
    Merchant,
    Message,
    Order,
    RefreshToken,
    Shop,
)
from sandbox.shopee.limits import Limits
from sandbox.store import DocumentStore

# Above 2**53, as the real ids are: a client that reads them as floating point must fail here.
FIRST_CONVERSATION_ID = 960_000_000_000_000_001
FIRST_MESSAGE_ID = 2_300_000_000_000_000_001
# Where people write from, unless it is said.
WRITTEN_FROM = {"buyer": "android", "shop": "new_webchat"}


class World(MarketWorld[Shop, Buyer, Order, Conversation, Message, Limits]):
    """Shopee's state."""

    shop_model = Shop
    buyer_model = Buyer
    order_model = Order
    conversation_model = Conversation
    message_model = Message
    limits_model = Limits

    def __init__(self, store: DocumentStore, clock: Clock | None = None) -> None:
        super().__init__(store, clock)
        self.apps = self.keep(App)
        self.merchants = self.keep(Merchant)
        self.main_accounts = self.keep(MainAccount)
        self.authorizations = self.keep(Authorization)
        self.codes = self.keep(AuthCode)
        self.access_tokens = self.keep(AccessToken)
        self.refresh_tokens = self.keep(RefreshToken)

    def new_conversation(self, shop_id: Id, buyer_id: Id) -> Conversation:
        """A conversation with the next id."""
        conversation_id = FIRST_CONVERSATION_ID + len(self.conversations)
        return Conversation(
            conversation_id=conversation_id, shop_id=int(shop_id), buyer_id=int(buyer_id)
        )

    def new_message(
        self, conversation: Conversation, *, about_order_sn: str | None = None, **fields: Any
    ) -> Message:
        """A message with the next id."""
        if about_order_sn:
            fields["source_content"] = {"order_sn": about_order_sn}
        fields.setdefault("source", WRITTEN_FROM[fields["by"]])
        return Message(
            message_id=FIRST_MESSAGE_ID + len(self.messages),
            conversation_id=conversation.conversation_id,
            shop_id=conversation.shop_id,
            buyer_id=conversation.buyer_id,
            **fields,
        )
