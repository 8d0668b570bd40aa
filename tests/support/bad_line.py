"""A line between a table and its broker that is slow, loses, breaks, or goes silent."""

import contextlib
import socket
import struct
import threading
from random import Random

_RESET = struct.pack("ii", 1, 0)
_CHUNK_BYTES = 4096


class BadLine:
    """Passes bytes on to a port of this computer, from ``with`` on. Change the fields at any time.

    TCP repeats what a network loses, so that loss shows itself as waiting, and as a reset when it
    lasts: ``loss`` is the chance of each piece to wait ``repeat_s`` more, and of one in ten of
    those to be the end of its connection.
    """

    def __init__(self, target_port: int, seed: int = 0) -> None:
        self._target_port = target_port
        self._chance = Random(seed)
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._ends: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._silent_to = 0
        self.delay_s = 0.0
        self.loss = 0.0
        self.repeat_s = 0.0
        self.connections = 0
        """How often somebody connected."""
        self.swallowed_bytes = 0
        self.broken = 0
        """Connections ended by loss."""

    def __enter__(self) -> "BadLine":
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for sock in (self._listener, *self._ends):
            _shut(sock)
        for thread in self._threads:
            thread.join(10)
        for sock in (self._listener, *self._ends):
            sock.close()

    def fall_silent(self) -> None:
        """From now on nothing passes over the connections that there are; new ones are good."""
        with self._lock:
            self._silent_to = self.connections

    def _start(self, work: object, *args: object) -> None:
        thread = threading.Thread(target=work, args=args)  # type: ignore[arg-type]  # always callable
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # shut down
            while True:
                near, _ = self._listener.accept()
                self.connections += 1
                self._join(near, self.connections)

    def _join(self, near: socket.socket, number: int) -> None:
        self._ends.append(near)
        try:
            far = socket.create_connection(("127.0.0.1", self._target_port), 5)
        except OSError:
            _reset(near)
            return
        far.settimeout(None)
        self._ends.append(far)
        for source, sink in ((near, far), (far, near)):
            self._start(self._pump, source, sink, number)

    def _pump(self, source: socket.socket, sink: socket.socket, number: int) -> None:
        with contextlib.suppress(OSError):  # either side has ended it
            while (data := source.recv(_CHUNK_BYTES)) and self._passes():
                if number <= self._silent_to:
                    self.swallowed_bytes += len(data)
                else:
                    sink.sendall(data)
        for end in (source, sink):
            if number > self._silent_to:
                _shut(end)

    def _passes(self) -> bool:
        """Wait as long as the line takes; False if it broke."""
        with self._lock:
            is_lost = self._chance.random() < self.loss
            is_broken = is_lost and self._chance.random() < 0.1
            self.broken += is_broken
        self._ended.wait(self.delay_s + (self.repeat_s if is_lost else 0.0))
        return not is_broken


def _shut(end: socket.socket) -> None:
    with contextlib.suppress(OSError):  # not connected any more
        end.shutdown(socket.SHUT_RDWR)


def _reset(end: socket.socket) -> None:
    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    end.close()
