"""The cloud's connection to the broker: one thread owns the line, brings it back, and keeps order.

Nothing is kept for a broker that is away: tables ask again for what they need.
"""

import logging
import queue
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable

from cloud import metrics
from cloud.link.errors import LineLost
from cloud.link.mqtt import Incoming, Line
from cloud.link.settings import LinkSettings
from cloud.link.waker import Waker

logger = logging.getLogger(__name__)

_MOST_WAITING = 2000
_LONGEST_TURN_S = 5.0
_READY_DEADLINE_S = 10.0
_STOP_DEADLINE_S = 5.0
_RECONNECT_FIRST_S, _RECONNECT_LONGEST_S = 0.25, 0.5
"""Not longer: whatever tables say that are back before us, they have to say again."""


class CloudConnection:
    """Receives what tables publish into ``inbox`` and publishes answers.

    Every message out of ``inbox`` is given back once, by ``acknowledge``. Until then it counts as
    in work, and what is in work is bounded here. The Receive Maximum alone does not do it:
    mosquitto 2.0.11 hands over more as soon as acknowledgements come (measured), it says nothing
    about QoS 0, and a lost line leaves work behind. So what has no acknowledgement is dropped
    beyond the bound, and beyond twice the bound nothing is read until work is done.
    """

    def __init__(
        self,
        settings: LinkSettings,
        on_death: Callable[[BaseException], None],
        on_connected: Callable[[], None] = lambda: None,
    ) -> None:
        """``on_connected`` is called in the thread that owns the line; ``follow`` may be next."""
        self._settings = settings
        self._on_death = on_death
        self._on_connected = on_connected
        self.inbox: queue.SimpleQueue[Incoming | None] = queue.SimpleQueue()
        self._lines = 0
        self._first_node = secrets.randbelow(settings.node_count)
        self._said: deque[str] = deque(maxlen=settings.node_count)
        self._connected = threading.Event()
        self._hears = threading.Event()
        self._wanted: frozenset[int] | None = None
        self._stopping = threading.Event()
        self._waker = Waker()
        self._lock = threading.Lock()
        self._in_work = 0
        self._overfull = False
        self._outgoing: deque[tuple[str, bytes]] = deque()
        self._done: deque[Incoming] = deque()
        self._thread = threading.Thread(target=self._run, name="link-mqtt", daemon=True)

    def start(self) -> None:
        """Begin to connect; connecting goes on until ``stop``."""
        self._thread.start()

    @property
    def connected(self) -> bool:
        """Whether the broker has accepted us, and nothing says that it is gone."""
        return self._connected.is_set()

    def follow(self, partitions: frozenset[int]) -> None:
        """Hear the tables of these partitions and of no others, on this line and on later ones."""
        with self._lock:
            if partitions == self._wanted:
                return
            self._wanted = partitions
            self._hears.clear()
        self._waker.wake()

    def wait_hearing(self, timeout_s: float) -> bool:
        """Whether the broker gives us all that ``follow`` asked for, waiting for it."""
        return self._hears.wait(timeout_s)

    def alive(self) -> bool:
        """Whether the thread that owns the line turns."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """Disconnect and wake the reader of ``inbox`` with None."""
        self._stopping.set()
        self._waker.wake()
        if self._thread.ident is None:
            self._waker.close()
        else:
            self._thread.join(_STOP_DEADLINE_S)
        self.inbox.put(None)

    def publish(self, topic: str, payload: bytes) -> bool:
        """Publish soon, at QoS 1. False: there is no line, or too much waits; nothing is kept."""
        with self._lock:
            if not self._connected.is_set():
                return False
            full = len(self._outgoing) >= _MOST_WAITING
            if not full:
                self._outgoing.append((topic, payload))
        if full:
            logger.warning("the broker takes no answers; one is dropped")
            return False
        self._waker.wake()
        return True

    def acknowledge(self, message: Incoming) -> None:
        """Say that a message is dealt with, so that the broker may send another."""
        with self._lock:
            self._in_work -= 1
        if message.qos > 0:
            self._done.append(message)
        self._waker.wake()

    # --- the thread that owns the line ----------------------------------------------------------

    def _run(self) -> None:
        try:
            pause_s = _RECONNECT_FIRST_S
            while not self._stopping.is_set():
                if self._one_line():
                    pause_s = _RECONNECT_FIRST_S
                self._stopping.wait(pause_s)
                pause_s = min(_RECONNECT_LONGEST_S, pause_s * 2)
        except BaseException as error:  # noqa: BLE001  whatever ended the thread must be known
            self._on_death(error)
        finally:
            self._waker.close()

    def _one_line(self) -> bool:
        """Turn one line until it ends; whether it ever stood."""
        self._lines += 1
        stood = False
        # After each line comes the next node of a cluster; where to begin is left to chance, so
        # that several links do not all sit on one node.
        settings = self._settings.at_node(self._first_node + self._lines)
        try:
            line = Line(settings, self._lines, self._take)
            try:
                line.open()
                stood = self._wait_ready(line, settings)
                while not self._stopping.is_set():
                    self._follow_on(line)
                    self._hand_over(line)
                    line.turn(self._waker, _LONGEST_TURN_S, reading=self._has_room())
            finally:
                self._forget_answers()
                line.close()
        except LineLost as lost:
            self._say(str(lost))
        return stood

    def _wait_ready(self, line: Line, settings: LinkSettings) -> bool:
        end_s = time.monotonic() + _READY_DEADLINE_S
        while not line.ready and not self._stopping.is_set():
            left_s = end_s - time.monotonic()
            if left_s <= 0:
                raise LineLost("the broker does not answer")
            line.turn(self._waker, left_s)
        if line.ready:
            self._said.clear()
            logger.info(
                "connected to the broker", extra={"host": settings.host, "port": settings.port}
            )
            if line.shortcomings:
                logger.warning("the broker lacks something: %s", line.shortcomings)
            with self._lock:
                self._connected.set()
            metrics.BROKER_CONNECTED.set(1)
            self._on_connected()
        return line.ready

    def _follow_on(self, line: Line) -> None:
        with self._lock:
            wanted = self._wanted
        if wanted is None:
            return
        line.follow(wanted)
        with self._lock:
            if line.hears(wanted) and wanted == self._wanted:
                self._hears.set()

    def _hand_over(self, line: Line) -> None:
        while self._done:
            message = self._done.popleft()
            # One of an earlier line has no acknowledgement any more: its number is used anew.
            if message.line == self._lines:
                line.acknowledge(message.packet_id, message.qos)
        while line.room and self._outgoing:
            line.publish(*self._outgoing.popleft())

    def _forget_answers(self) -> None:
        with self._lock:
            self._connected.clear()
            self._hears.clear()
            self._outgoing.clear()
        metrics.BROKER_CONNECTED.set(0)

    def _take(self, message: Incoming) -> None:
        """Accept a message; what the broker does not hold back is dropped when too much waits."""
        with self._lock:
            full = message.qos == 0 and self._in_work >= self._settings.receive_maximum
            self._in_work += not full
        if not full:
            self._overfull = False
            self.inbox.put(message)
        elif not self._overfull:  # said once, or a flood of messages would be a flood of lines
            self._overfull = True
            logger.warning("too much is in work; passed over", extra={"topic": message.topic})

    def _has_room(self) -> bool:
        with self._lock:
            return self._in_work < 2 * self._settings.receive_maximum

    def _say(self, text: str) -> None:
        """Log a failure once, however often it repeats; each node may have its own."""
        if text not in self._said:
            self._said.append(text)
            logger.warning("%s", text)
