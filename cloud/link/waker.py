"""Wakes a thread that waits in ``poll`` for sockets."""

import contextlib
import socket


class Waker:
    """``wake`` makes ``fileno`` readable until ``clear``. Any thread may wake."""

    def __init__(self) -> None:
        self._read, self._write = socket.socketpair()
        self._read.setblocking(False)
        self._write.setblocking(False)

    def fileno(self) -> int:
        """What to wait for."""
        return self._read.fileno()

    def wake(self) -> None:
        """Make it readable; once is enough, so a full socket is as good."""
        with contextlib.suppress(OSError):  # closed: nobody waits any more
            self._write.send(b"\0")

    def clear(self) -> None:
        """Forget all calls of ``wake`` so far."""
        with contextlib.suppress(BlockingIOError):
            while self._read.recv(4096):
                pass

    def close(self) -> None:
        """Give the sockets back."""
        self._read.close()
        self._write.close()
