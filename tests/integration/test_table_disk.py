"""The disk of a real table fails at each write: the light says so, and nothing is lost."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from edge import fault_points
from edge.spool.reader import SpoolReader
from tests.support.killed_table import SAVED, Told, kept_photos, told
from tests.support.table_process import TableProcess, proofs, write_table
from wire.messages import Closing

EARLIER, ORDER = "220101AAAAAAAA", "220102BBBBBBBB"
ERRORS = ("ENOSPC", "EIO")
OF_A_PHOTO = (
    "file-written/.jpg",
    "file-synced/.jpg",
    "file-renamed/.jpg",
    "folder-synced/.jpg",
    "journal-written/noting a photo",
)
FIRST_OF_ORDER = 2
"""The earlier order has one photo, and one of everything that belongs to it."""


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    return write_table(tmp_path)


def failing(error: str, where: str) -> Mapping[str, str]:
    """The environment of a table whose disk fails once, while the second order is packed."""
    return {fault_points.VARIABLE: f"{error} {FIRST_OF_ORDER} {where}"}


def pack_earlier(table: TableProcess) -> None:
    table.see("Ready")
    table.enter_and_see(EARLIER, "Order open")
    table.enter_and_see("p", "1 photo ")
    table.enter_and_see("s", SAVED)


def require_both(folder: Path) -> None:
    """Both orders wait to be sent, each with its one photo, and nothing else is there."""
    own = {one.code: one for one in proofs(folder)}
    assert len(proofs(folder)) == len(own) == 2
    for code in (EARLIER, ORDER):
        assert (own[code].closing, len(own[code].photos)) == (Closing.SEND, 1)
        assert all(path.is_file() for path in own[code].photos)
    files = [path for path in (folder / "spool" / "photos").rglob("*") if path.is_file()]
    assert sorted(files) == sorted(path for one in own.values() for path in one.photos)


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("where", OF_A_PHOTO)
def test_a_photo_that_the_disk_refuses_is_never_counted_and_can_be_taken_again(
    tmp_path: Path, settings: Path, where: str, error: str
) -> None:
    """S0-34: the light calls the lead, and goes on as soon as the disk takes photos again."""
    with TableProcess(settings, environment=failing(error, where)) as table:
        pack_earlier(table)
        table.enter_and_see(ORDER, f"Order open - {ORDER}")
        table.enter_and_see("p", "Call the lead")
        assert told(table, ORDER) == Told(photos=0, saved=False)
        assert kept_photos(tmp_path, ORDER) == 0
        table.enter_and_see("p", f"1 photo - {ORDER}")
        table.enter_and_see("s", f"{SAVED} - {ORDER}")
        assert table.stop() == 0
    require_both(tmp_path)


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("step", ["journal-written", "journal-committed"])
def test_a_close_that_the_disk_refuses_is_repeated_before_it_is_called_saved(
    tmp_path: Path, settings: Path, step: str, error: str
) -> None:
    """Also where the commit was done although its sync failed: it is closed once."""
    where = f"{step}/closing a proof"
    with TableProcess(settings, environment=failing(error, where)) as table:
        pack_earlier(table)
        table.enter_and_see(ORDER, f"Order open - {ORDER}")
        table.enter_and_see("p", f"1 photo - {ORDER}")
        before = len(table.light)
        table.enter_and_see("s", "Call the lead")
        table.see(f"{SAVED} - {ORDER}", after=before)
        signs = [line for line in table.light[before:] if "Call the lead" in line or SAVED in line]
        assert "Call the lead" in signs[0]
        assert table.stop() == 0
    require_both(tmp_path)
    assert {one.revision for one in proofs(tmp_path)} == {1}


@pytest.mark.parametrize("error", ERRORS)
def test_an_order_that_the_disk_cannot_open_is_not_called_open(
    tmp_path: Path, settings: Path, error: str
) -> None:
    where = "journal-written/opening a proof"
    with TableProcess(settings, environment=failing(error, where)) as table:
        pack_earlier(table)
        table.enter_and_see(ORDER, "Call the lead")
        table.enter_and_see(ORDER, f"Order open - {ORDER}")
        table.enter_and_see("p", f"1 photo - {ORDER}")
        table.enter_and_see("s", f"{SAVED} - {ORDER}")
        assert table.stop() == 0
    require_both(tmp_path)


@pytest.mark.parametrize("error", ERRORS)
def test_a_photo_whose_commit_was_done_and_called_failed_is_not_sent_unseen(
    tmp_path: Path, settings: Path, error: str
) -> None:
    """Its file is taken back, and the order is sent with what the light counted."""
    where = "journal-committed/noting a photo"
    with TableProcess(settings, environment=failing(error, where)) as table:
        pack_earlier(table)
        table.enter_and_see(ORDER, f"Order open - {ORDER}")
        table.enter_and_see("p", "Call the lead")
        assert told(table, ORDER) == Told(photos=0, saved=False)
        table.enter_and_see("p", f"1 photo - {ORDER}")
        table.enter_and_see("s", f"{SAVED} - {ORDER}")
        assert table.stop() == 0
    reader = SpoolReader.open_reader(tmp_path / "spool")
    waiting = reader.manifests_to_send(10)
    assert [len(one.sha256s) for one in waiting] == [1, 1]
    for one in waiting:
        assert reader.read_photo(one.sha256s[0])
    reader.close()
