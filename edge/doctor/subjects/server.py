"""The cloud's pages, and how far this table's clock is from theirs."""

import http.client
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from edge.doctor.finding import Finding, fine, wrong
from edge.doctor.table import Table
from edge.doctor.way import Trust, line_to, trust_of
from edge.settings import TableSettings
from edge.uplink.errors import UplinkError

SUBJECT = "server"
OFFSET = "clock offset"
_MOST_OFF_S = 30.0
_FEWEST_DAYS = 7.0
_PORTS = {"http": 80, "https": 443}


def check(table: Table) -> Iterator[Finding]:
    """Ask for nothing but an answer's head; its date tells the time there."""
    mine = table.credentials
    url = (mine.server_url if mine is not None else "") or table.settings.enrolment.server_url
    if not url:
        yield fine(
            SUBJECT, "not known yet: it is told at the enrolment, or by enrolment.server_url"
        )
        return
    try:
        date, trust = _asked(table.settings, url)
    except (UplinkError, OSError, http.client.HTTPException) as error:
        to_do = "check its address, network and firewall; it is needed to enrol and to renew"
        yield wrong(SUBJECT, f"{url} cannot be reached: {error}", to_do=to_do)
        return
    yield _answering(url, trust)
    if date is not None:
        yield offset(date, datetime.now(UTC))


def offset(there: datetime, here: datetime) -> Finding:
    """How far apart the clocks are; a date has whole seconds."""
    off_s = (here - there).total_seconds()
    text = f"{abs(off_s):.0f} s {'ahead of' if off_s > 0 else 'behind'} the cloud's clock"
    if abs(off_s) <= _MOST_OFF_S:
        return fine(OFFSET, f"{text}, limit {_MOST_OFF_S:.0f} s")
    to_do = "set the site's time server (NTP= in /etc/systemd/timesyncd.conf), or open UDP 123"
    return wrong(OFFSET, f"{text}, limit {_MOST_OFF_S:.0f} s", to_do=to_do)


def _answering(url: str, trust: Trust | None) -> Finding:
    if trust is None:
        return fine(SUBJECT, f"{url} answers, without TLS")
    text = f"{url} answers with {trust.version}, its certificate ends in {trust.days_left:.0f} days"
    if trust.days_left >= _FEWEST_DAYS:
        return fine(SUBJECT, text)
    return wrong(SUBJECT, text, to_do="renew it on the server: when it ends, tables turn away")


def _asked(settings: TableSettings, url: str) -> tuple[datetime | None, Trust | None]:
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0)
    is_here = parts.scheme == "http"  # allowed on this machine alone
    with line_to(settings, host, port, tls=not is_here, direct=is_here) as line:
        trust = trust_of(line)
        connection = http.client.HTTPConnection(host, port)
        connection.sock = line
        connection.request("HEAD", "/health")
        return _date(connection.getresponse().getheader("date")), trust


def _date(said: str | None) -> datetime | None:
    try:
        date = parsedate_to_datetime(said or "")
    except ValueError:
        return None
    return date if date.tzinfo is not None else None
