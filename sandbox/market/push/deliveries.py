"""The list of pushes, those that wait at hand."""

from collections.abc import Iterator

from sandbox.market.collection import Collection, Journal
from sandbox.market.entities import Id
from sandbox.market.push.entities import Delivery
from sandbox.store import DocumentStore


class Deliveries(Collection[Delivery]):
    """All pushes; `waiting` costs only what waits, however long the list is."""

    def __init__(self, model: type[Delivery], journal: Journal) -> None:
        super().__init__(model, journal)
        self._waiting: dict[int, Delivery] = {}
        self._last_id = 0

    def next_id(self) -> int:
        """An id above all earlier ones."""
        return self._last_id + 1

    def waiting(self, app_id: Id | None = None) -> list[Delivery]:
        """What is not through yet, oldest first."""
        return [
            self._waiting[push_id]
            for push_id in sorted(self._waiting)
            if app_id is None or self._waiting[push_id].app_id == app_id
        ]

    def finished_before(self, at: float) -> Iterator[Delivery]:
        """What was through before that time."""
        return (one for one in self if one.finished_at is not None and one.finished_at < at)

    def load(self, store: DocumentStore) -> None:
        """Replace all by what the store holds."""
        self._waiting.clear()
        self._last_id = 0
        super().load(store)

    def _remember(self, entity: Delivery) -> None:
        super()._remember(entity)
        self._last_id = max(self._last_id, entity.push_id)
        if entity.state == "waiting":
            self._waiting[entity.push_id] = entity
        else:
            self._waiting.pop(entity.push_id, None)
