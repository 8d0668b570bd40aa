"""HTTP connections on which a whole request ends by a deadline.

httpx limits each read, write and connect, not their sum: a server that gives a byte now and then
keeps a request alive for ever. Here every step gets what is left of the request's time. httpcore is
the layer httpx itself is built on, and its network backend is the documented place for this.
"""

import socket
import ssl
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import httpcore
import httpx

# What SyncBackend takes; httpcore exports no name for it.
SocketOption = (
    tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]
)

_UNDELIVERED_MS = 20_000
"""What the other side's machine has not acknowledged by then, the kernel no longer sends: else a
request could arrive minutes after its deadline, or after the death of its process."""
WRITE_SLICE_BYTES = 64 * 1024

_ends_at: ContextVar[float | None] = ContextVar("request_ends_at", default=None)


@contextmanager
def request_deadline(deadline_s: float) -> Iterator[None]:
    """All network steps inside this block end within `deadline_s` seconds of its start."""
    token = _ends_at.set(time.monotonic() + deadline_s)
    try:
        yield
    finally:
        _ends_at.reset(token)


def remaining_s(step_timeout_s: float | None) -> float | None:
    """Seconds a step may take: the lesser of its own timeout and what is left; None: no limit."""
    ends_at = _ends_at.get()
    if ends_at is None:
        return step_timeout_s
    left = ends_at - time.monotonic()
    return left if step_timeout_s is None else min(left, step_timeout_s)


def _left_or_raise(
    step_timeout_s: float | None, error: type[httpcore.TimeoutException]
) -> float | None:
    left = remaining_s(step_timeout_s)
    if left is not None and left <= 0:
        raise error("the request's deadline passed")
    return left


class DeadlineStream(httpcore.NetworkStream):
    """A connection whose every step is cut to what is left of the request's time."""

    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """What has arrived. Raises httpcore.ReadTimeout once the deadline has passed."""
        return self._inner.read(max_bytes, _left_or_raise(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write in slices, so that a slow reader cannot stretch one write beyond the deadline."""
        view = memoryview(buffer)
        for start in range(0, len(view), WRITE_SLICE_BYTES):
            left = _left_or_raise(timeout, httpcore.WriteTimeout)
            self._inner.write(bytes(view[start : start + WRITE_SLICE_BYTES]), left)

    def close(self) -> None:
        """Close the connection."""
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        """The same connection over TLS. Raises httpcore.ConnectTimeout when that ends too late."""
        left = _left_or_raise(timeout, httpcore.ConnectTimeout)
        secured = DeadlineStream(self._inner.start_tls(ssl_context, server_hostname, left))
        return _open_in_time(secured)

    def get_extra_info(self, info: str) -> Any:
        """What httpcore asks of a connection, such as whether the other side has closed it."""
        return self._inner.get_extra_info(info)


def _open_in_time(stream: DeadlineStream) -> DeadlineStream:
    # Resolving a name obeys no timeout. Checked here, a late connection is still a known "not
    # sent".
    try:
        _left_or_raise(None, httpcore.ConnectTimeout)
    except httpcore.ConnectTimeout:
        stream.close()
        raise
    return stream


class DeadlineBackend(httpcore.NetworkBackend):
    """Opens connections that obey the request's deadline."""

    def __init__(self) -> None:
        self._inner = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SocketOption] | None = None,
    ) -> httpcore.NetworkStream:
        """A new connection. Raises httpcore.ConnectTimeout when it is there too late."""
        left = _left_or_raise(timeout, httpcore.ConnectTimeout)
        stream = self._inner.connect_tcp(host, port, left, local_address, socket_options)
        return _open_in_time(DeadlineStream(stream))


class DeadlineTransport(httpx.BaseTransport):
    """httpx over one small pool of such connections; used by one thread."""

    def __init__(self, tls: ssl.SSLContext, *, max_connections: int = 8) -> None:
        # No retries: a request is written once, and the caller decides about a second time.
        self._pool = httpcore.ConnectionPool(
            ssl_context=tls,
            max_connections=max_connections,
            keepalive_expiry=5.0,
            retries=0,
            socket_options=[(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNDELIVERED_MS)],
            network_backend=DeadlineBackend(),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request. Raises httpx's own exceptions, as its default transport does."""
        url = request.url
        inner = httpcore.Request(
            method=request.method,
            url=httpcore.URL(
                scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
            ),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        with _httpx_exceptions():
            response = self._pool.handle_request(inner)
        return httpx.Response(
            status_code=response.status,
            headers=response.headers,
            stream=_Body(response),
            extensions=response.extensions,
        )

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()


class _Body(httpx.SyncByteStream):
    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        with _httpx_exceptions():
            yield from self._response.iter_stream()

    def close(self) -> None:
        self._response.close()


@contextmanager
def _httpx_exceptions() -> Iterator[None]:
    try:
        yield
    except (
        httpcore.TimeoutException,
        httpcore.NetworkError,
        httpcore.ProtocolError,
        httpcore.UnsupportedProtocol,
    ) as exc:
        # The leaves have the same names in both packages (httpx's default transport maps them
        # alike).
        raise getattr(httpx, type(exc).__name__)(str(exc)) from exc
