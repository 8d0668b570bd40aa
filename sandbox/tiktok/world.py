"""All that the marketplace knows."""

from typing import Any

from sandbox.clock import Clock
from sandbox.market.entities import Id
from sandbox.market.world import MarketWorld
from sandbox.store import DocumentStore
from sandbox.tiktok.entities import (
    AccessToken,
    App,
    AuthCode,
    Authorization,
    Buyer,
    Conversation,
    Message,
    Order,
    RefreshToken,
    Seller,
    Shop,
)
from sandbox.tiktok.limits import Limits
from sandbox.tiktok.quota import DailyQuota

# Above 2**53, as the real ids are: a client that reads them as floating point must fail here.
FIRST_CONVERSATION_ID = 7_490_000_000_000_000_001
FIRST_MESSAGE_ID = 7_500_000_000_000_000_001
WRITTEN_FROM = {"buyer": "app", "shop": "seller_center"}


class World(MarketWorld[Shop, Buyer, Order, Conversation, Message, Limits]):
    """TikTok Shop's state."""

    shop_model = Shop
    buyer_model = Buyer
    order_model = Order
    conversation_model = Conversation
    message_model = Message
    limits_model = Limits

    def __init__(self, store: DocumentStore, clock: Clock | None = None) -> None:
        self.quota = DailyQuota()
        super().__init__(store, clock)
        self.apps = self.keep(App)
        self.sellers = self.keep(Seller)
        self.authorizations = self.keep(Authorization)
        self.codes = self.keep(AuthCode)
        self.access_tokens = self.keep(AccessToken)
        self.refresh_tokens = self.keep(RefreshToken)

    def clear(self) -> None:
        """Forget everything, the day's calls too."""
        super().clear()
        self.quota = DailyQuota()

    def shops_of(self, seller_id: str) -> list[Shop]:
        """The seller's shops."""
        mine = (shop for shop in self.shops if shop.seller_id == seller_id)
        return sorted(mine, key=lambda shop: shop.shop_id)

    def new_conversation(self, shop_id: Id, buyer_id: Id) -> Conversation:
        """A conversation with the next id, open from now on."""
        now = self.clock.now()
        return Conversation(
            conversation_id=str(FIRST_CONVERSATION_ID + len(self.conversations)),
            shop_id=str(shop_id),
            buyer_id=str(buyer_id),
            create_time=now,
            opened_at=now,
        )

    def new_message(self, conversation: Conversation, **fields: Any) -> Message:
        """A message with the next id."""
        fields.setdefault("source", WRITTEN_FROM[fields["by"]])
        return Message(
            message_id=str(FIRST_MESSAGE_ID + len(self.messages)),
            conversation_id=conversation.conversation_id,
            shop_id=conversation.shop_id,
            buyer_id=conversation.buyer_id,
            **fields,
        )
