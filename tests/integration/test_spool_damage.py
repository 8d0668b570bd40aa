"""What a start makes of a damaged journal (docs/decisions, 0004)."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.spool.errors import SpoolDamaged
from edge.spool.journal import FILE_NAME
from tests.support.spool_leftovers import (
    P1,
    P2,
    Starts,
    closings,
    pack,
    sent_and_withdrawn,
    starts,
    waiting,
)
from tests.support.spool_table import (
    assert_in_order,
    damage_page,
    jpeg,
    photo_files,
    proof_id,
    sha256,
)
from wire.messages import Closing


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Starts]:
    yield from starts(tmp_path / "spool")


def test_manifests_that_prove_genuine_are_taken_over(start: Starts) -> None:
    """A proof closed by F4 is still sent, one taken back is not, each byte for byte."""
    raw = sent_and_withdrawn(start)
    damage_page(start.directory, "photo_by_sha256")
    spool = start()
    assert spool.recovery.damaged_journal == start.directory / "journal.sqlite3.damaged-1"
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
    assert_in_order(start.directory)
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
def test_without_manifests_every_photo_is_kept_unsent(start: Starts, harm: str) -> None:
    """Nothing that a packer took back can reach a buyer."""
    sent_and_withdrawn(start)
    only_photos(start.directory, harm)
    spool = start()
    assert spool.recovery.damaged_journal is not None
    assert spool.recovery.kept_manifests == 0
    assert closings(spool) == {code: [Closing.UNSENT] for code in ("SENT/1", "BACK", "OPEN")}
    for number in (1, 2, 3, 4):
        assert spool.read_photo(sha256(jpeg(number))) == jpeg(number)
    assert_in_order(start.directory)
    assert spool.reopen("SENT/1", start.clock.now()) is None


def test_a_manifest_that_was_changed_is_not_believed(start: Starts) -> None:
    sent_and_withdrawn(start)
    connection = sqlite3.connect(start.directory / FILE_NAME)
    connection.execute("UPDATE manifest SET raw = CAST(replace(raw, 'SENT/1', 'SENT/2') AS BLOB)")
    connection.commit()
    connection.close()
    damage_page(start.directory, "photo_by_sha256")
    spool = start()
    assert spool.recovery.kept_manifests == 0
    assert Closing.SEND not in {m.closing for m in waiting(spool).values()}


def test_a_missing_revision_makes_all_manifests_doubtful(start: Starts) -> None:
    sent_and_withdrawn(start)
    connection = sqlite3.connect(start.directory / FILE_NAME)
    sql = "DELETE FROM manifest WHERE closing = 'send' AND proof_id = ?"
    assert connection.execute(sql, (P2,)).rowcount == 1
    connection.commit()
    connection.close()
    damage_page(start.directory, "photo_by_sha256")
    assert start().recovery.kept_manifests == 0


def test_a_withdrawal_that_only_the_index_remembers_is_missed(start: Starts) -> None:
    """A card brought back an old page: all that is left is whole, but not all is left."""
    sent_and_withdrawn(start)
    connection = sqlite3.connect(start.directory / FILE_NAME)
    sql = "SELECT rootpage FROM sqlite_master WHERE name = 'sqlite_autoindex_manifest_1'"
    (page,) = connection.execute(sql).fetchone()
    before = (start.directory / FILE_NAME).read_bytes()[(page - 1) * 4096 : page * 4096]
    sql = "DELETE FROM manifest WHERE closing = 'withdrawn'"
    assert connection.execute(sql).rowcount == 1
    connection.commit()
    connection.close()
    with (start.directory / FILE_NAME).open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(before)
    damage_page(start.directory, "photo_by_sha256")
    spool = start()
    assert spool.recovery.kept_manifests == 0
    assert Closing.SEND not in {m.closing for m in waiting(spool).values()}


def test_a_rebuild_that_was_cut_off_is_done_again(start: Starts) -> None:
    raw = sent_and_withdrawn(start)
    damage_page(start.directory, "photo_by_sha256")
    (start.directory / FILE_NAME).rename(start.directory / f"{FILE_NAME}.damaged-1")
    spool = start()
    assert {m.proof_id: m.raw for m in spool.manifests_to_send(9) if m.proof_id in raw} == raw


def test_a_second_damage_gets_a_name_of_its_own(start: Starts) -> None:
    sent_and_withdrawn(start)
    for number in (1, 2):
        (start.directory / FILE_NAME).write_bytes(b"rubbish" * 1000)
        spool = start()
        assert spool.recovery.damaged_journal is not None
        assert spool.recovery.damaged_journal.name.endswith(f"damaged-{number}")
        spool.close()
    assert len(photo_files(start.directory)) == 4


def test_numbers_go_on_after_a_rebuild(start: Starts) -> None:
    """Invariant 10: the cloud orders by them."""
    sent_and_withdrawn(start)
    damage_page(start.directory, "photo_by_sha256")
    spool = start()
    newest = max(manifest.sequence for manifest in waiting(spool).values())
    pack(spool, start.clock, proof_id(9), "NEXT", 9)
    assert spool.close_proof(proof_id(9), Closing.SEND, start.clock.now()).sequence > newest


def test_more_photos_of_a_code_than_a_proof_takes_become_several(start: Starts) -> None:
    spool = start()
    pack(spool, start.clock, P1, "CODE", 1, 2, 3)
    spool.close_proof(P1, Closing.UNSENT, start.clock.now())
    pack(spool, start.clock, P2, "CODE", 4, 1)
    spool.close()
    (start.directory / FILE_NAME).unlink()
    spool = start()
    assert sorted(found.photos for found in spool.recovery.found) == [1, 1, 3]
    assert_in_order(start.directory)


def test_damage_noticed_while_running_is_said_and_the_next_start_repairs(start: Starts) -> None:
    sent_and_withdrawn(start)
    spool = start()
    spool.close()
    spool = start()
    with (start.directory / FILE_NAME).open("r+b") as file:
        file.seek(4096)
        file.write(b"worn" * 30000)
    with pytest.raises(SpoolDamaged):
        spool.list_proofs()
    spool.close()
    spool = start()
    assert spool.recovery.damaged_journal is not None
    assert spool.read_photo(sha256(jpeg(1))) == jpeg(1)
