"""A table's spool with short words for its steps."""

from collections.abc import Iterator
from pathlib import Path

from edge.spool.retention import Retention
from edge.spool.store import Spool
from tests.support.spool_faults import FaultyFiles
from tests.support.spool_table import TableClock, jpeg, open_spool, proof_id, quick_folder
from wire.messages import Closing, Manifest, Mode

P1, P2, P3 = proof_id(1), proof_id(2), proof_id(3)
DAY_S = 24 * 3600.0


class Table:
    """One table: its clock, its disk, and its spool, which can start anew."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.clock = TableClock()
        self.files = FaultyFiles()
        self.spool = self.start()
        self.wakes = 0
        self.spool.subscribe(self._count)

    def _count(self) -> None:
        self.wakes += 1

    def start(self, retention: Retention | None = None, reserve_bytes: int = 0) -> Spool:
        self.spool = open_spool(
            self.directory,
            self.clock,
            files=self.files,
            retention=retention,
            reserve_bytes=reserve_bytes,
        )
        return self.spool

    def restart(self, retention: Retention | None = None, reserve_bytes: int = 0) -> Spool:
        self.spool.close()
        return self.start(retention, reserve_bytes)

    def open(self, proof: str, code: str = "CODE", mode: Mode = Mode.PACKING) -> None:
        self.spool.open_proof(proof, code, mode, self.clock.now())

    def photo(self, proof: str, number: int) -> str:
        now = self.clock.now()
        return self.spool.save_photo(proof, number, jpeg(number), now, "sim").sha256

    def close(self, proof: str, closing: Closing = Closing.SEND) -> Manifest:
        return Manifest.from_bytes(self.spool.close_proof(proof, closing, self.clock.now()).raw)

    def packed(self, proof: str, *numbers: int, code: str = "CODE") -> list[str]:
        self.open(proof, code)
        hashes = [self.photo(proof, number) for number in numbers]
        self.close(proof)
        return hashes

    def waiting(self) -> list[tuple[str, int]]:
        return [(m.proof_id, m.revision) for m in self.spool.manifests_to_send(99)]

    def unsent_photos(self) -> list[str]:
        return [photo.sha256 for photo in self.spool.photos_to_send(99)]


def running_table() -> Iterator[Table]:
    """For a fixture: a table on a folder in memory."""
    with quick_folder() as folder:
        table = Table(folder / "new" / "spool")
        yield table
        table.spool.close()
