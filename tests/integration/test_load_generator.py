"""The load generator with a few tables: it plays real tables, and counts right."""

import hashlib
from collections import Counter
from collections.abc import Callable
from itertools import count
from pathlib import Path
from random import Random
from time import monotonic

import pytest
from sqlalchemy import select

from cloud.database.scope import system
from cloud.database.write import Database
from cloud.fleet.models import Device
from cloud.photos.simulated import SimulatedPhotoStore
from cloud.proofs.models import AcceptedManifest, Proof, ProofPhoto
from edge.uplink.credentials import Credentials
from edge.uplink.settings import UplinkSettings
from edge.uplink.waker import Waker
from tests.load.exact_photos import Photos
from tests.load.fleet import Fleet
from tests.load.ledger import Ledger
from tests.load.load_plan import Act, Planned
from tests.load.play import main
from tests.load.spool import LoadSpool
from tests.load.table import Heard, LoadTable
from tests.support.mosquitto import Mosquitto
from tests.support.running_link import RunningLink, add_device
from tests.support.scripted_broker import ScriptedBroker
from tests.support.uplink_table import PARTITION, UplinkTable, credentials
from wire.messages import Manifest

PHOTO_BYTES = 120_000
"""Two slices."""
ONE_PROOF = (Act.SCAN, Act.PHOTO, Act.PHOTO, Act.SEND)
REAL, PLAYED = "table-02", "table-03"


class Played:
    """One played table, packing at once what it is told; ends with the ``with`` block."""

    def __init__(self, who: Credentials, *acts: Act) -> None:
        nobody = Waker()
        nobody.close()
        self.ledger = Ledger(limit_s=5.0)
        self.table = LoadTable(
            who,
            UplinkSettings(),
            LoadSpool(Photos(PHOTO_BYTES), count(1), self.ledger),
            chance=Random(1),
            heard=Heard(Counter(), [], []),
            nobody=nobody,
        )
        self.table.connect_at(0.0)
        self.table.pack(iter([Planned(0.0, act) for act in acts]))
        self.fleet = Fleet()
        self.fleet.add(self.table)

    def __enter__(self) -> "Played":
        return self

    def __exit__(self, *_: object) -> None:
        self.fleet.stop()

    def turn_until(self, so: Callable[[], object]) -> None:
        until = monotonic() + 20
        self.fleet.run_until(lambda at_s: at_s >= until or bool(so()))
        assert so()


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_a_played_table_is_stored_as_a_real_one(mosquitto: Mosquitto, database: Database) -> None:
    _, organisation_id = add_device(database, REAL, PARTITION)
    add_device(database, PLAYED, PARTITION, organisation_id)
    store = SimulatedPhotoStore()
    with RunningLink(mosquitto, database, store):
        who = credentials(mosquitto.port, mosquitto.users[PLAYED], PLAYED)
        with Played(who, *ONE_PROOF) as played:
            played.turn_until(lambda: played.ledger.receipted)
        who = credentials(mosquitto.port, mosquitto.users[REAL], REAL)
        with UplinkTable(who, UplinkSettings()) as real:
            hashes = [real.queue.take_photo(number, PHOTO_BYTES) for number in (1, 2)]
            real.wait_receipted(real.queue.close_proof(1, *hashes))
    of_played, of_real = (stored(database, store, device) for device in (PLAYED, REAL))
    assert of_played == of_real
    assert of_played["sizes"] == [PHOTO_BYTES, PHOTO_BYTES]


def stored(database: Database, store: SimulatedPhotoStore, device_id: str) -> dict[str, object]:
    """What the cloud has of a device's one proof, without what differs from proof to proof."""
    with database.read(system("test")) as session:
        device = session.scalars(select(Device).where(Device.device_id == device_id)).one()
        proof = session.scalars(select(Proof).where(Proof.device_id == device_id)).one()
        rows = session.scalars(
            select(ProofPhoto).where(ProofPhoto.proof_id == proof.id).order_by(ProofPhoto.position)
        ).all()
        manifest = session.scalars(
            select(AcceptedManifest).where(AcceptedManifest.proof_key == proof.proof_key)
        ).one()
        for row in rows:
            data = store.read(proof.organisation_id, row.sha256)
            assert hashlib.sha256(data).hexdigest() == row.sha256
        said = Manifest.from_bytes(manifest.raw).model_dump(
            include={"revision", "closing", "clock_synced", "packer", "version"}
        )
        return {
            "said": said,
            "sizes": [row.size_bytes for row in rows],
            "sources": [row.source for row in rows],
            "places": [row.position for row in rows],
            "effect": manifest.effect,
            "digest is of what was kept": hashlib.sha256(manifest.raw).hexdigest()
            == manifest.digest,
            "connections": (device.connection_count, device.health is not None),
        }


def test_a_played_table_connects_as_a_real_one() -> None:
    """The same CONNECT with the same will, and the same first messages."""
    with ScriptedBroker() as of_played, Played(credentials(of_played.port, "x")) as played:
        played.turn_until(lambda: len(of_played.published) == 3)
    with ScriptedBroker() as of_real:
        who = credentials(of_real.port, "x")
        with UplinkTable(who, UplinkSettings(), boot_count=1) as real:
            real.wait_for(lambda _table: len(of_real.published) >= 3)
    assert of_played.connects == of_real.connects
    assert first_messages(of_played) == first_messages(of_real)


def first_messages(broker: ScriptedBroker) -> list[tuple[str, int]]:
    return [(one.topic, one.qos) for one in broker.published[:3]]


def test_a_small_load_is_receipted_and_counted_whole(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Twenty tables, a step more, and a broker killed between; all programs end."""
    asked = {
        "--tables": "20",
        "--steps": "2",
        "--minutes": "0.05",
        "--every": "4",
        "--photo-kb": "20",
        "--limit": "60",
        "--data": str(tmp_path / "load"),
    }
    status = main([word for pair in asked.items() for word in pair])
    said = capsys.readouterr().out
    assert status == 0, said
    assert "broker killed with 20 tables" in said
    assert "all after" in said
    assert "all accounted for" in said
    assert not (tmp_path / "load" / "cloud").exists()
