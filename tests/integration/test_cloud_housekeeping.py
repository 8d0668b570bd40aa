"""What the cloud forgets by itself."""

from datetime import timedelta
from functools import partial

import pytest

from cloud.database.base import utc_now
from cloud.database.changes import changes_after, record_change
from cloud.database.leases import end_lease, take_lease
from cloud.database.scope import scoped
from cloud.database.write import Database
from cloud.main import housekeeping
from cloud.main.housekeeping import CHANGES_KEPT, LEASE, Housekeeping, tidy
from cloud.photos.simulated import SimulatedPhotoStore
from tests.database_rows import TEST, add_organisation
from tests.support.waiting import eventually


def test_old_changes_are_forgotten_and_new_ones_stay(database: Database) -> None:
    organisation_id = database.write(add_organisation("Seller"), TEST)
    for subject in ("table:1", "table:2"):
        database.write(
            partial(record_change, kind="table", subject=subject), scoped(organisation_id)
        )
    assert tidy(database, utc_now()) == 0
    assert len(changes_after(database, 0, organisation_id, 10)) == 2
    assert tidy(database, utc_now() + CHANGES_KEPT + timedelta(seconds=1)) == 2
    assert changes_after(database, 0, organisation_id, 10) == []


def test_one_process_tidies_at_a_time(
    database: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The lease says who; it is free again when the work is done, or its holder gone."""
    caplog.set_level("INFO")
    monkeypatch.setattr(housekeeping, "EVERY_S", 0.01)
    lasts = timedelta(minutes=5)
    assert database.write(lambda session: take_lease(session, LEASE, "another", lasts), TEST)
    deaths: list[BaseException] = []
    keeper = Housekeeping(database, SimulatedPhotoStore(), deaths.append)
    keeper.start()
    eventually(lambda: "another process tidies" in caplog.text)
    assert "old changes forgotten" not in caplog.text
    database.write(lambda session: end_lease(session, LEASE, "another", timedelta()), TEST)
    eventually(lambda: "old changes forgotten" in caplog.text)
    keeper.stop()
    assert deaths == []
