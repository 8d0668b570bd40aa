"""A line to an address as the uplink makes it: through the proxy, trusting whom it trusts."""

import socket
import ssl
import time
from dataclasses import dataclass

from edge.settings import TableSettings
from edge.uplink.errors import ServerUnreachable
from edge.uplink.proxy import Proxy, tunnel
from edge.uplink.tls import tls_context, unreachable

_CONNECT_S = 5.0
_DAY_S = 86400.0


@dataclass(frozen=True, slots=True)
class Trust:
    """What a TLS connection was made with."""

    version: str
    days_left: float
    """Until the server's certificate ends, by this table's clock."""


def line_to(
    settings: TableSettings, host: str, port: int, *, tls: bool, direct: bool = False
) -> socket.socket:
    """A connected socket, spoken to with TLS where that is asked for; ``direct``: without a proxy.

    Raises:
        ServerUnreachable: there is none; the text says why.
        ProxyRefused: the proxy will not.
    """
    where = f"{host}:{port}"
    uplink, proxy = settings.uplink, None
    if uplink.proxy and not direct:
        proxy = Proxy.read(uplink.proxy, uplink.proxy_credentials_file)
    try:
        if proxy is not None:
            line = tunnel(proxy, host, port, _CONNECT_S)
        else:
            line = socket.create_connection((host, port), _CONNECT_S)
    except OSError as error:
        raise unreachable(where, error) from error
    if not tls:
        return line
    try:
        return tls_context(uplink.ca_file).wrap_socket(line, server_hostname=host)
    except (OSError, ValueError) as error:
        line.close()
        raise unreachable(where, error) from error
    except ServerUnreachable:
        line.close()
        raise


def trust_of(line: socket.socket) -> Trust | None:
    """None for a line without TLS."""
    if not isinstance(line, ssl.SSLSocket):
        return None
    ends = (line.getpeercert() or {}).get("notAfter")
    ends_s = ssl.cert_time_to_seconds(ends) if isinstance(ends, str) else time.time()
    return Trust(line.version() or "TLS", (ends_s - time.time()) / _DAY_S)
