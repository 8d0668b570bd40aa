"""Link and table with several addresses of the broker: each goes on at the next one."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from cloud.database.write import Database
from cloud.photos.simulated import SimulatedPhotoStore
from tests.support.mosquitto import Mosquitto
from tests.support.running_link import RunningLink, add_device
from tests.support.uplink_table import DEVICE, PARTITION, QUICK, UplinkTable, credentials
from wire.enrolment import BrokerNode


@pytest.fixture
def database_kind() -> str:
    """The database has no part in this."""
    return "sqlite"


@pytest.fixture
def store() -> SimulatedPhotoStore:
    return SimulatedPhotoStore()


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[list[Mosquitto]]:
    """Two brokers with the same users, of which one runs at a time."""
    first, second = (Mosquitto(tmp_path / name) for name in ("first", "second"))
    second.users = first.users
    second.reload()
    first.start()
    yield [first, second]
    for one in (first, second):
        one.stop()


def test_proofs_go_on_at_the_next_node_when_one_is_killed(
    nodes: list[Mosquitto], database: Database, store: SimulatedPhotoStore
) -> None:
    first, second = nodes
    add_device(database, DEVICE, PARTITION)
    further = (BrokerNode(host=second.host, port=second.port),)
    who = credentials(first.port, first.users[DEVICE], further=further)
    with (
        RunningLink(first, database, store, further=further),
        UplinkTable(who, replace(QUICK, slice_bytes=16_384)) as table,
    ):
        for number, (lost, kept) in enumerate([(second, first), (first, second), (second, first)]):
            lost.stop(kill=True)
            kept.start()
            proof = table.queue.close_proof(number, table.queue.take_photo(number))
            table.wait_receipted(proof)
