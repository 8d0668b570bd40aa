"""A real table's spool and uplink against the real cloud: every proof arrives once and whole."""

import json
import queue
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from cloud.conversations.models import Dispatch
from cloud.conversations.states import Reason
from cloud.database.scope import system
from cloud.database.write import Database
from cloud.photos.local import LocalPhotoStore
from cloud.proofs.models import AcceptedManifest, Photo, Proof, ProofPhoto
from edge.spool.store import Spool
from edge.uplink.credentials import Credentials
from edge.uplink.enrolment import enroll
from edge.uplink.uplink import Uplink
from tests.support.cloud_program import Cloud, Serving
from tests.support.spool_table import jpeg, sha256
from tests.support.uplink_table import QUICK, RealClock
from tests.support.waiting import eventually
from wire.messages import Closing, DispatchState, Health, Mode

TEST = system("test")
PHOTOS_EACH, PHOTO_BYTES = 2, 60_000


class StoreThread:
    """Follows ``Receipts``: as on a table, one thread alone writes to the spool."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._jobs: queue.SimpleQueue[Callable[[], object]] = queue.SimpleQueue()
        self.receipted: list[tuple[str, int]] = []
        self.progress: dict[str, DispatchState] = {}

    def photo_receipted(self, sha256: str) -> None:
        self._jobs.put(lambda: self._spool.photo_receipted(sha256))

    def photo_lost(self, sha256: str) -> None:
        raise AssertionError(f"photo {sha256} was lost")

    def photos_missing(self, proof_id: str, revision: int, sha256s: Sequence[str]) -> None:
        self._jobs.put(
            lambda: self._spool.photos_missing(proof_id, revision, sha256s, RealClock().now())
        )

    def proof_receipted(self, proof_id: str, revision: int) -> None:
        self._jobs.put(lambda: self._spool.proof_receipted(proof_id, revision))
        self.receipted.append((proof_id, revision))

    def offer_again(self, restoration: str) -> None:
        self._jobs.put(lambda: self._spool.offer_again(restoration))

    def proof_refused(self, proof_id: str, revision: int, reason: str) -> None:
        raise AssertionError(f"{proof_id} in revision {revision} was refused: {reason}")

    def note_progress(self, proof_id: str, state: DispatchState, reason: str) -> None:
        self._jobs.put(lambda: self._spool.note_progress(proof_id, state, reason))
        self.progress[proof_id] = state

    def work(self) -> None:
        """Do what waits, in the thread of the caller."""
        while not self._jobs.empty():
            self._jobs.get()()


class Table:
    """Spool and uplink of one table."""

    def __init__(self, folder: Path, credentials: Credentials) -> None:
        self.clock = RealClock()
        self.spool = Spool.open(folder, device_id=credentials.device_id, clock=self.clock)
        self.store = StoreThread(self.spool)
        self.uplink = Uplink(
            credentials,
            QUICK,
            self.spool,
            lambda _event: None,
            self.clock,
            health=lambda: Health(sign="ready"),
            receipts=self.store,
            boot_count=1,
        )

    def pack(self, number: int) -> list[str]:
        """Photos, then F4; gives the hashes of the photos."""
        proof = f"{number:032x}"
        self.spool.open_proof(proof, f"ORDER{number}", Mode.PACKING, self.clock.now())
        hashes = []
        for place in range(PHOTOS_EACH):
            data = jpeg(number * 10 + place, PHOTO_BYTES)
            self.spool.save_photo(proof, place, data, self.clock.now(), "simulated")
            hashes.append(sha256(data))
        self.spool.close_proof(proof, Closing.SEND, self.clock.now())
        return hashes

    def wait_until(self, what: Callable[[], Any]) -> None:
        def attempt() -> bool:
            self.store.work()
            return bool(what())

        eventually(attempt, 60)

    def close(self) -> None:
        assert self.uplink.stop(10)
        self.store.work()
        self.spool.close()


@pytest.fixture
def cloud(tmp_path: Path) -> Cloud:
    return Cloud(tmp_path / "cloud")


def enrolled(cloud: Cloud) -> Credentials:
    made = json.loads(cloud.run("table", "create", "Table 1").stdout)
    answer = enroll(cloud.url, made["claim_code"], hardware="test")
    return Credentials.model_validate(answer.model_dump())


@pytest.fixture
def table(cloud: Cloud, tmp_path: Path) -> Iterator[Table]:
    with cloud.serving() as serving:
        made = Table(tmp_path / "spool", enrolled(cloud))
        assert serving.end() == 0
    yield made
    made.close()


def require_all(cloud: Cloud, packed: dict[str, list[str]]) -> None:
    """Each proof is in the cloud once, whole, with one dispatch."""
    store = LocalPhotoStore(cloud.folder / "photos")
    with (
        Database.open(f"sqlite:///{cloud.folder / 'packwitness.sqlite3'}") as database,
        database.read(TEST) as session,
    ):
        proofs = {proof.proof_key: proof for proof in session.scalars(select(Proof))}
        assert set(proofs) == set(packed)
        for key, hashes in packed.items():
            proof = proofs[key]
            named = session.scalars(
                select(ProofPhoto.sha256)
                .where(ProofPhoto.proof_id == proof.id)
                .order_by(ProofPhoto.position)
            )
            assert list(named) == hashes
            for one in hashes:
                assert sha256(store.read(proof.organisation_id, one)) == one
        for model, count in (
            (AcceptedManifest, len(packed)),
            (Dispatch, len(packed)),
            (Photo, len(packed) * PHOTOS_EACH),
        ):
            assert session.scalar(select(func.count(model.id))) == count


def test_proofs_arrive_once_and_whole_and_their_progress_comes_back(
    cloud: Cloud, table: Table
) -> None:
    """U-13."""
    with cloud.serving() as serving:
        table.uplink.start()
        packed = {f"{number:032x}": table.pack(number) for number in range(1, 6)}
        table.wait_until(lambda: len(set(table.store.receipted)) == len(packed))
        table.wait_until(lambda: set(table.store.progress) == set(packed))
        assert set(table.store.progress.values()) == {DispatchState.WAITING_FOR_ORDER}
        assert table.spool.photos_to_send(10) == []
        assert table.spool.manifests_to_send(10) == []
        assert serving.end() == 0
    require_all(cloud, packed)


def test_what_was_packed_offline_arrives_when_the_cloud_comes(cloud: Cloud, table: Table) -> None:
    table.uplink.start()
    packed = {f"{number:032x}": table.pack(number) for number in range(1, 4)}
    with cloud.serving() as serving:
        table.wait_until(lambda: len(set(table.store.receipted)) == len(packed))
        assert serving.end() == 0
    require_all(cloud, packed)


@pytest.mark.parametrize("after", [1, 4, 9])
def test_a_cloud_that_is_killed_in_the_middle_ends_with_every_proof_once(
    cloud: Cloud, table: Table, after: int
) -> None:
    """Invariants 4 and 7: what the table was told is there, what comes again changes nothing."""
    packed = {f"{number:032x}": table.pack(number) for number in range(1, 13)}
    table.uplink.start()
    with cloud.serving() as serving:
        table.wait_until(lambda: len(table.store.receipted) >= after)
        kill(serving)
    told = {proof for proof, _ in table.store.receipted}
    require_at_least(cloud, told)
    with cloud.serving() as serving:
        # Each at least once: one that waited here to be noted is asked for by the new session.
        table.wait_until(lambda: len(set(table.store.receipted)) == len(packed))
        assert serving.end() == 0
    require_all(cloud, packed)


def test_a_cloud_put_back_from_a_backup_gets_again_what_the_table_still_has(
    cloud: Cloud, table: Table, tmp_path: Path
) -> None:
    """What may have been sent since waits for a person; nothing that was receipted is lost."""
    packed = {f"{number:032x}": table.pack(number) for number in (1, 2)}
    with cloud.serving() as serving:
        table.uplink.start()
        table.wait_until(lambda: len(table.store.receipted) == 2)
        assert cloud.run("backup", str(tmp_path / "backup")).returncode == 0
        packed |= {f"{number:032x}": table.pack(number) for number in (3, 4)}
        table.wait_until(lambda: len(table.store.receipted) == 4)
        assert serving.end() == 0
    cloud.folder.rename(tmp_path / "lost")
    shutil.copytree(tmp_path / "backup", cloud.folder)
    refused = cloud.run("serve")
    assert refused.returncode == 2
    [line] = refused.stderr.splitlines()
    assert "type: packwitness-cloud restored" in line
    said = cloud.run("restored")
    assert said.returncode == 0, said.stderr
    assert "2 that were under way wait for a person" in said.stdout
    with cloud.serving() as serving:
        table.wait_until(lambda: len(table.store.receipted) == 8)
        assert serving.end() == 0
    require_all(cloud, packed)
    database_file = cloud.folder / "packwitness.sqlite3"
    with Database.open(f"sqlite:///{database_file}") as database, database.read(TEST) as session:
        rows = session.execute(select(Dispatch.state, Dispatch.reason)).all()
    assert {tuple(row) for row in rows} == {(DispatchState.NEEDS_PERSON, Reason.RESTORED)}


def kill(serving: Serving) -> None:
    serving.program.kill()
    serving.program.wait(30)


def require_at_least(cloud: Cloud, told: set[str]) -> None:
    """What was receipted is in the database, whatever happened since."""
    with (
        Database.open(f"sqlite:///{cloud.folder / 'packwitness.sqlite3'}") as database,
        database.read(TEST) as session,
    ):
        assert told <= set(session.scalars(select(Proof.proof_key)))
