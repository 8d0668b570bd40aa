"""The daemon in a real process: it packs, survives being killed, and stops cleanly."""

import hashlib
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.table_process import TableProcess, proofs, write_table
from wire.messages import Closing

ORDER = "220101AAAAAAAA"


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    return write_table(tmp_path)


def _pack_until_three_photos(table: TableProcess) -> None:
    table.see("Ready")
    table.enter_and_see(ORDER, "Order open")
    table.enter_and_see("p", "1 photo ")
    table.enter_and_see("p", "2 photos")
    table.enter_and_see("p", "3 photos -")


def test_packs_an_order_without_network(tmp_path: Path, settings: Path) -> None:
    """S0-29 to S0-34, U-05, U-06, U-16: scan, three photos, the fourth refused, F4."""
    with TableProcess(settings) as table:
        _pack_until_three_photos(table)
        table.enter_and_see("p", "Refused")
        table.enter_and_see("s", "Saved, go on")
        assert table.stop() == 0
    [proof] = proofs(tmp_path)
    assert (proof.code, proof.closing, len(proof.photos)) == (ORDER, Closing.SEND, 3)
    for path in proof.photos:
        jpeg = (tmp_path / "spool" / path).read_bytes()
        assert (jpeg[:2], jpeg[-2:]) == (b"\xff\xd8", b"\xff\xd9")
        assert hashlib.sha256(jpeg).hexdigest()[:8] in path.name
        assert ORDER in path.name


def test_a_killed_table_keeps_its_photos_and_brings_them_back(
    tmp_path: Path, settings: Path
) -> None:
    """U-17."""
    with TableProcess(settings) as table:
        table.see("Ready")
        table.enter_and_see(ORDER, "Order open")
        table.enter_and_see("p", "1 photo ")
        table.enter_and_see("p", "2 photos")
        table.stop(signal.SIGKILL)
    with TableProcess(settings) as table:
        table.see_in_log("proof recovered")
        table.see("Ready")
        assert [(one.closing, len(one.photos)) for one in proofs(tmp_path)] == [(Closing.UNSENT, 2)]
        table.enter_and_see(ORDER, "2 photos")
        table.enter_and_see("p", "3 photos -")
        table.enter_and_see("s", "Saved, go on")
        assert table.stop() == 0
    [proof] = proofs(tmp_path)
    assert (proof.closing, len(proof.photos), proof.revision) == (Closing.SEND, 3, 2)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stopped_table_leaves_the_open_order_unsent(
    tmp_path: Path, settings: Path, number: signal.Signals
) -> None:
    with TableProcess(settings) as table:
        table.see("Ready")
        table.enter_and_see(ORDER, "Order open")
        table.enter_and_see("p", "1 photo ")
        assert table.stop(number) == 0
        assert not [line for line in table.log if " ERROR " in line or "Traceback" in line]
    assert [(one.closing, len(one.photos)) for one in proofs(tmp_path)] == [(Closing.UNSENT, 1)]


def test_undo_cancel_and_an_order_left_for_another(tmp_path: Path, settings: Path) -> None:
    with TableProcess(settings) as table:
        table.see("Ready")
        table.enter_and_see("220102BBBBBBBB", "Order open")
        table.enter_and_see("p", "1 photo ")
        table.enter_and_see("u", "Order open")
        table.enter_and_see("p", "1 photo ")
        table.enter_and_see("220103CCCCCCCC", "Order open - 220103CCCCCCCC")
        table.enter_and_see("c", "Ready")
        assert table.stop() == 0
    assert {one.code: (one.closing, len(one.photos)) for one in proofs(tmp_path)} == {
        "220102BBBBBBBB": (Closing.UNSENT, 1),
        "220103CCCCCCCC": (Closing.CANCELLED, 0),
    }


def test_a_second_daemon_says_in_one_line_why_it_cannot_start(settings: Path) -> None:
    with TableProcess(settings) as table:
        table.see("Ready")
        with TableProcess(settings) as second:
            assert second.end() == 1
            [said] = [line for line in second.log if line.startswith("packwitness-edge:")]
            assert f"in use by process {table.process.pid}" in said
        assert table.stop() == 0


def test_a_table_that_is_not_enrolled_says_so_and_packs(tmp_path: Path, settings: Path) -> None:
    (tmp_path / "credentials.json").unlink()
    with TableProcess(settings) as table:
        table.see("Ready, not enrolled")
        table.enter_and_see(ORDER, "Order open")
        table.enter_and_see("p", "1 photo ")
        table.enter_and_see("s", "Saved, go on")
        assert table.stop() == 0
    [proof] = proofs(tmp_path)
    assert (proof.code, proof.closing, len(proof.photos)) == (ORDER, Closing.SEND, 1)


def test_importing_the_command_loads_no_http_library() -> None:
    """The table's memory is small; only enrolment speaks HTTP."""
    code = "import sys, edge.cli, edge.daemon; sys.exit('httpx' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
