"""Enrolment: whether this table has credentials that can be used."""

from collections.abc import Iterator

from edge.doctor.finding import Finding, fine, wrong
from edge.doctor.table import Table


def check(table: Table) -> Iterator[Finding]:
    """Who this table is."""
    mine = table.credentials
    if mine is not None:
        yield fine("enrolment", f"{mine.table_name} ({mine.device_id})")
        return
    to_do = "print a claim sheet in the dashboard and scan it, or run packwitness-edge enroll"
    yield wrong("enrolment", table.credentials_problem, to_do=to_do)
