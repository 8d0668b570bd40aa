"""A real table whose clock is stepped: nothing is reordered, expired, deleted or sent twice."""

import signal
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import select

from cloud.conversations.models import Dispatch
from cloud.database.scope import scoped
from cloud.database.write import Database
from cloud.proofs.models import Proof
from edge.spool.journal import FILE_NAME
from tests.support import stepped_table
from tests.support.killed_table import (
    KILLED,
    CloudSide,
    cloud_side,
    pack,
    require_once,
    sent,
    wait_receipted,
)
from tests.support.mosquitto import Mosquitto
from tests.support.table_process import TableProcess, proofs, write_table
from tests.support.waiting import eventually

DEVICE = "table-01"
BEFORE, DURING, AFTER = "220101AAAAAAAA", "220102BBBBBBBB", "220103CCCCCCCC"
CODES = [BEFORE, DURING, AFTER]
OFFLINE = ("--set", "uplink.port=1")
FREES_ALL = ("--set", "spool.retention_bytes=0", "--set", "spool.retention_days=1")
STEPS_DAYS = (5 * 365, -1)


@pytest.fixture
def database_kind() -> str:
    """The faults are the table's: one engine is enough."""
    return "sqlite"


@pytest.fixture
def cloud(mosquitto: Mosquitto, database: Database) -> Iterator[CloudSide]:
    with cloud_side(mosquitto, database, DEVICE) as side:
        yield side


@pytest.fixture
def settings(tmp_path: Path, mosquitto: Mosquitto) -> Path:
    return write_table(tmp_path, port=mosquitto.port, password=mosquitto.users[DEVICE])


def table_of(settings: Path, *arguments: str, step_days: int, off_days: int = 0) -> TableProcess:
    environment: Mapping[str, str] = {stepped_table.VARIABLE: f"{step_days} {off_days}"}
    module = stepped_table.__name__
    return TableProcess(settings, *arguments, environment=environment, module=module)


def step(table: TableProcess) -> None:
    table.process.send_signal(signal.SIGUSR1)
    table.see_in_log(stepped_table.STEPPED)


def require_untouched(cloud: CloudSide, folder: Path) -> None:
    """All is there once, in the order in which it was packed, and nothing comes from the future.

    A dispatch that did would never be too old to be sent unseen.
    """
    require_once(cloud, folder, CODES)
    assert [one.code for one in reversed(proofs(folder))] == CODES
    with cloud.database.read(scoped(cloud.organisation_id)) as session:
        by_sequence = session.scalars(select(Proof).order_by(Proof.sequence)).all()
        by_arrival = session.scalars(select(Proof).order_by(Proof.id)).all()
        assert [one.code for one in by_sequence] == CODES
        assert [one.code for one in by_arrival] == CODES
        for dispatch in session.scalars(select(Dispatch)):
            assert dispatch.asked_at <= dispatch.created_at


@pytest.mark.parametrize("days", STEPS_DAYS)
def test_a_clock_stepped_between_two_photos_changes_nothing(
    tmp_path: Path, settings: Path, cloud: CloudSide, days: int
) -> None:
    """Invariant 10: the journal's sequence orders, and no deadline reads the wall clock."""
    with table_of(settings, step_days=days) as table:
        table.see("Ready")
        assert pack(table, BEFORE)
        table.enter_and_see(DURING, f"Order open - {DURING}")
        table.enter_and_see("p", f"1 photo - {DURING}")
        step(table)
        table.enter_and_see("p", f"2 photos - {DURING}")
        table.enter_and_see("s", f"Saved, go on - {DURING}")
        assert pack(table, AFTER)
        wait_receipted(tmp_path)
        assert not any("offline" in line for line in table.light)
        assert table.stop() == 0
    require_untouched(cloud, tmp_path)


@pytest.mark.parametrize("days", STEPS_DAYS)
def test_a_clock_stepped_between_f4_and_the_transfer_changes_nothing(
    tmp_path: Path, settings: Path, cloud: CloudSide, days: int
) -> None:
    with table_of(settings, *OFFLINE, step_days=days) as table:
        table.see("Ready")
        assert pack(table, BEFORE)
        assert pack(table, DURING)
        step(table)
        assert pack(table, AFTER)
        assert not any("offline" in line for line in table.light)
        assert table.stop(signal.SIGKILL) == KILLED
    assert len(sent(tmp_path)) == len(CODES)
    with table_of(settings, step_days=0, off_days=days) as table:
        table.see("Ready")
        wait_receipted(tmp_path)
        assert not any("offline" in line for line in table.light)
        assert table.stop() == 0
    require_untouched(cloud, tmp_path)


@pytest.mark.parametrize("days", STEPS_DAYS)
def test_after_a_step_no_copy_is_freed(
    tmp_path: Path, settings: Path, cloud: CloudSide, days: int
) -> None:
    """Invariant 3: although the cloud has all of it, and all of it looks old."""
    with table_of(settings, step_days=0) as table:
        table.see("Ready")
        for code in CODES:
            assert pack(table, code)
        wait_receipted(tmp_path)
        eventually(lambda: has_looked_at_the_clock(tmp_path))
        assert table.stop() == 0
    with table_of(settings, *FREES_ALL, step_days=0, off_days=days) as table:
        table.see_in_log("retention did not run reason=the clock has jumped")
        assert table.stop() == 0
    require_untouched(cloud, tmp_path)
    assert all(path.is_file() for one in proofs(tmp_path) for path in one.photos)
    assert sum(len(one.photos) for one in proofs(tmp_path)) == 2 * len(CODES)


def has_looked_at_the_clock(folder: Path) -> bool:
    """Whether retention ran, and knows from now on what the time should be."""
    with closing(sqlite3.connect(folder / "spool" / FILE_NAME)) as connection:
        return connection.execute("SELECT mark_at FROM spool").fetchone()[0] is not None
