"""The clock: photos and certificates want a right one."""

from collections.abc import Iterator

from edge.doctor.finding import Finding, fine, wrong
from edge.doctor.table import Table


def check(table: Table) -> Iterator[Finding]:
    """Whether it is synchronised."""
    if table.clock.now().synced:
        yield fine("clock", "is synchronised")
        return
    yield wrong(
        "clock",
        "is not synchronised: photos would carry an uncertain time",
        to_do="set the site's time server (NTP= in /etc/systemd/timesyncd.conf.d), see timedatectl;"
        " until then a connected table takes the cloud's time. Where something else keeps the clock"
        " right, set clock.trust to always",
    )
