"""A real table dies at each step between key press and deletion; the real link keeps count."""

import os
import random
import secrets
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud.database.write import Database
from edge import fault_points
from edge.fault_points import Step
from tests.support.killed_table import (
    KILLED,
    PHOTOS,
    SAVED,
    SLICES,
    WHILE_PACKING,
    WHILE_SENDING,
    CloudSide,
    Told,
    cloud_side,
    dying_at,
    kept_photos,
    pack,
    require_once,
    sent,
    told,
    wait_receipted,
)
from tests.support.mosquitto import Mosquitto
from tests.support.table_process import TableProcess, proofs, write_table
from tests.support.waiting import eventually
from wire.messages import Closing

DEVICE, ORDER = "table-01", "220101AAAAAAAA"
FREES_ALL = ("--set", "spool.retention_bytes=0")

WHILE_FREEING = {
    "journal-written/choosing what to free": 1,
    "journal-committed/choosing what to free": 1,
    "file-removed": 1,
    "journal-written/forgetting old proofs": 1,
    "journal-committed/forgetting old proofs": 1,
}
KILLS, LONGEST_LIFE_S = 6, 2.0
AT_THE_START = ("journal-written", "journal-committed")


@pytest.fixture
def database_kind() -> str:
    """The faults are the table's: one engine is enough."""
    return "sqlite"


@pytest.fixture
def cloud(mosquitto: Mosquitto, database: Database) -> Iterator[CloudSide]:
    with cloud_side(mosquitto, database, DEVICE) as side:
        yield side


@pytest.fixture
def settings(tmp_path: Path, mosquitto: Mosquitto) -> Path:
    return write_table(tmp_path, port=mosquitto.port, password=mosquitto.users[DEVICE])


def test_there_is_a_kill_at_every_step() -> None:
    killed = {where.partition("/")[0] for where in WHILE_PACKING | WHILE_SENDING | WHILE_FREEING}
    assert killed == set(Step)


@pytest.mark.parametrize(("where", "passing"), (WHILE_PACKING | WHILE_SENDING).items())
def test_a_table_killed_at_a_step_keeps_its_word(
    tmp_path: Path, settings: Path, cloud: CloudSide, where: str, passing: int
) -> None:
    """U-17, U-18: what the light promised is there, reaches the cloud, and is to be sent once."""
    with TableProcess(settings, *SLICES, environment=dying_at(where, passing)) as table:
        table.see("Ready")
        pack(table, ORDER)
        assert table.end() == KILLED
        promised = told(table, ORDER)
    if where in WHILE_PACKING:
        assert not promised.saved
    with TableProcess(settings, *SLICES) as again:
        again.see("Ready")
        require_kept(tmp_path, promised)
        if not sent(tmp_path):
            assert pack(again, ORDER, kept_photos(tmp_path, ORDER))
        wait_receipted(tmp_path)
        assert again.stop() == 0
    require_once(cloud, tmp_path, [ORDER])
    assert len(sent(tmp_path)[0].photos) == PHOTOS


def require_kept(folder: Path, promised: Told) -> None:
    """What the light promised is in the journal, and its files are there."""
    own = [one for one in proofs(folder) if one.closing is not None]
    assert len(sent(folder)) == 1 or not promised.saved
    assert max((len(one.photos) for one in own), default=0) >= promised.photos
    assert all(path.is_file() for one in own for path in one.photos)


@pytest.mark.parametrize("where", AT_THE_START)
def test_a_table_killed_again_while_it_puts_things_in_order_loses_nothing(
    tmp_path: Path, settings: Path, cloud: CloudSide, where: str
) -> None:
    with TableProcess(settings, environment=dying_at("file-renamed/.jpg", 2)) as table:
        table.see("Ready")
        pack(table, ORDER)
        assert table.end() == KILLED
    second = dying_at(f"{where}/putting the spool in order", 1)
    with TableProcess(settings, environment=second) as table:
        assert table.end() == KILLED
        assert table.light == []
    with TableProcess(settings) as again:
        again.see("Ready")
        # the second photo was never said to be saved, and is kept apart for a person
        assert [len(one.photos) for one in proofs(tmp_path)] == [1, 1]
        assert pack(again, ORDER, kept=1)
        wait_receipted(tmp_path)
        assert again.stop() == 0
    require_once(cloud, tmp_path, [ORDER])


@pytest.mark.parametrize(("where", "passing"), WHILE_FREEING.items())
def test_a_table_killed_while_it_frees_old_copies_offers_nothing_anew(
    tmp_path: Path, settings: Path, cloud: CloudSide, where: str, passing: int
) -> None:
    """A file that outlives its row must not come back as a photo that somebody found."""
    with TableProcess(settings) as table:
        table.see("Ready")
        assert pack(table, ORDER)
        wait_receipted(tmp_path)
        assert table.stop() == 0
    require_once(cloud, tmp_path, [ORDER])
    with TableProcess(settings, *FREES_ALL, environment=dying_at(where, passing)) as table:
        assert table.end() == KILLED
    with TableProcess(settings, *FREES_ALL) as again:
        again.see("Ready")
        eventually(lambda: not list((tmp_path / "spool").rglob("*.jpg")))
        assert again.stop() == 0
    assert [(one.closing, one.photos) for one in proofs(tmp_path)] == [(Closing.SEND, ())]
    assert cloud.count_photos() == PHOTOS


@pytest.mark.parametrize("where", ["journal-written/closing a proof", "published/SendManifest"])
def test_a_table_that_stands_still_keeps_its_spool_and_goes_on(
    tmp_path: Path, settings: Path, cloud: CloudSide, where: str
) -> None:
    """A second daemon does not take over from one that only hangs."""
    hanging = {fault_points.VARIABLE: f"stop 1 {where}"}
    with TableProcess(settings, environment=hanging) as table:
        table.see("Ready")
        table.enter_and_see(ORDER, "Order open")
        table.enter_and_see("p", "1 photo ")
        table.enter("s")
        eventually(lambda: stands_still(table.process.pid))
        with TableProcess(settings) as second:
            assert second.end() == 1
            assert any(f"in use by process {table.process.pid}" in line for line in second.log)
        table.process.send_signal(signal.SIGCONT)
        table.see(SAVED)
        wait_receipted(tmp_path)
        assert table.stop() == 0
    require_once(cloud, tmp_path, [ORDER])


def stands_still(pid: int) -> bool:
    return "State:\tT" in Path(f"/proc/{pid}/status").read_text()


def test_a_table_killed_at_random_moments_keeps_its_word(
    tmp_path: Path, settings: Path, cloud: CloudSide
) -> None:
    """The variable that is printed plays the same moments again."""
    seed = int(os.environ.get("PACKWITNESS_TEST_SEED") or secrets.randbits(32))
    sys.stdout.write(f"PACKWITNESS_TEST_SEED={seed}\n")
    chance = random.Random(seed)
    codes = [ORDER]
    for _ in range(KILLS):
        with TableProcess(settings, *SLICES) as table:
            table.see("Ready")
            timer = threading.Timer(chance.uniform(0, LONGEST_LIFE_S), table.process.kill)
            timer.start()
            pack_until_dark(tmp_path, table, codes)
            assert table.end() == KILLED
            for code in codes:
                assert (code in sent_codes(tmp_path)) or not told(table, code).saved
                assert kept_photos(tmp_path, code) >= told(table, code).photos
    with TableProcess(settings, *SLICES) as table:
        table.see("Ready")
        for code in codes:
            assert pack_rest(tmp_path, table, code)
        wait_receipted(tmp_path)
        assert table.stop() == 0
    require_once(cloud, tmp_path, codes)


def pack_until_dark(folder: Path, table: TableProcess, codes: list[str]) -> None:
    """Begin with the order that went dark before; each further order is a new one."""
    while pack_rest(folder, table, codes[-1]):
        codes.append(f"220101A{len(codes):07d}")


def pack_rest(folder: Path, table: TableProcess, code: str) -> bool:
    """As a packer who looks up whether an order was done before the table went dark."""
    if code in sent_codes(folder):
        return True
    return pack(table, code, kept_photos(folder, code))


def sent_codes(folder: Path) -> set[str]:
    return {one.code for one in sent(folder)}
