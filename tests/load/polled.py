"""The table's own MQTT connection, turned by one epoll of thousands instead of its own select.

Packets, limits and their handling are ``edge.uplink.mqtt``: on the wire it is a table. Only two
things differ, because one thread serves all: connecting does not wait, and the socket is asked when
the epoll says so.
"""

import errno
import socket

from edge.uplink.mqtt import Connection, Endpoint, Login
from edge.uplink.waker import Waker


class PolledConnection(Connection):
    """Say in ``readable`` and ``writable`` what the socket is, then ``turn``."""

    def __init__(self, endpoint: Endpoint, login: Login, *, keepalive_s: int) -> None:
        super().__init__(endpoint, login, keepalive_s=keepalive_s, timeout_s=1.0)
        self.readable = False
        self.writable = False
        self._where = (endpoint.way.host, endpoint.way.port)
        self._client._create_socket_connection = self._begin_to_connect  # type: ignore[method-assign]  # paho knows only sockets that are connected

    @property
    def descriptor(self) -> int | None:
        """The socket for the epoll; None when it is gone."""
        sock = self._client.socket()
        return None if sock is None else sock.fileno()

    @property
    def wants_write(self) -> bool:
        """Something waits for room in the socket."""
        return self._client.want_write()

    @property
    def has_events(self) -> bool:
        """``turn`` has something to say without the socket."""
        return bool(self._events)

    def _serve(self, waker: Waker, timeout_s: float) -> None:  # noqa: ARG002  the epoll has waited
        if self.readable:
            self._client.loop_read()
        if self.writable and self._client.socket() is not None:
            self._client.loop_write()
        self.readable = self.writable = False
        self._client.loop_misc()

    def _begin_to_connect(self) -> socket.socket:
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        sock.setblocking(False)
        code = sock.connect_ex(self._where)
        if code not in {0, errno.EINPROGRESS}:
            sock.close()
            raise OSError(code, "cannot connect")
        return sock
