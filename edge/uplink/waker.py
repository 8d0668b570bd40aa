"""Ends a wait on sockets from another thread."""

import contextlib
import os
import threading


class Waker:
    """A pipe that a ``select`` can watch. ``wake`` may be called from any thread, also late."""

    def __init__(self) -> None:
        self._read_fd, self._write_fd = os.pipe()
        os.set_blocking(self._read_fd, False)
        os.set_blocking(self._write_fd, False)
        self._lock = threading.Lock()
        self._closed = False

    def fileno(self) -> int:
        """The end that becomes readable."""
        return self._read_fd

    def wake(self) -> None:
        """Make the next or present wait end. Never blocks; does nothing after ``close``."""
        # the lock keeps a late call from writing into a descriptor that is somebody else's by now;
        # a full pipe has enough bytes in it to wake anybody
        with self._lock, contextlib.suppress(BlockingIOError):
            if not self._closed:
                os.write(self._write_fd, b"!")

    def clear(self) -> None:
        """Forget the calls so far."""
        with contextlib.suppress(BlockingIOError):
            while os.read(self._read_fd, 4096):
                pass

    def close(self) -> None:
        """Give the descriptors back."""
        with self._lock:
            self._closed = True
            os.close(self._read_fd)
            os.close(self._write_fd)
