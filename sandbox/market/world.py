"""All a marketplace knows, in memory for reading and in the store for keeps."""

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from sandbox.clock import Clock
from sandbox.doorbell import Doorbell
from sandbox.market.collection import Collection, Conversations, Journal, Messages, Watcher
from sandbox.market.entities import (
    Buyer,
    ClockShift,
    Contact,
    Conversation,
    Entity,
    Id,
    Limits,
    Message,
    Order,
    Picture,
    Return,
    Shop,
)
from sandbox.store import DocumentStore, PictureBytes

E = TypeVar("E", bound=Entity)
ShopT = TypeVar("ShopT", bound=Shop)
BuyerT = TypeVar("BuyerT", bound=Buyer)
OrderT = TypeVar("OrderT", bound=Order)
ConversationT = TypeVar("ConversationT", bound=Conversation)
MessageT = TypeVar("MessageT", bound=Message)
LimitsT = TypeVar("LimitsT", bound=Limits)
CollectionT = TypeVar("CollectionT", bound=Collection[Any])


class MarketWorld(ABC, Generic[ShopT, BuyerT, OrderT, ConversationT, MessageT, LimitsT]):
    """A marketplace's state. Used by one thread: the server's event loop (or a test).

    A platform's world names its models below, and keeps its further collections with `keep`.
    """

    shop_model: type[ShopT]
    buyer_model: type[BuyerT]
    order_model: type[OrderT]
    conversation_model: type[ConversationT]
    message_model: type[MessageT]
    limits_model: type[LimitsT]

    def __init__(self, store: DocumentStore, clock: Clock | None = None) -> None:
        self.store = store
        self.clock = clock or Clock()
        self.doorbell = Doorbell()
        self.address = ""
        self._journal = Journal()
        self._picture_bytes: list[PictureBytes] = []
        self._kept: list[Collection[Any]] = []
        self.shops = self.keep(self.shop_model)
        self.buyers = self.keep(self.buyer_model)
        self.orders = self.keep(self.order_model)
        self.contacts = self.keep(Contact)
        self.returns = self.keep(Return)
        self.pictures = self.keep(Picture)
        self.conversations = self.keep_in(Conversations, self.conversation_model)
        self.messages = self.keep_in(Messages, self.message_model)
        self._limits = self.keep(self.limits_model)
        self._clock_shifts = self.keep(ClockShift)
        self.reload()

    def keep(self, model: type[E]) -> Collection[E]:
        """A collection whose changes are durable with `commit`, filled from the store."""
        return self.keep_in(Collection, model)

    def keep_in(
        self, kind: Callable[[type[E], Journal], CollectionT], model: type[E]
    ) -> CollectionT:
        """The same, in a collection of a special kind."""
        collection = kind(model, self._journal)
        collection.load(self.store)
        self._kept.append(collection)
        return collection

    def watch(self, watcher: Watcher) -> None:
        """Tell of everything that is put from now on, at once and before the commit."""
        self._journal.watchers.append(watcher)

    @abstractmethod
    def new_conversation(self, shop_id: Id, buyer_id: Id) -> ConversationT:
        """A conversation with an id of its own, not put yet."""

    @abstractmethod
    def new_message(self, conversation: ConversationT, **fields: Any) -> MessageT:
        """A message with an id of its own, not put yet; ids of shop and buyer as `conversation`."""

    @property
    def limits(self) -> LimitsT:
        """The numbers to judge by."""
        return self._limits.get("") or self.limits_model()

    def set_limits(self, limits: LimitsT) -> None:
        """Judge by these numbers from now on."""
        self._limits.put(limits)

    def store_clock(self) -> None:
        """Keep the clock's shifts for the next start."""
        self._clock_shifts.put(
            ClockShift(shift_s=self.clock.shift_s, request_shift_s=self.clock.request_shift_s)
        )

    def add_picture(self, picture: Picture, body: bytes) -> None:
        """Keep a picture's bytes with its description."""
        self.pictures.put(picture)
        self._picture_bytes.append(PictureBytes(picture.picture_id, body))

    def commit(self) -> None:
        """Make everything put since the last commit durable, together.

        Raises sqlite3.Error after taking all of it back.
        """
        if not self._journal.changes:
            return
        try:
            self.store.write(self._journal.changes, self._picture_bytes)
        except sqlite3.Error:
            self.rollback()
            raise
        self._forget_pending()
        self.doorbell.ring()

    def rollback(self) -> None:
        """Take back everything put since the last commit."""
        if self._journal.changes:
            self.reload()

    def reload(self) -> None:
        """Take everything from the store."""
        self._forget_pending()
        for collection in self._kept:
            collection.load(self.store)
        shift = self._clock_shifts.get("") or ClockShift()
        self.clock.shift_s = shift.shift_s
        self.clock.request_shift_s = shift.request_shift_s

    def clear(self) -> None:
        """Forget everything."""
        self.store.clear()
        self.reload()

    def _forget_pending(self) -> None:
        self._journal.changes.clear()
        self._picture_bytes.clear()


# For shared code, which knows of a platform's entities only what market.entities says.
AnyWorld = MarketWorld[Any, Any, Any, Any, Any, Any]
