"""What a start makes of what a crash, a worn card or a person left in the spool."""

import resource
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from edge.spool.errors import DiskFault, NoSpace, SpoolDamaged
from edge.spool.journal import FILE_NAME
from edge.spool.store import Spool
from tests.support.spool_table import (
    TableClock,
    assert_in_order,
    damage_page,
    jpeg,
    open_spool,
    photo_files,
    proof_id,
    sha256,
)
from wire.messages import Closing, Manifest, Mode

P1, P2, P3 = proof_id(1), proof_id(2), proof_id(3)


@pytest.fixture
def clock() -> TableClock:
    return TableClock()


Start = Callable[..., Spool]
"""Opens the spool; the one it opened before is closed first, as its daemon is gone."""


@pytest.fixture
def start(directory: Path, clock: TableClock) -> Iterator[Start]:
    running: list[Spool] = []

    def restart(**settings: Any) -> Spool:
        while running:
            running.pop().close()
        running.append(open_spool(directory, clock, **settings))
        return running[0]

    yield restart
    for spool in running:
        spool.close()


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "spool"


def pack(spool: Spool, clock: TableClock, proof: str, code: str, *numbers: int) -> None:
    spool.open_proof(proof, code, Mode.PACKING, clock.now())
    for number in numbers:
        spool.save_photo(proof, number, jpeg(number), clock.now(), "sim")


def sent_and_withdrawn(directory: Path, clock: TableClock) -> dict[str, bytes]:
    """A closed spool: one proof sent, one sent and withdrawn, one left open; raw by proof."""
    spool = open_spool(directory, clock)
    pack(spool, clock, P1, "SENT/1", 1, 2)
    pack(spool, clock, P2, "BACK", 3)
    pack(spool, clock, P3, "OPEN", 4)
    raw = {P1: spool.close_proof(P1, Closing.SEND, clock.now()).raw}
    spool.close_proof(P2, Closing.SEND, clock.now())
    raw[P2] = spool.withdraw(P2, clock.now()).raw
    spool.close()
    return raw


def waiting(spool: Spool) -> dict[str, Manifest]:
    return {m.proof_id: Manifest.from_bytes(m.raw) for m in spool.manifests_to_send(99)}


def closings(spool: Spool) -> dict[str, list[Closing]]:
    result: dict[str, list[Closing]] = {}
    for manifest in waiting(spool).values():
        result.setdefault(manifest.code, []).append(manifest.closing)
    return result


# --- crash --------------------------------------------------------------------------------------


def test_a_proof_left_open_becomes_unsent_and_comes_back_by_its_code(
    directory: Path, clock: TableClock, start: Start
) -> None:
    spool = start()
    pack(spool, clock, P1, "CODE", 1, 2)
    pack(spool, clock, P2, "NO PHOTO")
    spool.close()
    spool = start()
    assert [(r.proof_id, r.closing, r.photos) for r in spool.recovery.recovered] == [
        (P1, Closing.UNSENT, 2),
        (P2, Closing.CANCELLED, 0),
    ]
    reopened = spool.reopen("CODE", clock.now())
    assert reopened is not None
    assert [photo.sha256 for photo in reopened.photos] == [sha256(jpeg(1)), sha256(jpeg(2))]
    assert spool.close_proof(P1, Closing.SEND, clock.now()).revision == 2
    spool.close()
    assert start().recovery.recovered == ()


def test_a_temporary_file_is_removed(directory: Path, clock: TableClock, start: Start) -> None:
    sent_and_withdrawn(directory, clock)
    leftover = photo_files(directory)[0].with_suffix(".jpg.tmp")
    leftover.write_bytes(b"\xff\xd8\xff half")
    spool = start()
    assert not leftover.exists()
    assert_in_order(directory)
    assert spool.recovery.found == ()


def test_a_photo_without_a_row_becomes_an_unsent_proof_of_its_own(
    directory: Path, clock: TableClock, start: Start
) -> None:
    """A card that forgot the journal's last commits still has the photos."""
    spool = start()
    pack(spool, clock, P1, "A/B", 1)
    spool.close()
    older = (directory / FILE_NAME).read_bytes()
    spool = start()
    spool.reopen("A/B", clock.now())
    spool.save_photo(P1, 2, jpeg(2), clock.now(), "sim")
    spool.close_proof(P1, Closing.SEND, clock.now())
    spool.close()
    (directory / FILE_NAME).write_bytes(older)

    spool = start()
    assert [(f.code, f.closing, f.photos) for f in spool.recovery.found] == [
        ("A/B", Closing.UNSENT, 1)
    ]
    found = waiting(spool)[spool.recovery.found[0].proof_id]
    assert [photo.warnings for photo in found.photos] == [["recovered-from-file"]]
    assert not found.photos[0].clock_synced
    assert spool.read_photo(sha256(jpeg(2))) == jpeg(2)
    assert_in_order(directory)
    reopened = spool.reopen("A/B", clock.now())
    assert reopened is not None
    assert reopened.proof_id == P1  # what the packer saw, not what was found
    new = spool.save_photo(P1, 3, jpeg(3), clock.now(), "sim")
    numbers = [int(path.name.split("_")[2]) for path in photo_files(directory)]
    assert len(set(numbers)) == 3
    assert new.sequence == max(numbers)


def test_a_broken_file_without_a_row_is_set_aside(
    directory: Path, clock: TableClock, start: Start
) -> None:
    sent_and_withdrawn(directory, clock)
    good = photo_files(directory)[0]
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
    pack(spool, clock, proof_id(9), "NEXT", 9)
    assert spool.photos_to_send(99)[-1].path.name.startswith("NEXT_")
    assert max(manifest.sequence for manifest in waiting(spool).values()) > 91
    spool.close()
    assert start().recovery.set_aside == ()


@pytest.mark.parametrize("harm", ["gone", "cut short"])
def test_a_lost_photo_is_said_and_the_rest_goes_on(
    directory: Path, clock: TableClock, start: Start, harm: str
) -> None:
    raw = sent_and_withdrawn(directory, clock)
    path = next(path for path in photo_files(directory) if path.read_bytes() == jpeg(2))
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


def test_a_file_that_retention_could_not_remove_is_removed_later(
    directory: Path, clock: TableClock, start: Start
) -> None:
    sent_and_withdrawn(directory, clock)
    path = photo_files(directory)[0]
    connection = sqlite3.connect(directory / FILE_NAME)
    relative = str(path.relative_to(directory))
    connection.execute("UPDATE photo SET fate = 'freed' WHERE path = ?", (relative,))
    connection.commit()
    connection.close()
    start()
    assert not path.exists()


# --- a damaged journal --------------------------------------------------------------------------


def test_manifests_that_prove_genuine_are_taken_over(
    directory: Path, clock: TableClock, start: Start
) -> None:
    """A proof closed by F4 is still sent, one taken back is not, each byte for byte."""
    raw = sent_and_withdrawn(directory, clock)
    damage_page(directory, "photo_by_sha256")
    spool = start()
    assert spool.recovery.damaged_journal == directory / "journal.sqlite3.damaged-1"
    assert spool.recovery.damaged_journal.is_file()
    assert spool.recovery.kept_manifests == 3
    assert {m.proof_id: m.raw for m in spool.manifests_to_send(9) if m.proof_id in raw} == raw
    assert closings(spool) == {
        "SENT/1": [Closing.SEND],
        "BACK": [Closing.WITHDRAWN],
        "OPEN": [Closing.UNSENT],
    }
    for number in (1, 2, 3, 4):
        assert spool.read_photo(sha256(jpeg(number))) == jpeg(number)
    assert_in_order(directory)
    spool.close()
    assert start().recovery.damaged_journal is None


def only_photos(directory: Path, harm: str) -> None:
    path = directory / FILE_NAME
    match harm:
        case "rubbish":
            path.write_bytes(b"rubbish" * 1000)
        case "cut short":
            path.write_bytes(path.read_bytes()[:5000])
        case "manifests":
            damage_page(directory, "manifest")
        case "manifest index":
            damage_page(directory, "sqlite_autoindex_manifest_1")
        case "header":
            data = path.read_bytes()
            path.write_bytes(b"\0" * 100 + data[100:])


@pytest.mark.parametrize("harm", ["rubbish", "cut short", "manifests", "manifest index", "header"])
def test_without_manifests_every_photo_is_kept_unsent(
    directory: Path, clock: TableClock, start: Start, harm: str
) -> None:
    """Nothing that a packer took back can reach a buyer."""
    sent_and_withdrawn(directory, clock)
    only_photos(directory, harm)
    spool = start()
    assert spool.recovery.damaged_journal is not None
    assert spool.recovery.kept_manifests == 0
    assert closings(spool) == {code: [Closing.UNSENT] for code in ("SENT/1", "BACK", "OPEN")}
    for number in (1, 2, 3, 4):
        assert spool.read_photo(sha256(jpeg(number))) == jpeg(number)
    assert_in_order(directory)
    assert spool.reopen("SENT/1", clock.now()) is None


def test_a_manifest_that_was_changed_is_not_believed(
    directory: Path, clock: TableClock, start: Start
) -> None:
    sent_and_withdrawn(directory, clock)
    connection = sqlite3.connect(directory / FILE_NAME)
    connection.execute("UPDATE manifest SET raw = CAST(replace(raw, 'SENT/1', 'SENT/2') AS BLOB)")
    connection.commit()
    connection.close()
    damage_page(directory, "photo_by_sha256")
    spool = start()
    assert spool.recovery.kept_manifests == 0
    assert Closing.SEND not in {m.closing for m in waiting(spool).values()}


def test_a_missing_revision_makes_all_manifests_doubtful(
    directory: Path, clock: TableClock, start: Start
) -> None:
    sent_and_withdrawn(directory, clock)
    connection = sqlite3.connect(directory / FILE_NAME)
    sql = "DELETE FROM manifest WHERE closing = 'send' AND proof_id = ?"
    assert connection.execute(sql, (P2,)).rowcount == 1
    connection.commit()
    connection.close()
    damage_page(directory, "photo_by_sha256")
    assert start().recovery.kept_manifests == 0


def test_a_withdrawal_that_only_the_index_remembers_is_missed(
    directory: Path, clock: TableClock, start: Start
) -> None:
    """A card brought back an old page: all that is left is whole, but not all is left."""
    sent_and_withdrawn(directory, clock)
    connection = sqlite3.connect(directory / FILE_NAME)
    sql = "SELECT rootpage FROM sqlite_master WHERE name = 'sqlite_autoindex_manifest_1'"
    (page,) = connection.execute(sql).fetchone()
    before = (directory / FILE_NAME).read_bytes()[(page - 1) * 4096 : page * 4096]
    sql = "DELETE FROM manifest WHERE closing = 'withdrawn'"
    assert connection.execute(sql).rowcount == 1
    connection.commit()
    connection.close()
    with (directory / FILE_NAME).open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(before)
    damage_page(directory, "photo_by_sha256")
    spool = start()
    assert spool.recovery.kept_manifests == 0
    assert Closing.SEND not in {m.closing for m in waiting(spool).values()}


def test_a_rebuild_that_was_cut_off_is_done_again(
    directory: Path, clock: TableClock, start: Start
) -> None:
    raw = sent_and_withdrawn(directory, clock)
    damage_page(directory, "photo_by_sha256")
    (directory / FILE_NAME).rename(directory / f"{FILE_NAME}.damaged-1")
    spool = start()
    assert {m.proof_id: m.raw for m in spool.manifests_to_send(9) if m.proof_id in raw} == raw


def test_a_second_damage_gets_a_name_of_its_own(
    directory: Path, clock: TableClock, start: Start
) -> None:
    sent_and_withdrawn(directory, clock)
    for number in (1, 2):
        (directory / FILE_NAME).write_bytes(b"rubbish" * 1000)
        spool = start()
        assert spool.recovery.damaged_journal is not None
        assert spool.recovery.damaged_journal.name.endswith(f"damaged-{number}")
        spool.close()
    assert len(photo_files(directory)) == 4


def test_numbers_go_on_after_a_rebuild(directory: Path, clock: TableClock, start: Start) -> None:
    """Invariant 10: the cloud orders by them."""
    sent_and_withdrawn(directory, clock)
    damage_page(directory, "photo_by_sha256")
    spool = start()
    newest = max(manifest.sequence for manifest in waiting(spool).values())
    pack(spool, clock, proof_id(9), "NEXT", 9)
    assert spool.close_proof(proof_id(9), Closing.SEND, clock.now()).sequence > newest


def test_more_photos_of_a_code_than_a_proof_takes_become_several(
    directory: Path, clock: TableClock, start: Start
) -> None:
    spool = start()
    pack(spool, clock, P1, "CODE", 1, 2, 3)
    spool.close_proof(P1, Closing.UNSENT, clock.now())
    pack(spool, clock, P2, "CODE", 4, 1)
    spool.close()
    (directory / FILE_NAME).unlink()
    spool = start()
    assert sorted(found.photos for found in spool.recovery.found) == [1, 1, 3]
    assert_in_order(directory)


def test_damage_noticed_while_running_is_said_and_the_next_start_repairs(
    directory: Path, clock: TableClock, start: Start
) -> None:
    sent_and_withdrawn(directory, clock)
    spool = start()
    spool.close()
    spool = start()
    with (directory / FILE_NAME).open("r+b") as file:
        file.seek(4096)
        file.write(b"worn" * 30000)
    with pytest.raises(SpoolDamaged):
        spool.list_proofs()
    spool.close()
    spool = start()
    assert spool.recovery.damaged_journal is not None
    assert spool.read_photo(sha256(jpeg(1))) == jpeg(1)


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


def test_a_write_that_sqlite_cannot_make_leaves_the_proof_open(
    directory: Path, clock: TableClock, start: Start
) -> None:
    spool = start()
    pack(spool, clock, P1, "CODE", 1)
    log_bytes = (directory / f"{FILE_NAME}-wal").stat().st_size
    with largest_file(log_bytes), pytest.raises((DiskFault, NoSpace)):
        spool.close_proof(P1, Closing.SEND, clock.now())
    assert spool.manifests_to_send(9) == []
    with largest_file(log_bytes), pytest.raises((DiskFault, NoSpace)):
        spool.save_photo(P1, 2, jpeg(2), clock.now(), "sim")
    assert_in_order(directory)
    assert spool.close_proof(P1, Closing.SEND, clock.now()).revision == 1
    spool.close()
    spool = start()
    assert [m.revision for m in spool.manifests_to_send(9)] == [1]


def test_a_full_journal_is_said_as_no_space(
    directory: Path, clock: TableClock, start: Start
) -> None:
    def small(path: Path) -> sqlite3.Connection:
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA max_page_count = 30")
        return connection

    spool = start(connect=small)
    taken = 0

    def fill() -> None:
        nonlocal taken
        for number in range(1000):
            pack(spool, clock, proof_id(number + 1), f"CODE{number}", number)
            taken = number + 1

    with pytest.raises(NoSpace):
        fill()
    spool.close()
    spool = start()
    assert taken > 3
    for number in range(taken):
        assert spool.read_photo(sha256(jpeg(number))) == jpeg(number)
    assert_in_order(directory)
