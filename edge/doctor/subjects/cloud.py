"""The way to the cloud: each address of the broker."""

import socket
import ssl
from collections.abc import Iterator

from edge.doctor.finding import Finding, fine, wrong
from edge.doctor.table import Table
from edge.settings import TableSettings
from edge.settings.handed_on import with_overrides
from wire.enrolment import BrokerNode

_CONNECT_S = 5.0


def check(table: Table) -> Iterator[Finding]:
    """Whether each address answers, with TLS where it is used. Nobody logs in."""
    if table.credentials is None:
        return  # a table learns its broker when it is enrolled
    broker = with_overrides(table.credentials, table.settings).broker
    for node in broker.nodes:
        yield _answers(table.settings, node, tls=broker.tls)


def _answers(settings: TableSettings, node: BrokerNode, *, tls: bool) -> Finding:
    address = f"{node.host}:{node.port}"
    try:
        with socket.create_connection((node.host, node.port), _CONNECT_S) as line:
            if tls:
                context = ssl.create_default_context(cafile=settings.uplink.ca_file)
                context.wrap_socket(line, server_hostname=node.host).close()
    except OSError as error:
        to_do = "check network, name resolution and firewall; the table needs this address"
        return wrong("broker", f"{address} cannot be reached: {error}", to_do=to_do)
    return fine("broker", f"{address} answers")
