"""The way to the cloud: its proxy, each address of the broker, and whether the cloud knows us."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from edge.doctor.finding import Finding, fine, wrong
from edge.doctor.table import Table
from edge.settings import TableSettings
from edge.settings.handed_on import with_overrides
from edge.uplink.credentials import Credentials
from edge.uplink.enrolment import renew
from edge.uplink.errors import (
    ClockBehind,
    CredentialsRefused,
    ProxyRefused,
    ServerUnreachable,
    UplinkError,
)
from edge.uplink.https import Server
from edge.uplink.proxy import Proxy
from edge.uplink.reaching import reach
from edge.uplink.ways import Way, ways_to

_CONNECT_S = 5.0
_NETWORK = "check network, name resolution and firewall; the table needs this address"
_PROXY = "check uplink.proxy and its credentials with whoever runs the proxy"


@dataclass(frozen=True, slots=True)
class _Look:
    way: Way
    problem: ServerUnreachable | None


def check(table: Table) -> Iterator[Finding]:
    """Whether each way to the broker is open, with TLS where it is used; nobody logs in there."""
    who = table.credentials
    if who is None:
        return  # a table learns its broker when it is enrolled
    try:
        proxy = proxy_of(table.settings)
    except ProxyRefused as error:
        yield wrong("proxy", str(error), to_do=_PROXY)
        return
    broker = with_overrides(who, table.settings).broker
    yield from _of_ways([_look(way, proxy, table.settings) for way in ways_to(broker)])
    yield from _known(table.settings, who, proxy)


def proxy_of(settings: TableSettings) -> Proxy | None:
    """The proxy of the settings. Raises ProxyRefused."""
    uplink = settings.uplink
    return Proxy.read(uplink.proxy, uplink.proxy_credentials_file) if uplink.proxy else None


def _look(way: Way, proxy: Proxy | None, settings: TableSettings) -> _Look:
    try:
        reach(way, proxy, settings.uplink.ca_file, _CONNECT_S)
    except ServerUnreachable as error:
        return _Look(way, error)
    return _Look(way, None)


def _of_ways(looks: Sequence[_Look]) -> Iterator[Finding]:
    """A kind of way that is blocked is no fault where the other one is open."""
    open_kinds = {look.way.transport for look in looks if look.problem is None}
    for look in looks:
        if look.problem is None:
            yield fine("broker", f"{look.way} answers")
        elif open_kinds - {look.way.transport}:
            yield fine("broker", f"{look.way} is closed ({look.problem}); another way is open")
        else:
            to_do = _PROXY if isinstance(look.problem, ProxyRefused) else _NETWORK
            yield wrong("broker", f"cannot be reached: {look.problem}", to_do=to_do)


def _known(settings: TableSettings, who: Credentials, proxy: Proxy | None) -> Iterator[Finding]:
    """Ask the cloud itself, without changing anything."""
    url = who.server_url or settings.enrolment.server_url
    if not url or who.next_password is not None:
        return  # an older enrolment; or a renewal is under way, and the daemon ends it
    try:
        told = renew(Server.at(url, ca_file=settings.uplink.ca_file, proxy=proxy), who)
    except CredentialsRefused as error:
        to_do = "scan a new claim sheet at the table, or run packwitness-edge enroll"
        yield wrong("credentials", f"{url}: {error}", to_do=to_do)
    except ClockBehind as error:
        yield wrong("credentials", str(error), to_do="set the site's time server, or wait for it")
    except UplinkError as error:
        yield wrong("credentials", f"the cloud cannot be asked: {error}", to_do=_NETWORK)
    else:
        yield fine("credentials", f"{url} knows this table as {told.table_name}")
