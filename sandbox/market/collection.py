"""Entities of one kind, in memory for reading."""

from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from sandbox.market.entities import Conversation, Entity, Id, Message
from sandbox.store import Change, DocumentStore

E = TypeVar("E", bound=Entity)
ConversationT = TypeVar("ConversationT", bound=Conversation)
MessageT = TypeVar("MessageT", bound=Message)
Watcher = Callable[[Entity | None, Entity], None]


class Journal:
    """What was put since the last commit, and who wants to know of it at once.

    A watcher is told what was there before (None: nothing) and what is there now. What it puts
    itself becomes durable together with what it was told of.
    """

    def __init__(self) -> None:
        self.changes: list[Change] = []
        self.watchers: list[Watcher] = []

    def put(self, before: Entity | None, after: Entity) -> None:
        """Note an addition or a change."""
        self.changes.append(Change(after.kind, after.key, after.model_dump_json()))
        for watcher in self.watchers:
            watcher(before, after)

    def removed(self, entity: Entity) -> None:
        """Note a removal; nobody is told."""
        self.changes.append(Change(entity.kind, entity.key, None))


class Collection(Generic[E]):
    """All entities of one kind. `put` is seen at once and durable with the world's next commit."""

    def __init__(self, model: type[E], journal: Journal) -> None:
        self._model = model
        self._journal = journal
        self._entities: dict[str, E] = {}

    def get(self, key: Id) -> E | None:
        """The entity with this key, or None."""
        return self._entities.get(str(key))

    def __iter__(self) -> Iterator[E]:
        return iter(self._entities.values())

    def __len__(self) -> int:
        return len(self._entities)

    def put(self, entity: E) -> E:
        """Add or replace an entity."""
        before = self._entities.get(entity.key)
        self._remember(entity)
        self._journal.put(before, entity)
        return entity

    def remove(self, entity: E) -> None:
        """Take an entity out."""
        del self._entities[entity.key]
        self._journal.removed(entity)

    def load(self, store: DocumentStore) -> None:
        """Replace all by what the store holds."""
        self._entities.clear()
        for _, body in store.documents(self._model.kind):
            self._remember(self._model.model_validate_json(body))

    def _remember(self, entity: E) -> None:
        self._entities[entity.key] = entity


class Messages(Collection[MessageT]):
    """The messages, also by conversation."""

    def __init__(self, model: type[MessageT], journal: Journal) -> None:
        super().__init__(model, journal)
        self._keys: dict[str, list[str]] = {}

    def of(self, conversation_id: Id) -> list[MessageT]:
        """The messages of a conversation, oldest first."""
        return [self._entities[key] for key in self._keys.get(str(conversation_id), [])]

    def load(self, store: DocumentStore) -> None:
        """Replace all by what the store holds."""
        self._keys.clear()
        super().load(store)
        for keys in self._keys.values():
            # Times in a conversation only grow (chatlog.append); ids need not.
            keys.sort(key=lambda key: self._entities[key].created_ns)

    def _remember(self, entity: MessageT) -> None:
        if entity.key not in self._entities:
            self._keys.setdefault(str(entity.conversation_id), []).append(entity.key)
        super()._remember(entity)


class Conversations(Collection[ConversationT]):
    """The conversations, also by shop and buyer."""

    def __init__(self, model: type[ConversationT], journal: Journal) -> None:
        super().__init__(model, journal)
        self._keys: dict[tuple[str, str], str] = {}

    def between(self, shop_id: Id, buyer_id: Id) -> ConversationT | None:
        """The chat of this shop and buyer, if there is one."""
        key = self._keys.get((str(shop_id), str(buyer_id)))
        return None if key is None else self._entities[key]

    def load(self, store: DocumentStore) -> None:
        """Replace all by what the store holds."""
        self._keys.clear()
        super().load(store)

    def _remember(self, entity: ConversationT) -> None:
        self._keys[str(entity.shop_id), str(entity.buyer_id)] = entity.key
        super()._remember(entity)
