"""All the marketplace knows, in memory for reading and in the store for keeps."""

import sqlite3
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from sandbox.clock import Clock
from sandbox.doorbell import Doorbell
from sandbox.shopee.entities import (
    AccessToken,
    App,
    AuthCode,
    Authorization,
    Buyer,
    ClockShift,
    Contact,
    Conversation,
    Entity,
    MainAccount,
    Merchant,
    Message,
    Order,
    Picture,
    RefreshToken,
    Shop,
)
from sandbox.shopee.limits import Limits
from sandbox.store import Change, DocumentStore, PictureBytes

E = TypeVar("E", bound=Entity)


class Collection(Generic[E]):
    """All entities of one kind. `put` is seen at once and durable with the next commit."""

    def __init__(self, model: type[E], record: Callable[[Change], None]) -> None:
        self._model = model
        self._record = record
        self._entities: dict[str, E] = {}

    def get(self, key: int | str) -> E | None:
        """The entity with this key, or None."""
        return self._entities.get(str(key))

    def __iter__(self) -> Iterator[E]:
        return iter(self._entities.values())

    def __len__(self) -> int:
        return len(self._entities)

    def put(self, entity: E) -> E:
        """Add or replace an entity."""
        self._remember(entity)
        self._record(Change(self._model.kind, entity.key, entity.model_dump_json()))
        return entity

    def load(self, store: DocumentStore) -> None:
        """Replace all by what the store holds."""
        self._entities.clear()
        for _, body in store.documents(self._model.kind):
            self._remember(self._model.model_validate_json(body))

    def _remember(self, entity: E) -> None:
        self._entities[entity.key] = entity


class Messages(Collection[Message]):
    """The messages, also by conversation."""

    def __init__(self, record: Callable[[Change], None]) -> None:
        super().__init__(Message, record)
        self._ids: dict[int, list[int]] = {}

    def of(self, conversation_id: int) -> list[Message]:
        """The messages of a conversation, oldest first."""
        ids = self._ids.get(conversation_id, [])
        return [self._entities[str(message_id)] for message_id in ids]

    def load(self, store: DocumentStore) -> None:
        """Replace all by what the store holds."""
        self._ids.clear()
        super().load(store)
        for ids in self._ids.values():
            ids.sort()

    def _remember(self, entity: Message) -> None:
        if entity.key not in self._entities:
            self._ids.setdefault(entity.conversation_id, []).append(entity.message_id)
        super()._remember(entity)


class Conversations(Collection[Conversation]):
    """The conversations, also by shop and buyer."""

    def __init__(self, record: Callable[[Change], None]) -> None:
        super().__init__(Conversation, record)
        self._keys: dict[tuple[int, int], str] = {}

    def between(self, shop_id: int, buyer_id: int) -> Conversation | None:
        """The chat of this shop and buyer, if there is one."""
        key = self._keys.get((shop_id, buyer_id))
        return None if key is None else self._entities[key]

    def load(self, store: DocumentStore) -> None:
        """Replace all by what the store holds."""
        self._keys.clear()
        super().load(store)

    def _remember(self, entity: Conversation) -> None:
        self._keys[entity.shop_id, entity.buyer_id] = entity.key
        super()._remember(entity)


class World:
    """The marketplace's state. Used by one thread: the server's event loop (or a test)."""

    def __init__(self, store: DocumentStore, clock: Clock | None = None) -> None:
        self.store = store
        self.clock = clock or Clock()
        self.doorbell = Doorbell()
        self._changes: list[Change] = []
        self._pictures: list[PictureBytes] = []
        record = self._changes.append
        self.apps = Collection(App, record)
        self.shops = Collection(Shop, record)
        self.merchants = Collection(Merchant, record)
        self.main_accounts = Collection(MainAccount, record)
        self.authorizations = Collection(Authorization, record)
        self.codes = Collection(AuthCode, record)
        self.access_tokens = Collection(AccessToken, record)
        self.refresh_tokens = Collection(RefreshToken, record)
        self.buyers = Collection(Buyer, record)
        self.contacts = Collection(Contact, record)
        self.orders = Collection(Order, record)
        self.conversations = Conversations(record)
        self.messages = Messages(record)
        self.pictures = Collection(Picture, record)
        self._limits = Collection(Limits, record)
        self._clock_shifts = Collection(ClockShift, record)
        self.reload()

    @property
    def limits(self) -> Limits:
        """The numbers to judge by."""
        return self._limits.get("") or Limits()

    def set_limits(self, limits: Limits) -> None:
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
        self._pictures.append(PictureBytes(picture.picture_id, body))

    def commit(self) -> None:
        """Make everything put since the last commit durable, together.

        Raises sqlite3.Error after taking all of it back.
        """
        if not self._changes:
            return
        try:
            self.store.write(self._changes, self._pictures)
        except sqlite3.Error:
            self.rollback()
            raise
        self._forget_pending()
        self.doorbell.ring()

    def rollback(self) -> None:
        """Take back everything put since the last commit."""
        if self._changes:
            self.reload()

    def reload(self) -> None:
        """Take everything from the store."""
        self._forget_pending()
        for collection in self._collections():
            collection.load(self.store)
        shift = self._clock_shifts.get("") or ClockShift()
        self.clock.shift_s = shift.shift_s
        self.clock.request_shift_s = shift.request_shift_s

    def clear(self) -> None:
        """Forget everything."""
        self.store.clear()
        self.reload()

    def _forget_pending(self) -> None:
        self._changes.clear()
        self._pictures.clear()

    def _collections(self) -> list[Collection[Entity]]:
        return [value for value in vars(self).values() if isinstance(value, Collection)]
