"""Turns all tables in one thread: one epoll, and one heap of the times when they want a turn."""

import heapq
import select
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from time import monotonic

from tests.load.table import LoadTable

_LONGEST_WAIT_S = 0.2
_MOST_EVENTS = 500
_DUE_IN_A_ROW = 200


@dataclass(slots=True)
class _Place:
    """A table, and how the epoll and the heap know it."""

    table: LoadTable
    descriptor: int | None = None
    connection: object = None
    mask: int = 0
    due_at: float = float("inf")


class Fleet:
    """All played tables. ``late_s`` says whether this thread keeps up with what it plays."""

    def __init__(self) -> None:
        self.tables: list[LoadTable] = []
        self.late_s: list[float] = []
        """How much later than due each turn came."""
        self._places: dict[int, _Place] = {}
        self._due: list[tuple[float, int, _Place]] = []
        self._numbers = count()
        self._epoll = select.epoll()

    def add(self, table: LoadTable) -> None:
        """Turn this one too, from now on."""
        self.tables.append(table)
        self._arrange(_Place(table))

    def run_until(self, is_over: Callable[[float], bool]) -> None:
        """Turn until that is so; it is asked with the monotonic time, a few times a second."""
        asked_s = 0.0
        while True:
            now = monotonic()
            if now - asked_s >= _LONGEST_WAIT_S:
                asked_s = now
                if is_over(now):
                    return
            self._turn_ready()
            self._turn_due()

    def keep(self, number: int) -> None:
        """End all tables but the first ones."""
        for table in self.tables[number:]:
            table.stop()
        del self.tables[number:]

    def stop(self) -> None:
        """End all connections."""
        for table in self.tables:
            table.stop()
        self._epoll.close()

    def _turn_ready(self) -> None:
        wait_s = min(_LONGEST_WAIT_S, max(0.0, self._due[0][0] - monotonic())) if self._due else 0.0
        for descriptor, what in self._epoll.poll(wait_s, _MOST_EVENTS):
            place = self._places.get(descriptor)
            connection = place.table.connection if place else None
            if place is None or connection is None:
                continue
            connection.readable = bool(what & ~select.EPOLLOUT)
            connection.writable = bool(what & select.EPOLLOUT)
            self._turn(place)

    def _turn_due(self) -> None:
        for _ in range(_DUE_IN_A_ROW):
            if not self._due or self._due[0][0] > monotonic():
                return
            due_at, _, place = heapq.heappop(self._due)
            if due_at == place.due_at:  # else it has another time by now
                self.late_s.append(monotonic() - due_at)
                self._turn(place)

    def _turn(self, place: _Place) -> None:
        place.table.turn()
        self._arrange(place)

    def _arrange(self, place: _Place) -> None:
        self._watch(place)
        self._schedule(place)

    def _schedule(self, place: _Place) -> None:
        due_at = place.table.due_at
        if due_at != place.due_at:
            place.due_at = due_at
            heapq.heappush(self._due, (due_at, next(self._numbers), place))

    def _watch(self, place: _Place) -> None:
        """A closed socket leaves the epoll by itself; its number may be another table's by now."""
        connection = place.table.connection
        if connection is not place.connection:
            if place.descriptor is not None and self._places.get(place.descriptor) is place:
                del self._places[place.descriptor]
            place.connection, place.descriptor, place.mask = connection, None, 0
        if connection is None or (descriptor := connection.descriptor) is None:
            return
        mask = select.EPOLLIN | (select.EPOLLOUT if connection.wants_write else 0)
        if place.descriptor is None:
            place.descriptor = descriptor
            self._places[descriptor] = place
            self._epoll.register(descriptor, mask)
        elif mask != place.mask:
            self._epoll.modify(descriptor, mask)
        place.mask = mask
