"""The thread that reads labels: it answers by event, holds little, and nothing waits for it."""

import threading
from collections.abc import Iterator
from queue import SimpleQueue

import pytest

from edge.events import CodesRead, Event
from edge.labels.simulated import SimulatedReader
from edge.owners.labels import LabelOwner
from tests.support.manual_clock import ManualClock

_PATIENCE_S = 20.0


class SlowReader(SimulatedReader):
    """Reads when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = threading.Semaphore(0)
        self.go_on = threading.Event()

    def read(self, jpeg: bytes) -> tuple[str, ...]:
        self.begun.release()
        assert self.go_on.wait(_PATIENCE_S)
        return super().read(jpeg)


class Rig:
    def __init__(self) -> None:
        self.reader = SlowReader()
        self.posted: SimpleQueue[Event] = SimpleQueue()
        self.owner = LabelOwner(self.reader, self.posted.put, ManualClock())
        self.owner.start()

    def next(self) -> CodesRead:
        event = self.posted.get(timeout=_PATIENCE_S)
        assert isinstance(event, CodesRead)
        return event


@pytest.fixture
def rig() -> Iterator[Rig]:
    rig = Rig()
    yield rig
    rig.reader.go_on.set()
    assert rig.owner.stop(_PATIENCE_S)


def test_says_what_each_photo_shows(rig: Rig) -> None:
    rig.reader.go_on.set()
    rig.reader.tell(b"one", "A1", "A2")
    rig.reader.tell(b"three", "B1")
    for number, jpeg in enumerate([b"one", b"two", b"three"], start=1):
        rig.owner.offer(number, jpeg)
    first, second = rig.next(), rig.next()
    assert (first.capture_id, first.codes) == (1, ("A1", "A2"))
    assert (second.capture_id, second.codes) == (3, ("B1",)), "no codes are no news"


def test_a_failing_reader_stops_nothing(rig: Rig) -> None:
    rig.reader.go_on.set()
    rig.reader.tell(b"one", "A1")
    rig.reader.fail()
    rig.owner.offer(1, b"one")
    assert rig.reader.begun.acquire(timeout=_PATIENCE_S)
    rig.owner.offer(2, b"none")
    assert rig.reader.begun.acquire(timeout=_PATIENCE_S)  # the first one is over
    rig.reader.recover()
    rig.owner.offer(3, b"one")
    assert rig.next().capture_id == 3


def test_offering_never_waits_and_leaves_out_what_is_too_many(rig: Rig) -> None:
    rig.reader.tell(b"one", "A1")
    rig.owner.offer(1, b"one")
    assert rig.reader.begun.acquire(timeout=_PATIENCE_S)
    for number in range(2, 10):
        rig.owner.offer(number, b"one")
    rig.reader.go_on.set()
    assert [rig.next().capture_id for _ in range(4)] == [1, 2, 3, 4]
    rig.owner.offer(10, b"one")
    assert rig.next().capture_id == 10


def test_stopping_leaves_the_rest_unread(rig: Rig) -> None:
    rig.reader.tell(b"one", "A1")
    rig.owner.offer(1, b"one")
    assert rig.reader.begun.acquire(timeout=_PATIENCE_S)
    for number in (2, 3, 4):
        rig.owner.offer(number, b"one")
    assert not rig.owner.stop(0.0), "it waits for no picture longer than it may"
    rig.reader.go_on.set()
    assert rig.owner.stop(_PATIENCE_S)
    assert rig.next().capture_id == 1
    assert rig.posted.empty()
