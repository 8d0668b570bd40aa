"""Journal and log as a worn card leaves them: empty, torn, cut short, one without the other."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from edge.spool.journal import FILE_NAME
from edge.spool.store import Spool
from tests.support.spool_leftovers import (
    P1,
    P2,
    P3,
    Starts,
    closings,
    pack,
    sent_and_withdrawn,
    starts,
)
from tests.support.spool_table import assert_in_order, jpeg, proof_id, sha256
from wire.messages import Closing

LOG, INDEX = f"{FILE_NAME}-wal", f"{FILE_NAME}-shm"
CUTS = ("0", "0.2", "0.4", "0.6", "0.8", "0.97")
"""How much of the log is left."""
HARMS = ("gone", "rubbish", "rubbish at the end", "index rubbish", *CUTS)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Starts]:
    yield from starts(tmp_path / "spool")


@pytest.fixture
def killed(tmp_path: Path, start: Starts) -> Iterator[Starts]:
    """A spool as a kill leaves it: one proof is sent and in the journal, the rest is in its log."""
    spool = start()
    pack(spool, start.clock, P1, "EARLIER", 1)
    spool.close_proof(P1, Closing.SEND, start.clock.now())
    spool = start()
    pack(spool, start.clock, P2, "SENT/1", 2, 3)
    spool.close_proof(P2, Closing.SEND, start.clock.now())
    pack(spool, start.clock, P3, "OPEN", 4)
    shutil.copytree(start.directory, tmp_path / "killed")
    start.stop()
    yield from starts(tmp_path / "killed")


def harm_log(directory: Path, harm: str) -> None:
    log = directory / LOG
    data = log.read_bytes()
    assert len(data) > 20 * 4096, "the log is to hold what was packed last"
    match harm:
        case "gone":
            log.unlink()
        case "rubbish":
            log.write_bytes(b"rubbish!" * (len(data) // 8))
        case "rubbish at the end":
            log.write_bytes(data[:-6000] + b"worn" * 1500)
        case "index rubbish":
            (directory / INDEX).write_bytes(b"worn" * 8192)
        case _:
            log.write_bytes(data[: int(len(data) * float(harm))])


def require_all_photos(spool: Spool, directory: Path, *numbers: int) -> None:
    for number in numbers:
        assert spool.read_photo(sha256(jpeg(number))) == jpeg(number)
    assert spool.counts().lost_photos == 0
    assert_in_order(directory)


def require_for_a_person(found: list[Closing]) -> None:
    """Unsent; beside it an order whose row came back without its photos counts as cancelled."""
    assert Closing.UNSENT in found
    assert set(found) <= {Closing.UNSENT, Closing.CANCELLED}


def require_goes_on(start: Starts, spool: Spool) -> None:
    """The next order is packed, with a number that was never used, and a new start finds it."""
    before = max(manifest.sequence for manifest in spool.manifests_to_send(99))
    pack(spool, start.clock, proof_id(9), "NEXT", 9)
    assert spool.close_proof(proof_id(9), Closing.SEND, start.clock.now()).sequence > before
    spool = start()
    assert spool.recovery.damaged_journal is None
    assert closings(spool)["NEXT"] == [Closing.SEND]


@pytest.mark.parametrize("harm", HARMS)
def test_a_damaged_log_costs_no_photo_and_sends_nothing_that_was_not_closed(
    killed: Starts, harm: str
) -> None:
    """SQLite reads a log as far as its checksums agree; the rest comes back from the files."""
    harm_log(killed.directory, harm)
    spool = killed()
    require_all_photos(spool, killed.directory, 1, 2, 3, 4)
    found = closings(spool)
    assert found["EARLIER"] == [Closing.SEND]
    require_for_a_person(found["OPEN"])
    # in the log alone: sent as it was closed, or unsent for a person, never in part
    to_send = [m for m in spool.manifests_to_send(99) if m.proof_id == P2]
    if Closing.SEND in found["SENT/1"]:
        assert [m.sha256s for m in to_send] == [(sha256(jpeg(2)), sha256(jpeg(3)))]
    else:
        require_for_a_person(found["SENT/1"])
    require_goes_on(killed, spool)


def test_a_whole_log_brings_everything_back(killed: Starts) -> None:
    spool = killed()
    require_all_photos(spool, killed.directory, 1, 2, 3, 4)
    assert closings(spool) == {
        "EARLIER": [Closing.SEND],
        "SENT/1": [Closing.SEND],
        "OPEN": [Closing.UNSENT],
    }
    assert spool.recovery.found == ()


@pytest.mark.parametrize("is_there", [True, False], ids=["empty", "gone"])
def test_without_a_journal_every_photo_is_kept_unsent(start: Starts, is_there: bool) -> None:
    """A file of no bytes is a new journal to SQLite: no damage, and nothing that was noted."""
    sent_and_withdrawn(start)
    (start.directory / FILE_NAME).unlink()
    if is_there:
        (start.directory / FILE_NAME).touch()
    spool = start()
    require_all_photos(spool, start.directory, 1, 2, 3, 4)
    assert closings(spool) == {code: [Closing.UNSENT] for code in ("SENT/1", "BACK", "OPEN")}
    require_goes_on(start, spool)


@pytest.mark.parametrize("name", ["manifest", "photo", "proof", "spool", "sqlite_schema"])
def test_a_page_that_was_torn_while_it_was_written_is_noticed(start: Starts, name: str) -> None:
    """Its first half is of now, its second of before: nothing taken back becomes sent."""
    sent_and_withdrawn(start)
    tear(start.directory / FILE_NAME, name)
    spool = start()
    for number in (1, 2, 3, 4):
        assert spool.read_photo(sha256(jpeg(number))) == jpeg(number)
    found = closings(spool)
    assert set(found["BACK"]) <= {Closing.WITHDRAWN, Closing.UNSENT}
    assert set(found["OPEN"]) == {Closing.UNSENT}
    assert spool.recovery.damaged_journal is not None
    require_goes_on(start, spool)


def tear(path: Path, name: str) -> None:
    """Overwrite the half of a page where its newest rows lie."""
    with closing(sqlite3.connect(path)) as connection:
        sql = "SELECT rootpage FROM sqlite_master WHERE name = ?"
        row = connection.execute(sql, (name,)).fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    page = row[0] if row else 1
    with path.open("r+b") as file:
        file.seek((page - 1) * size + size // 2)
        file.write(bytes(size // 2))
