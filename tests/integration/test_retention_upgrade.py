"""Who was there before photos could be deleted by their age keeps all until somebody decides."""

from datetime import UTC, datetime, timedelta

import pytest
from alembic import command
from sqlalchemy import MetaData, insert

from cloud.database.engine import make_engines
from cloud.database.scope import scoped
from cloud.database.write import Database
from cloud.main.retention import Retention
from cloud.migrations.upgrade import configuration, upgrade
from cloud.photos.simulated import SimulatedPhotoStore
from cloud.privacy.decisions import rule_of
from cloud.privacy.kinds import Kind
from cloud.proofs.service import has_photo
from tests.database_rows import TEST, add_organisation

BEFORE = "0018"
THEN = datetime(2025, 11, 22, tzinfo=UTC)


@pytest.fixture
def database(database_address: str) -> Database:
    """With an organisation and a photo from before the upgrade."""
    engines = make_engines(database_address)
    with engines.writer.begin() as connection:
        command.upgrade(configuration(connection), BEFORE)
        old = MetaData()
        old.reflect(connection)
        seller = {"id": 1, "name": "Old", "created_at": THEN}
        switches = {"webcam_entitled": True, "requires_code": False}
        connection.execute(insert(old.tables["organisations"]).values(**seller, **switches))
        photo = {"sha256": "a" * 64, "size_bytes": 3, "device_id": "table-1", "stored_at": THEN}
        connection.execute(insert(old.tables["photos"]).values(organisation_id=1, **photo))
    upgrade(engines)
    return Database(engines)


def test_an_upgrade_deletes_nothing_by_surprise(database: Database) -> None:
    now = datetime.now(UTC)
    new = database.write(add_organisation("New"), TEST)
    with database.read(scoped(1)) as session:
        rule = rule_of(session, Kind.PHOTOS, now)
    assert (rule.days, rule.days_now, rule.is_left_by_upgrade) == (None, None, True)
    assert rule.decided_at is not None
    assert abs(rule.decided_at - now) < timedelta(hours=1)
    with database.read(scoped(new)) as session:
        assert rule_of(session, Kind.PHOTOS, now).days_now == 120
    Retention(database, SimulatedPhotoStore()).run(now, lambda: True)
    with database.read(scoped(1)) as session:
        assert has_photo(session, "a" * 64) is not None
    database.close()
