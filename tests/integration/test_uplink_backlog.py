"""Eight hours without a line and 2,000 proofs: back in order, no storm, packing all along."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from cloud.database.write import Database
from edge.spool.journal import FILE_NAME
from edge.uplink.settings import UplinkSettings
from tests.support.bad_line import BadLine
from tests.support.fake_cloud import FakeCloud
from tests.support.killed_table import SAVED, cloud_side
from tests.support.manual_clock import ManualClock
from tests.support.mosquitto import Mosquitto
from tests.support.spool_table import TableClock, jpeg, open_spool, quick_folder
from tests.support.table_process import TableProcess, write_table
from tests.support.uplink_table import DEVICE, UplinkTable, credentials
from tests.support.waiting import eventually
from wire.messages import Closing, Mode

PROOFS = 2000
BACKLOG = 1000
OFFLINE_S, LONGEST_WAIT_S = 8 * 3600, UplinkSettings().reconnect.longest_s
PHOTO_BYTES = 500
CODES = ["220101AAAAAAAA", "220102BBBBBBBB", "220103CCCCCCCC"]


@pytest.fixture
def database_kind() -> str:
    """The load is the table's: one engine is enough."""
    return "sqlite"


def test_after_eight_hours_each_proof_goes_out_once_and_in_order(tmp_path: Path) -> None:
    """U-16. The clock is the test's: nothing is repeated because this computer is slow."""
    clock = ManualClock()
    broker = Mosquitto(tmp_path / "mosquitto")
    with BadLine(broker.port) as line:
        who = credentials(line.port, broker.users[DEVICE])
        with UplinkTable(who, UplinkSettings(), clock=clock) as table:
            packed: list[str] = []
            while clock.monotonic_ns() < OFFLINE_S * 1e9:
                for number in range(len(packed), min(PROOFS, len(packed) + 10)):
                    photo = table.queue.take_photo(number, PHOTO_BYTES)
                    packed.append(table.queue.close_proof(number + 1, photo))
                wait_for_try(table, clock)
            assert len(packed) == PROOFS
            assert line.connections <= OFFLINE_S / LONGEST_WAIT_S * 2
            broker.start()
            with FakeCloud(broker) as cloud:
                tries = line.connections
                wait_for_try(table, clock)
                eventually(lambda: len(table.queue.receipted_proofs) >= PROOFS, deadline_s=90)
                assert [proof for proof, _ in cloud.manifests] == packed
                assert len(cloud.slices) == len(set(cloud.slices)) == PROOFS
                assert len(cloud.inventories) <= 5
                assert line.connections <= tries + 3
    broker.stop()


def test_packing_goes_on_while_the_backlog_goes_out(
    mosquitto: Mosquitto, database: Database, tmp_path: Path
) -> None:
    """S0-31. The real daemon; each press is answered before a hundred receipts more were noted."""
    with quick_folder() as folder, cloud_side(mosquitto, database, DEVICE) as cloud:
        settings = write_table(folder, port=mosquitto.port, password=mosquitto.users[DEVICE])
        fill(folder)
        with TableProcess(settings) as table:
            table.see("Ready")
            eventually(lambda: receipted(folder) >= 100, deadline_s=60)
            for code in CODES:
                for line, answer in ((code, "Order open"), ("p", "1 photo "), ("s", SAVED)):
                    before = receipted(folder)
                    table.enter_and_see(line, answer)
                    assert receipted(folder) - before <= 100
            assert receipted(folder) < BACKLOG
            eventually(lambda: receipted(folder) == BACKLOG + len(CODES), deadline_s=100)
            assert cloud.count_photos() == BACKLOG + len(CODES)
            assert table.stop() == 0
    assert not any("queue is full" in line for line in table.log)


def wait_for_try(table: UplinkTable, clock: ManualClock) -> None:
    """Let time pass, ten seconds at a time, until the table has tried to connect once more."""
    before = table.uplink._connections

    def tried() -> bool:
        clock.advance(10)
        table.uplink.wake()
        return table.uplink._connections > before

    eventually(tried)


def fill(folder: Path) -> None:
    """Pack by the spool itself, as quickly as the disk takes it."""
    clock = TableClock()
    with closing(open_spool(folder / "spool", clock, device_id=DEVICE)) as spool:
        for number in range(BACKLOG):
            proof = f"{number + 1:032x}"
            spool.open_proof(proof, f"ORDER{number}", Mode.PACKING, clock.now())
            spool.save_photo(proof, 1, jpeg(number, PHOTO_BYTES), clock.now(), "simulated")
            spool.close_proof(proof, Closing.SEND, clock.now())


def receipted(folder: Path) -> int:
    """Manifests whose receipt is in the journal."""
    with closing(sqlite3.connect(folder / "spool" / FILE_NAME)) as connection:
        sql = "SELECT count(*) FROM manifest WHERE receipted = 1"
        return int(connection.execute(sql).fetchone()[0])
