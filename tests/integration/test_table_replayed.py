"""An old copy of a table's disk comes back, after the cloud removed what it once got from it."""

import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from cloud.conversations.models import Dispatch
from cloud.database.scope import scoped
from cloud.database.write import Database
from cloud.proofs.models import AcceptedManifest, Photo, Proof, ProofPhoto
from edge.spool.reader import SpoolReader
from tests.support.killed_table import (
    KILLED,
    PHOTOS,
    SAVED,
    CloudSide,
    cloud_side,
    dying_at,
    kept_photos,
    pack,
    require_once,
    wait_receipted,
)
from tests.support.mosquitto import Mosquitto
from tests.support.table_process import TableProcess, proofs, write_table
from tests.support.waiting import eventually

DEVICE, ORDER = "table-01", "220101AAAAAAAA"
OFFLINE = ("--set", "uplink.port=1")
PROOFS_TOO = pytest.mark.parametrize("proofs_too", [False, True], ids=["photos", "proofs-too"])


@pytest.fixture
def database_kind() -> str:
    """What is remembered is the same on both engines: tests of manifests run on each."""
    return "sqlite"


@pytest.fixture
def cloud(mosquitto: Mosquitto, database: Database) -> Iterator[CloudSide]:
    with cloud_side(mosquitto, database, DEVICE) as side:
        yield side


@pytest.fixture
def settings(tmp_path: Path, mosquitto: Mosquitto) -> Path:
    return write_table(tmp_path, port=mosquitto.port, password=mosquitto.users[DEVICE])


def forget(cloud: CloudSide, *, proofs_too: bool) -> None:
    """What a retention may remove: photos with their rows, and perhaps the proofs that named them.

    Accepted manifests and dispatches are the memory, and stay.
    """

    def unit(session: Session) -> list[str]:
        names = list(session.scalars(select(Photo.sha256)))
        session.execute(delete(Photo))
        if proofs_too:
            session.execute(delete(ProofPhoto))
            session.execute(update(Dispatch).values(proof_id=None))
            session.execute(delete(Proof))
        return names

    for name in cloud.database.write(unit, scoped(cloud.organisation_id)):
        cloud.store.delete(cloud.organisation_id, name)


def put_back(copy: Path, folder: Path) -> None:
    shutil.rmtree(folder / "spool")
    copy.rename(folder / "spool")


def require_one_dispatch(cloud: CloudSide) -> None:
    with cloud.database.read(scoped(cloud.organisation_id)) as session:
        assert session.scalars(select(Dispatch.code)).all() == [ORDER]


def count_accepted(cloud: CloudSide) -> int:
    with cloud.database.read(scoped(cloud.organisation_id)) as session:
        return session.scalar(select(func.count(AcceptedManifest.id))) or 0


@PROOFS_TOO
def test_a_replayed_proof_gets_its_old_answer_and_no_buyer_anything(
    tmp_path: Path, settings: Path, cloud: CloudSide, proofs_too: bool
) -> None:
    """Invariant 7: proof id, revision and digest are remembered for ever."""
    with TableProcess(settings, environment=dying_at("answered/proof", 1)) as table:
        table.see("Ready")
        pack(table, ORDER)
        assert table.end() == KILLED
    copy = tmp_path / "old"
    shutil.copytree(tmp_path / "spool", copy)
    with TableProcess(settings) as table:
        wait_receipted(tmp_path)
        assert table.stop() == 0
    require_once(cloud, tmp_path, [ORDER])
    forget(cloud, proofs_too=proofs_too)
    put_back(copy, tmp_path)
    assert not proofs(tmp_path)[0].receipted
    with TableProcess(settings) as table:
        wait_receipted(tmp_path)
        assert table.stop() == 0
    assert not proofs(tmp_path)[0].refused
    assert count_accepted(cloud) == 1
    require_one_dispatch(cloud)


@PROOFS_TOO
def test_a_proof_that_is_closed_once_more_from_an_old_copy_is_not_dispatched_again(
    tmp_path: Path, settings: Path, cloud: CloudSide, proofs_too: bool
) -> None:
    """The old disk has it open: it is packed anew, under the id that was sent already."""
    copy = tmp_path / "old"
    with TableProcess(settings) as table:
        table.see("Ready")
        table.enter_and_see(ORDER, "Order open")
        table.enter_and_see("p", "1 photo ")
        table.enter_and_see("p", "2 photos")
        eventually(lambda: photos_are_there(tmp_path))
        shutil.copytree(tmp_path / "spool", copy)
        table.enter_and_see("s", SAVED)
        wait_receipted(tmp_path)
        assert table.stop() == 0
    require_once(cloud, tmp_path, [ORDER])
    forget(cloud, proofs_too=proofs_too)
    put_back(copy, tmp_path)
    with TableProcess(settings, *OFFLINE) as table:
        table.see("Ready")
        assert kept_photos(tmp_path, ORDER) == PHOTOS
        assert pack(table, ORDER, PHOTOS)
        assert table.stop(signal.SIGKILL) == KILLED
    with TableProcess(settings) as table:
        eventually(lambda: proofs(tmp_path)[0].receipted or proofs(tmp_path)[0].refused)
        assert table.stop() == 0
    require_one_dispatch(cloud)


def photos_are_there(folder: Path) -> bool:
    reader = SpoolReader.open_reader(folder / "spool")
    try:
        return not reader.photos_to_send(1)
    finally:
        reader.close()
