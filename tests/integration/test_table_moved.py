"""A table's disk in another Pi: adopted by command alone, and what is in it is sent once."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from cloud.database.scope import scoped
from cloud.database.write import Database
from cloud.proofs.models import AcceptedManifest, Proof
from edge.cli import main
from tests.support.killed_table import (
    KILLED,
    CloudSide,
    cloud_side,
    dying_at,
    kept_photos,
    pack,
    require_once,
    wait_receipted,
)
from tests.support.mosquitto import Mosquitto
from tests.support.running_link import add_device
from tests.support.table_process import TableProcess, proofs, write_table

OLD, NEW = "table-01", "table-02"
OFFLINE = ("--set", "uplink.port=1")
KNOWN, WAITING, LEFT = "220101AAAAAAAA", "220102BBBBBBBB", "220103CCCCCCCC"


@pytest.fixture
def database_kind() -> str:
    """The fault is the table's: one engine is enough."""
    return "sqlite"


@pytest.fixture
def cloud(mosquitto: Mosquitto, database: Database) -> Iterator[CloudSide]:
    """Knows both tables, of one organisation."""
    with cloud_side(mosquitto, database, OLD) as side:
        add_device(database, NEW, organisation_id=side.organisation_id)
        yield side


@pytest.fixture
def moved(tmp_path: Path, mosquitto: Mosquitto, cloud: CloudSide) -> Path:
    """The settings of a new table that was given the disk of an old one.

    On it: an order that the cloud took without the table's knowing it, one that the cloud never
    heard of, and one that was left open.
    """
    assert cloud.organisation_id
    old = write_table(tmp_path, port=mosquitto.port, password=mosquitto.users[OLD])
    with TableProcess(old, environment=dying_at("answered/proof", 1)) as table:
        table.see("Ready")
        pack(table, KNOWN)
        assert table.end() == KILLED
    with TableProcess(old, *OFFLINE) as table:
        table.see("Ready")
        assert pack(table, WAITING)
        table.enter_and_see(LEFT, f"Order open - {LEFT}")
        table.enter_and_see("p", f"1 photo - {LEFT}")
        assert table.stop(signal.SIGKILL) == KILLED
    return write_table(tmp_path, port=mosquitto.port, device_id=NEW, password=mosquitto.users[NEW])


def test_a_disk_of_another_table_is_sent_once_under_the_name_that_adopted_it(
    tmp_path: Path, moved: Path, cloud: CloudSide, capsys: pytest.CaptureFixture[str]
) -> None:
    """Invariant 7: what the cloud has from the old table is known again, byte for byte."""
    before = proofs(tmp_path)
    with TableProcess(moved) as table:
        assert table.end() == 1
        [said] = [line for line in table.log if line.startswith("packwitness-edge:")]
    assert f"belongs to device {OLD}, this is {NEW}" in said
    assert "packwitness-edge spool adopt" in said
    assert proofs(tmp_path) == before

    assert main(["--config", str(moved), "spool", "adopt"]) == 0
    assert "3 proofs wait in it" in capsys.readouterr().out
    with TableProcess(moved) as table:
        table.see("Ready")
        wait_receipted(tmp_path)
        require_once(cloud, tmp_path, [KNOWN, WAITING])
        assert pack(table, LEFT, kept_photos(tmp_path, LEFT))
        wait_receipted(tmp_path)
        assert table.stop() == 0
    require_once(cloud, tmp_path, [KNOWN, WAITING, LEFT])
    assert len(proofs(tmp_path)) == 3
    with cloud.database.read(scoped(cloud.organisation_id)) as session:
        devices = {one.code: one.device_id for one in session.scalars(select(Proof))}
        assert devices == {KNOWN: OLD, WAITING: NEW, LEFT: NEW}
        accepted = session.scalars(select(AcceptedManifest.device_id)).all()
        assert sorted(accepted) == [OLD, NEW, NEW, NEW]


def test_a_disk_is_not_adopted_from_under_a_running_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = write_table(tmp_path)
    with TableProcess(old) as table:
        table.see("Ready")
        new = write_table(tmp_path, device_id=NEW)
        assert main(["--config", str(new), "spool", "adopt"]) == 1
        assert f"in use by process {table.process.pid}" in capsys.readouterr().err
        assert table.stop() == 0
    write_table(tmp_path)
    with TableProcess(old) as table:
        table.see("Ready")
        assert table.stop() == 0
