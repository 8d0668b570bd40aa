"""The database is in trouble while tables send: no receipt, no death, and all of it later."""

import logging
import sqlite3

import pytest
from sqlalchemy import event

from cloud.database.write import Database
from cloud.photos.simulated import SimulatedPhotoStore
from tests.database_rows import only_postgres, only_sqlite
from tests.support.link_table import LinkTable, jpeg, manifest, sha_of
from tests.support.mosquitto import Mosquitto
from tests.support.running_link import RunningLink, add_device
from tests.support.waiting import eventually
from wire.messages import PhotoResult, ProofResult

DATA = jpeg(1)
ABOUT = manifest("0" * 32, [DATA])


def send_in_vain(table: LinkTable, log: pytest.LogCaptureFixture) -> None:
    with log.at_level(logging.ERROR):
        table.send_photo(DATA)
        eventually(lambda: "could not be stored" in log.text)
        table.send_manifest(ABOUT)
        eventually(lambda: "could not be committed" in log.text or "passed over" in log.text)
    assert table.photo_answers(sha_of(DATA)) == []
    assert table.proof_answers(ABOUT.proof_id) == []


def send_well(table: LinkTable) -> None:
    def receipted() -> bool:
        table.send_photo(DATA)
        table.send_manifest(ABOUT)
        answers = table.proof_answers(ABOUT.proof_id)
        return any(one.result is ProofResult.RECEIPTED for one in answers)

    eventually(receipted)
    assert table.wait_photo(sha_of(DATA)).result is PhotoResult.RECEIPTED


@only_postgres
def test_a_server_that_goes_away_while_photos_come_in_costs_nothing(
    mosquitto: Mosquitto,
    database: Database,
    request: pytest.FixtureRequest,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """As during its restart: every connection ends, and no new one is taken."""
    server = request.getfixturevalue("postgres_server")
    name = database.engines.writer.url.database
    address, _ = add_device(database, "table-01")
    with (
        RunningLink(mosquitto, database, SimulatedPhotoStore()),
        LinkTable(mosquitto, address) as table,
    ):
        table.wait_until_link_has_seen_all()
        server.administer(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        server.administer(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'packwitness'"
        )
        send_in_vain(table, caplog)
        server.administer(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
        send_well(table)


@only_sqlite
@pytest.mark.parametrize("trouble", ["locked", "read-only"])
def test_a_file_that_takes_no_writes_while_photos_come_in_costs_nothing(
    mosquitto: Mosquitto, database: Database, caplog: pytest.LogCaptureFixture, trouble: str
) -> None:
    address, _ = add_device(database, "table-01")
    is_on = [False]

    def prepare(connection: sqlite3.Connection, *_: object) -> None:
        connection.execute("PRAGMA busy_timeout=50").close()
        is_read_only = is_on[0] and trouble == "read-only"
        connection.execute(f"PRAGMA query_only={int(is_read_only)}").close()

    event.listen(database.engines.writer, "checkout", prepare)
    file = str(database.engines.writer.url.database)
    other = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    with (
        RunningLink(mosquitto, database, SimulatedPhotoStore()),
        LinkTable(mosquitto, address) as table,
    ):
        table.wait_until_link_has_seen_all()
        is_on[0] = True
        if trouble == "locked":
            other.execute("BEGIN IMMEDIATE").close()
        send_in_vain(table, caplog)
        is_on[0] = False
        if trouble == "locked":
            other.execute("ROLLBACK").close()
        send_well(table)
    other.close()
