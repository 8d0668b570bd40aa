"""What the cloud forgets by itself."""

from datetime import timedelta
from functools import partial

from cloud.database.base import utc_now
from cloud.database.changes import changes_after, record_change
from cloud.database.scope import scoped
from cloud.database.write import Database
from cloud.main.housekeeping import CHANGES_KEPT, tidy
from tests.database_rows import TEST, add_organisation


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
