"""What tables report is written for each organisation by itself."""

from typing import Any, cast

import pytest

from cloud.database.errors import DatabaseBusy
from cloud.database.scope import Scope
from cloud.database.write import Database
from cloud.link.reports import Report, Reports
from cloud.link.senders import Sender
from wire.messages import Health
from wire.topics import Address


class Writes:
    """A database that is busy for one organisation."""

    def __init__(self, busy_for: int) -> None:
        self._busy_for = busy_for
        self.written: list[int | None] = []

    def write(self, _unit: Any, scope: Scope) -> None:
        if scope.organisation_id == self._busy_for:
            raise DatabaseBusy("locked")
        self.written.append(scope.organisation_id)


def report(organisation_id: int) -> Report:
    device = f"table-{organisation_id:02}"
    sender = Sender(organisation_id, organisation_id, organisation_id, Address(0, device))
    return Report(sender, Health(sign="ready"))


def test_trouble_with_one_organisation_costs_no_other_its_reports(
    caplog: pytest.LogCaptureFixture,
) -> None:
    writes = Writes(busy_for=1)
    Reports(cast("Database", writes)).take([report(1), report(2), report(1), report(3)])
    assert writes.written == [2, 3]
    [said] = caplog.records
    assert said.__dict__["devices"] == ["table-01"]
