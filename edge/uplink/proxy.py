"""The way out through an HTTP proxy: whose it is, and a tunnel by CONNECT.

paho would need PySocks for it, whose refusals cannot be told apart; this is the one method we use.
"""

import base64
import contextlib
import socket
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self
from urllib.parse import urlsplit

from edge.uplink.errors import ProxyRefused, ServerUnreachable

_MOST_ANSWER_BYTES: Final = 16 * 1024
_MOST_FILE_BYTES: Final = 1024
_OTHERS: Final = 0o007
_OK: Final = 200
AUTHENTICATION: Final = (401, 407)
"""407 it should be; tinyproxy says 401 to wrong credentials."""
_FORBIDDEN: Final = 403
_BEYOND: Final = (502, 503, 504)


@dataclass(frozen=True, slots=True)
class Proxy:
    """An HTTP proxy, and who we are there."""

    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)

    @classmethod
    def read(cls, url: str, credentials_file: Path | None) -> Self:
        """The proxy of the settings; the file is read anew each time, so that it may change.

        Raises:
            ProxyRefused: the address or the file cannot be used.
        """
        host, port = proxy_address(url)
        if credentials_file is None:
            return cls(host, port)
        user, password = _credentials(credentials_file)
        return cls(host, port, user, password)

    @property
    def url(self) -> str:
        """Its address, without credentials."""
        return f"http://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"


def proxy_address(url: str) -> tuple[str, int]:
    """Host and port of ``http://proxy.example.com:3128``.

    Raises:
        ProxyRefused: it is not such an address; it is not repeated, as it may hold a password.
    """
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
        parts = urlsplit("")
    is_bare = parts.path in {"", "/"} and not (parts.query or parts.fragment)
    if "@" in parts.netloc:
        raise ProxyRefused("uplink.proxy holds credentials: put them in a file of their own")
    if parts.scheme != "http" or not host or not port or not is_bare:
        raise ProxyRefused(
            "uplink.proxy is no address; it looks like http://proxy.example.com:3128"
        )
    return host, port


def tunnel(proxy: Proxy, host: str, port: int, timeout_s: float) -> socket.socket:
    """A socket that leads through the proxy to ``host``:``port``.

    Raises:
        ProxyRefused: the proxy will not; the text says why and what to do.
        ServerUnreachable: the proxy is not there.
    """
    where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    try:
        line = socket.create_connection((proxy.host, proxy.port), timeout=timeout_s)
    except OSError as error:
        said = error.strerror or str(error) or type(error).__name__
        raise ServerUnreachable(f"the proxy {proxy.host}:{proxy.port}: {said}") from error
    with contextlib.ExitStack() as undo:
        undo.callback(line.close)
        status = _ask(line, proxy, where, time.monotonic() + timeout_s)
        if status == _OK:
            line.settimeout(timeout_s)
            undo.pop_all()
            return line
    raise ProxyRefused(refusal(proxy, where, status))


def refusal(proxy: Proxy, where: str, status: int) -> str:
    """Why a proxy answered with this status, and what to do."""
    name = f"the proxy {proxy.host}:{proxy.port}"
    if status in AUTHENTICATION:
        if proxy.user:
            return f"{name} refuses the credentials in uplink.proxy_credentials_file ({status})"
        return f"{name} asks for credentials ({status}): set uplink.proxy_credentials_file"
    if status == _FORBIDDEN:
        return f"{name} does not let this table reach {where} (403): have CONNECT to it allowed"
    if status in _BEYOND:
        return f"{name} cannot reach {where} ({status})"
    return f"{name} does not open the way to {where} (status {status}): is it an HTTP proxy?"


def _ask(line: socket.socket, proxy: Proxy, where: str, deadline: float) -> int:
    """Say CONNECT; gives the status, 0 for what is no HTTP."""
    lines = [f"CONNECT {where} HTTP/1.1", f"Host: {where}"]
    if proxy.user:
        both = f"{proxy.user}:{proxy.password}".encode()
        lines.append(f"Proxy-Authorization: Basic {base64.b64encode(both).decode()}")
    try:
        line.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        head = _head(line, deadline)
    except OSError as error:
        said = error.strerror or str(error) or type(error).__name__
        raise ProxyRefused(
            f"the proxy {proxy.host}:{proxy.port} does not answer ({said}): is it an HTTP proxy?"
        ) from error
    words = head.split(b" ", 2)
    is_http = len(words) > 1 and words[0].startswith(b"HTTP/1.") and words[1].isdigit()
    return int(words[1][:3]) if is_http else 0


def _head(line: socket.socket, deadline: float) -> bytes:
    """The answer up to its blank line, byte by byte: what follows is not the proxy's any more."""
    head = bytearray()
    while not head.endswith(b"\r\n\r\n") and len(head) < _MOST_ANSWER_BYTES:
        left_s = deadline - time.monotonic()
        if left_s <= 0:
            raise TimeoutError("timed out")
        line.settimeout(left_s)
        byte = line.recv(1)
        if not byte:
            break
        head += byte
    return bytes(head)


def _credentials(path: Path) -> tuple[str, str]:
    try:
        with path.open("rb") as file:
            is_for_all = bool(path.stat().st_mode & _OTHERS)
            text = file.read(_MOST_FILE_BYTES).decode().strip()
    except (OSError, UnicodeDecodeError) as error:
        said = error.strerror if isinstance(error, OSError) else "is no text"
        raise ProxyRefused(f"uplink.proxy_credentials_file {path}: {said}") from None
    if is_for_all:
        raise ProxyRefused(
            f"uplink.proxy_credentials_file {path}: others may read it; chmod 640 it"
        )
    user, colon, password = text.partition(":")
    if not user or not colon or not text.isprintable():
        raise ProxyRefused(
            f"uplink.proxy_credentials_file {path}: it holds one line, user:password"
        )
    return user, password
