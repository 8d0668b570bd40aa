"""A TCP relay between the table and the broker, so that the table's network can be cut."""

import contextlib
import socket
import struct
import threading

HOST = "127.0.0.1"
_CHUNK_BYTES = 65_536
_CONNECT_S = 5.0
# Closing then resets the connection, as a pulled cable shows itself in the end.
_RESET = struct.pack("ii", 1, 0)


class Relay:
    """Passes bytes between whoever connects to ``port`` and the target, until it is cut.

    A socket that never listens holds the port while the network is cut, so that connections are
    refused and nobody else can take it.
    """

    def __init__(self, target_port: int) -> None:
        self._target_port = target_port
        self._lock = threading.Lock()
        self._ends: set[socket.socket] = set()
        self._listener: socket.socket | None = None
        self._holder = _socket()
        self._holder.bind((HOST, 0))
        self.port = int(self._holder.getsockname()[1])
        """Where the table connects to."""

    def connect(self) -> None:
        """Let connections in; does nothing if that is so already."""
        with self._lock:
            if self._listener is not None:
                return
            listener = _socket()
            listener.bind((HOST, self.port))
            listener.listen()
            self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def cut(self) -> None:
        """Refuse connections and reset those there are."""
        with self._lock:
            listener, self._listener = self._listener, None
            ends, self._ends = self._ends, set()
        if listener is not None:
            # Unlike close alone, this wakes the thread in accept.
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        for end in ends:
            _reset(end)

    def close(self) -> None:
        """Cut, and give the port back."""
        self.cut()
        self._holder.close()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:  # it was cut
                return
            # A broker that does not answer must not hold up the next one.
            threading.Thread(target=self._join, args=(listener, near), daemon=True).start()

    def _join(self, listener: socket.socket, near: socket.socket) -> None:
        try:
            far = socket.create_connection((HOST, self._target_port), _CONNECT_S)
        except OSError:
            _reset(near)
            return
        far.settimeout(None)
        with self._lock:
            is_cut = self._listener is not listener
            if not is_cut:
                self._ends |= {near, far}
        if is_cut:
            _reset(near)
            _reset(far)
            return
        for source, sink in ((near, far), (far, near)):
            threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(_CHUNK_BYTES):
                sink.sendall(data)
        except OSError:
            pass  # one end is gone, so the other has to go
        with self._lock:
            # A cut took both ends away to reset them; an orderly end must not overtake it.
            is_cut = source not in self._ends
            self._ends -= {source, sink}
        if is_cut:
            return
        for end in (source, sink):
            _end(end)


def _socket() -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return made


def _reset(end: socket.socket) -> None:
    with contextlib.suppress(OSError):  # not connected any more
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        # Wakes the thread that reads from it. Only this side: else an orderly end would go out.
        end.shutdown(socket.SHUT_RD)
    end.close()


def _end(end: socket.socket) -> None:
    with contextlib.suppress(OSError):  # not connected any more
        end.shutdown(socket.SHUT_RDWR)
    end.close()
