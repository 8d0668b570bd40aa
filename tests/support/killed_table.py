"""A packer at a table that may die at any moment, and a comparison of table and cloud."""

import hashlib
import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select

from cloud.conversations.models import Dispatch
from cloud.database.scope import scoped
from cloud.database.write import Database
from cloud.photos.simulated import SimulatedPhotoStore
from cloud.proofs.models import Photo, Proof, ProofPhoto, QuarantinedManifest
from edge import fault_points
from edge.spool.journal import FILE_NAME
from edge.spool.records import ProofSummary
from tests.support.mosquitto import Mosquitto
from tests.support.running_link import RunningLink, add_device
from tests.support.table_process import TableProcess, proofs
from tests.support.waiting import eventually
from wire.messages import Closing

PHOTOS = 2
SLICES = ("--set", "uplink.slice_bytes=8192")
"""Small enough that a photo has several."""

WHILE_PACKING = {
    "journal-written/opening a proof": 1,
    "journal-committed/opening a proof": 1,
    "pressed": 2,
    "frame-taken": 2,
    "file-written/.jpg": 2,
    "file-synced/.jpg": 2,
    "file-renamed/.jpg": 2,
    "folder-synced/.jpg": 2,
    "journal-written/noting a photo": 2,
    "journal-committed/noting a photo": 2,
    "journal-written/closing a proof": 1,
    "journal-committed/closing a proof": 1,
}
"""Step, and which passing of it. Of two photos, the first was promised by the light already."""
WHILE_SENDING = {
    "published/Slice": 3,
    "acknowledged/Slice": 2,
    "answered/photo": 2,
    "journal-written/noting a photo's receipt": 1,
    "journal-committed/noting a photo's receipt": 2,
    "published/SendManifest": 1,
    "acknowledged/SendManifest": 1,
    "answered/proof": 1,
    "journal-written/noting a proof's receipt": 1,
    "journal-committed/noting a proof's receipt": 1,
}

SAVED = "Saved, go on"
KILLED = -9


@dataclass
class CloudSide:
    """A running link, its database and its photos; the table is a process of the test's own."""

    database: Database
    store: SimulatedPhotoStore
    organisation_id: int

    def count_photos(self) -> int:
        with self.database.read(scoped(self.organisation_id)) as session:
            return session.scalar(select(func.count(Photo.id))) or 0


@contextmanager
def cloud_side(broker: Mosquitto, database: Database, device_id: str) -> Iterator[CloudSide]:
    """Start a link that knows one device."""
    _, organisation_id = add_device(database, device_id)
    store = SimulatedPhotoStore()
    with RunningLink(broker, database, store):
        yield CloudSide(database, store, organisation_id)


def dying_at(where: str, passing: int) -> Mapping[str, str]:
    """The environment of a table that kills itself at a step."""
    return {fault_points.VARIABLE: f"kill {passing} {where}"}


@dataclass(frozen=True)
class Told:
    """What the light promised of an order."""

    photos: int
    saved: bool


def told(table: TableProcess, code: str) -> Told:
    """Look through all that the light of a table showed."""
    shown = [re.search(rf"(\d) photos? - {code}: \d", light) for light in table.light]
    saved = any(SAVED in light and code in light for light in table.light)
    return Told(max((int(one[1]) for one in shown if one), default=0), saved)


def pack(table: TableProcess, code: str, kept: int = 0) -> bool:
    """Scan, which brings back what was kept; take the photos that are missing; F4.

    False: the table went dark on the way.
    """
    first = f"{kept} photos? - {code}: {kept}" if kept else f"Order open - {code}"
    if table.light_after(code, first) is None:
        return False
    for number in range(kept + 1, PHOTOS + 1):
        if table.light_after("p", rf"{number} photos? - {code}: {number}") is None:
            return False
    return table.light_after("s", f"{SAVED} - {code}") is not None


def sent(folder: Path) -> list[ProofSummary]:
    """The proofs in the table's journal that were closed with F4."""
    return [one for one in proofs(folder) if one.closing is Closing.SEND]


def kept_photos(folder: Path, code: str) -> int:
    """How many photos a scan of this code brings back.

    What a start found without a row stays apart.
    """
    sql = """SELECT count(*) FROM photo JOIN proof USING (proof_id)
             WHERE code = ? AND was_found = 0 AND undone = 0 AND fate = 'kept'"""
    with closing(sqlite3.connect(folder / "spool" / FILE_NAME)) as connection:
        return int(connection.execute(sql, (code,)).fetchone()[0])


def wait_receipted(folder: Path) -> None:
    """Until the cloud has said of each proof on the table that it has it."""
    eventually(lambda: all(one.receipted for one in proofs(folder)))


def require_once(cloud: CloudSide, folder: Path, codes: list[str]) -> None:
    """The cloud has what the table closed, as it was closed, byte for byte; each code once to send.

    What was not closed with F4 is there too, and nobody is going to send it.
    """
    own = {one.proof_id: one for one in proofs(folder)}
    to_send = {one.proof_id: one for one in own.values() if one.closing is Closing.SEND}
    assert sorted(one.code for one in to_send.values()) == sorted(codes)
    with cloud.database.read(scoped(cloud.organisation_id)) as session:
        there = {one.proof_key: one for one in session.scalars(select(Proof))}
        assert {key: (one.closing, one.revision) for key, one in there.items()} == {
            key: (one.closing, one.revision) for key, one in own.items()
        }
        asked = session.scalars(select(Dispatch.proof_key)).all()
        assert sorted(str(one) for one in asked) == sorted(to_send)
        assert session.scalars(select(QuarantinedManifest)).all() == []
        for key, proof in own.items():
            names = session.scalars(
                select(ProofPhoto.sha256)
                .where(ProofPhoto.proof_id == there[key].id)
                .order_by(ProofPhoto.position)
            ).all()
            for path, name in zip(proof.photos, names, strict=True):
                data = path.read_bytes()
                assert hashlib.sha256(data).hexdigest() == name
                assert cloud.store.read(cloud.organisation_id, name) == data
