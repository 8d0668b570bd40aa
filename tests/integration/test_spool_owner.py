"""Who may open a spool: one daemon, of its device, of a version that knows it."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from edge.spool.errors import NoSpool, SpoolForeign, SpoolLocked, SpoolTooNew
from edge.spool.journal import FILE_NAME
from edge.spool.reader import SpoolReader
from tests.support.spool_table import (
    TableClock,
    damage_page,
    jpeg,
    open_spool,
    photo_files,
    proof_id,
    sha256,
)
from wire.messages import Closing, Mode

HOLD = """
import sys
from pathlib import Path
from tests.support.spool_table import TableClock, open_spool
spool = open_spool(Path(sys.argv[1]), TableClock())
print("open", flush=True)
sys.stdin.read()
"""


def packed(directory: Path, clock: TableClock) -> None:
    spool = open_spool(directory, clock)
    spool.open_proof(proof_id(1), "CODE", Mode.PACKING, clock.now())
    spool.save_photo(proof_id(1), 1, jpeg(1), clock.now(), "sim")
    spool.close_proof(proof_id(1), Closing.SEND, clock.now())
    spool.close()


def test_a_second_daemon_is_refused_with_the_id_of_the_first(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "open\n"
        with pytest.raises(SpoolLocked, match=f"process {first.pid}"):
            open_spool(tmp_path, TableClock())
        first.kill()
        first.wait()
    open_spool(tmp_path, TableClock()).close()  # the lock ended with its process


def test_the_same_process_cannot_open_it_twice(tmp_path: Path) -> None:
    spool = open_spool(tmp_path, TableClock())
    with pytest.raises(SpoolLocked):
        open_spool(tmp_path, TableClock())
    spool.close()
    spool.close()
    open_spool(tmp_path, TableClock()).close()


def test_the_list_can_be_read_beside_the_daemon(tmp_path: Path) -> None:
    clock = TableClock()
    packed(tmp_path, clock)
    spool = open_spool(tmp_path, clock)
    reader = SpoolReader.open_reader(tmp_path)
    assert [summary.code for summary in reader.list_proofs()] == ["CODE"]
    spool.open_proof(proof_id(2), "NEXT", Mode.PACKING, clock.now())
    assert [summary.code for summary in reader.list_proofs()] == ["NEXT", "CODE"]
    reader.close()
    spool.close()


def test_a_reader_makes_no_spool(tmp_path: Path) -> None:
    with pytest.raises(NoSpool, match="start the daemon"):
        SpoolReader.open_reader(tmp_path)
    assert not (tmp_path / FILE_NAME).exists()


def test_a_spool_of_another_device_is_refused_until_it_is_adopted(tmp_path: Path) -> None:
    clock = TableClock()
    packed(tmp_path, clock)
    with pytest.raises(SpoolForeign, match=r"table-01.*table-02"):
        open_spool(tmp_path, clock, device_id="table-02")
    adopted = open_spool(tmp_path, clock, device_id="table-02", adopt=True)
    assert adopted.read_photo(sha256(jpeg(1))) == jpeg(1)
    assert len(adopted.manifests_to_send(9)) == 1
    adopted.close()
    open_spool(tmp_path, clock, device_id="table-02").close()
    with pytest.raises(SpoolForeign):
        open_spool(tmp_path, clock)


def test_a_damaged_spool_of_another_device_is_refused_too(tmp_path: Path) -> None:
    clock = TableClock()
    packed(tmp_path, clock)
    damage_page(tmp_path, "photo_by_sha256")
    with pytest.raises(SpoolForeign):
        open_spool(tmp_path, clock, device_id="table-02")
    assert not list(tmp_path.glob("*.damaged-*"))


def test_a_journal_of_a_newer_program_is_left_as_it_is(tmp_path: Path) -> None:
    clock = TableClock()
    packed(tmp_path, clock)
    connection = sqlite3.connect(tmp_path / FILE_NAME)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = (tmp_path / FILE_NAME).read_bytes()
    (tmp_path / "photos" / "2026-03-01" / "x.jpg.tmp").write_bytes(b"")
    with pytest.raises(SpoolTooNew, match="99"):
        open_spool(tmp_path, clock)
    assert (tmp_path / FILE_NAME).read_bytes() == before
    assert len(photo_files(tmp_path)) == 2
