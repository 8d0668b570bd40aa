"""What a start makes of what a crash left, and of failures of SQLite's own writes."""

import resource
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from edge.spool.errors import DiskFault, NoSpace
from edge.spool.journal import FILE_NAME
from tests.support.spool_leftovers import (
    P1,
    P2,
    Starts,
    pack,
    sent_and_withdrawn,
    starts,
    waiting,
)
from tests.support.spool_table import (
    assert_in_order,
    jpeg,
    photo_files,
    proof_id,
    sha256,
)
from wire.messages import Closing


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Starts]:
    yield from starts(tmp_path / "spool")


def test_a_proof_left_open_becomes_unsent_and_comes_back_by_its_code(start: Starts) -> None:
    spool = start()
    pack(spool, start.clock, P1, "CODE", 1, 2)
    pack(spool, start.clock, P2, "NO PHOTO")
    spool.close()
    spool = start()
    assert [(r.proof_id, r.closing, r.photos) for r in spool.recovery.recovered] == [
        (P1, Closing.UNSENT, 2),
        (P2, Closing.CANCELLED, 0),
    ]
    reopened = spool.reopen("CODE", start.clock.now())
    assert reopened is not None
    assert [photo.sha256 for photo in reopened.photos] == [sha256(jpeg(1)), sha256(jpeg(2))]
    assert spool.close_proof(P1, Closing.SEND, start.clock.now()).revision == 2
    spool.close()
    assert start().recovery.recovered == ()


def test_a_temporary_file_is_removed(start: Starts) -> None:
    sent_and_withdrawn(start)
    leftover = photo_files(start.directory)[0].with_suffix(".jpg.tmp")
    leftover.write_bytes(b"\xff\xd8\xff half")
    spool = start()
    assert not leftover.exists()
    assert_in_order(start.directory)
    assert spool.recovery.found == ()


def test_a_photo_without_a_row_becomes_an_unsent_proof_of_its_own(start: Starts) -> None:
    """A card that forgot the journal's last commits still has the photos."""
    spool = start()
    pack(spool, start.clock, P1, "A/B", 1)
    spool.close()
    older = (start.directory / FILE_NAME).read_bytes()
    spool = start()
    spool.reopen("A/B", start.clock.now())
    spool.save_photo(P1, 2, jpeg(2), start.clock.now(), "sim")
    spool.close_proof(P1, Closing.SEND, start.clock.now())
    spool.close()
    (start.directory / FILE_NAME).write_bytes(older)

    spool = start()
    assert [(f.code, f.closing, f.photos) for f in spool.recovery.found] == [
        ("A/B", Closing.UNSENT, 1)
    ]
    found = waiting(spool)[spool.recovery.found[0].proof_id]
    assert [photo.warnings for photo in found.photos] == [["recovered-from-file"]]
    assert not found.photos[0].clock_synced
    assert spool.read_photo(sha256(jpeg(2))) == jpeg(2)
    assert_in_order(start.directory)
    reopened = spool.reopen("A/B", start.clock.now())
    assert reopened is not None
    assert reopened.proof_id == P1  # what the packer saw, not what was found
    new = spool.save_photo(P1, 3, jpeg(3), start.clock.now(), "sim")
    numbers = [int(path.name.split("_")[2]) for path in photo_files(start.directory)]
    assert len(set(numbers)) == 3
    assert new.sequence == max(numbers)


def test_a_broken_file_without_a_row_is_set_aside(start: Starts) -> None:
    sent_and_withdrawn(start)
    good = photo_files(start.directory)[0]
    cut = good.with_name("CUT_093001_90_aabbccdd.jpg")
    cut.write_bytes(jpeg(1)[:100])
    other = good.with_name("OTHER_093001_91_aabbccdd.jpg")
    other.write_bytes(jpeg(1))  # not the bytes that its name says
    (good.parent / "notes.txt").write_text("a person's")
    spool = start()
    assert {path.name for path in spool.recovery.set_aside} == {
        "CUT_093001_90_aabbccdd.jpg.damaged",
        "OTHER_093001_91_aabbccdd.jpg.damaged",
    }
    assert all(path.is_file() for path in spool.recovery.set_aside)
    assert spool.recovery.found == ()
    pack(spool, start.clock, proof_id(9), "NEXT", 9)
    assert spool.photos_to_send(99)[-1].path.name.startswith("NEXT_")
    assert max(manifest.sequence for manifest in waiting(spool).values()) > 91
    spool.close()
    assert start().recovery.set_aside == ()


@pytest.mark.parametrize("harm", ["gone", "cut short"])
def test_a_lost_photo_is_said_and_the_rest_goes_on(start: Starts, harm: str) -> None:
    raw = sent_and_withdrawn(start)
    path = next(path for path in photo_files(start.directory) if path.read_bytes() == jpeg(2))
    path.unlink() if harm == "gone" else path.write_bytes(jpeg(2)[:200])
    spool = start()
    assert spool.recovery.lost == (path,)
    assert spool.counts().lost_photos == 1
    assert sha256(jpeg(2)) not in {photo.sha256 for photo in spool.photos_to_send(9)}
    assert spool.manifests_to_send(1)[0].raw == raw[P1]
    assert spool.read_photo(sha256(jpeg(1))) == jpeg(1)
    spool.close()

    path.write_bytes(jpeg(2))
    spool = start()
    assert spool.counts().lost_photos == 0
    assert spool.read_photo(sha256(jpeg(2))) == jpeg(2)


def test_a_file_that_retention_could_not_remove_is_removed_later(start: Starts) -> None:
    sent_and_withdrawn(start)
    path = photo_files(start.directory)[0]
    connection = sqlite3.connect(start.directory / FILE_NAME)
    relative = str(path.relative_to(start.directory))
    connection.execute("UPDATE photo SET fate = 'freed' WHERE path = ?", (relative,))
    connection.commit()
    connection.close()
    start()
    assert not path.exists()


# --- SQLite's own failures ----------------------------------------------------------------------


@contextmanager
def largest_file(size_bytes: int) -> Iterator[None]:
    """No file of this process may grow beyond: write(2) really fails."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_write_that_sqlite_cannot_make_leaves_the_proof_open(start: Starts) -> None:
    spool = start()
    pack(spool, start.clock, P1, "CODE", 1)
    log_bytes = (start.directory / f"{FILE_NAME}-wal").stat().st_size
    with largest_file(log_bytes), pytest.raises((DiskFault, NoSpace)):
        spool.close_proof(P1, Closing.SEND, start.clock.now())
    assert spool.manifests_to_send(9) == []
    with largest_file(log_bytes), pytest.raises((DiskFault, NoSpace)):
        spool.save_photo(P1, 2, jpeg(2), start.clock.now(), "sim")
    assert_in_order(start.directory)
    assert spool.close_proof(P1, Closing.SEND, start.clock.now()).revision == 1
    spool.close()
    spool = start()
    assert [m.revision for m in spool.manifests_to_send(9)] == [1]


def test_a_full_journal_is_said_as_no_space(start: Starts) -> None:
    def small(path: Path) -> sqlite3.Connection:
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA max_page_count = 30")
        return connection

    spool = start(connect=small)
    taken = 0

    def fill() -> None:
        nonlocal taken
        for number in range(1000):
            pack(spool, start.clock, proof_id(number + 1), f"CODE{number}", number)
            taken = number + 1

    with pytest.raises(NoSpace):
        fill()
    spool.close()
    spool = start()
    assert taken > 3
    for number in range(taken):
        assert spool.read_photo(sha256(jpeg(number))) == jpeg(number)
    assert_in_order(start.directory)
