"""The daemon in a real process, with a disk, a camera and an input that fail under it."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.table_process import TableProcess, proofs, write_table
from tests.support.waiting import eventually
from wire.messages import Closing

FIRST, SECOND, THIRD = "220101AAAAAAAA", "220102BBBBBBBB", "220103CCCCCCCC"


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    return write_table(tmp_path)


@contextmanager
def disk_that_takes_no_photo(table: TableProcess) -> Iterator[None]:
    """The kernel refuses the table's writes beyond a size, as it does on a full disk."""
    _, hard = resource.prlimit(table.process.pid, resource.RLIMIT_FSIZE)
    before = resource.prlimit(table.process.pid, resource.RLIMIT_FSIZE, (4096, hard))
    yield
    resource.prlimit(table.process.pid, resource.RLIMIT_FSIZE, before)


def _pack(table: TableProcess, code: str) -> None:
    table.enter_and_see(code, f"Order open - {code}")
    table.enter_and_see("p", "1 photo ")
    table.enter_and_see("s", "Saved, go on")


def test_a_disk_that_refuses_a_photo_is_said_and_the_order_is_finished_later(
    tmp_path: Path, settings: Path
) -> None:
    with TableProcess(settings) as table:
        table.see("Ready")
        _pack(table, FIRST)
        table.enter_and_see(SECOND, f"Order open - {SECOND}")
        eventually(lambda: proofs(tmp_path)[0].code == SECOND)  # the journal has it too
        with disk_that_takes_no_photo(table):
            table.enter_and_see("p", "Call the lead")
        table.enter_and_see("p", "1 photo ")
        table.enter_and_see("s", "Saved, go on")
        assert table.stop() == 0
    assert [(one.code, one.closing, len(one.photos)) for one in proofs(tmp_path)] == [
        (SECOND, Closing.SEND, 1),
        (FIRST, Closing.SEND, 1),
    ]


def test_a_close_that_the_disk_refuses_is_not_called_saved_and_is_made_up(
    tmp_path: Path, settings: Path
) -> None:
    """S0-34: "saved" is said when it is."""
    with TableProcess(settings) as table:
        table.see("Ready")
        table.enter_and_see(FIRST, "Order open")
        table.enter_and_see("p", "1 photo ")
        with disk_that_takes_no_photo(table):
            table.enter_and_see("s", "Call the lead")
            assert not any("Saved" in line for line in table.light)
        table.see("Saved, go on")
        assert table.stop() == 0
    assert [(one.closing, len(one.photos)) for one in proofs(tmp_path)] == [(Closing.SEND, 1)]


def test_at_the_reserve_no_order_is_taken(tmp_path: Path, settings: Path) -> None:
    with TableProcess(settings, "--set", f"spool.reserve_bytes={2**60}") as table:
        table.see("the disk is full")
        table.enter_and_see(FIRST, "new orders are not taken")
        assert table.stop() == 0
    assert proofs(tmp_path) == []


def test_without_a_camera_orders_are_noted_until_it_is_back(tmp_path: Path, settings: Path) -> None:
    """U-12."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    picture = _picture(tmp_path, settings)
    camera = ("--set", "camera.kind=folder", "--set", f"camera.folder={folder}")
    with TableProcess(settings, *camera) as table:
        table.see("Call the lead - no camera")
        table.enter_and_see(SECOND, "Packed without photo")
        seen = len(table.light)
        (folder / "1.jpg").write_bytes(picture)
        table.see("Ready", after=seen)
        table.enter_and_see(THIRD, "Order open")
        (folder / "1.jpg").unlink()
        table.enter_and_see("p", "Refused")
        (folder / "1.jpg").write_bytes(picture)
        table.enter_and_see("p", "1 photo ")
        table.enter_and_see("s", "Saved, go on")
        assert table.stop() == 0
    assert [one.code for one in proofs(tmp_path)] == [THIRD, FIRST]


def _picture(folder: Path, settings: Path) -> bytes:
    with TableProcess(settings) as table:
        table.see("Ready")
        _pack(table, FIRST)
        assert table.stop() == 0
    [proof] = proofs(folder)
    return (folder / "spool" / proof.photos[0]).read_bytes()


def test_an_input_that_is_gone_is_said_and_ends_nothing(tmp_path: Path, settings: Path) -> None:
    """U-12: what is open is safe, and the table stops when it is asked to."""
    with TableProcess(settings) as table:
        table.see("Ready")
        table.enter_and_see(FIRST, "Order open")
        table.enter_and_see("p", "1 photo ")
        assert table.process.stdin is not None
        table.process.stdin.close()
        table.see("terminal is unplugged")
        assert table.stop() == 0
    assert [(one.closing, len(one.photos)) for one in proofs(tmp_path)] == [(Closing.UNSENT, 1)]


def test_a_table_without_its_scanner_says_so_and_ends_nothing(
    tmp_path: Path, settings: Path
) -> None:
    """U-12: devices that no machine has, so that the keyboard of this one is left alone."""
    words = [
        'input.kinds=["evdev"]',
        'input.scanners={reader={device="name:no such scanner"}}',
        'input.pedals={foot={device="port:no-such-port"}}',
    ]
    with TableProcess(settings, *(part for word in words for part in ("--set", word))) as table:
        table.see("reader is not plugged in")
        table.see("foot is not plugged in")
        assert table.stop() == 0
    assert proofs(tmp_path) == []
