"""Reading the labels in photos."""

from collections.abc import Iterator

from edge.daemon import label_reader
from edge.doctor.finding import Finding, fine, wrong
from edge.doctor.table import Table


def check(table: Table) -> Iterator[Finding]:
    """A table that reads none is in order; a reader that does not load is not."""
    built = label_reader(table.settings)
    problem = built.reader.problem() if built.reader is not None else ""
    if not problem:
        yield fine("labels in photos", built.choice)
        return
    to_do = "install the extra codes anew, or set packing.label_check to false"
    yield wrong("labels in photos", f"cannot be read: {problem}", to_do=to_do)
