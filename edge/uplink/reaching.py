"""A look whether a way to the broker is open, for people who set up a network. Nobody logs in."""

import contextlib
import socket
from pathlib import Path

from edge.uplink.proxy import Proxy, tunnel
from edge.uplink.tls import tls_context, unreachable
from edge.uplink.ways import Way


def reach(way: Way, proxy: Proxy | None, ca_file: Path | None, timeout_s: float) -> None:
    """Connect, with TLS where it is used, and hang up.

    Raises:
        ServerUnreachable: the text says why, in the words that the running table uses.
    """
    with contextlib.ExitStack() as stack:
        try:
            line = stack.enter_context(
                tunnel(proxy, way.host, way.port, timeout_s)
                if proxy is not None
                else socket.create_connection((way.host, way.port), timeout_s)
            )
            if way.tls:
                context = tls_context(ca_file)
                stack.enter_context(context.wrap_socket(line, server_hostname=way.host))
        except (OSError, ValueError) as error:  # ValueError: a host name that cannot be one
            raise unreachable(str(way), error) from error
