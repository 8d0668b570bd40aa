"""Brokers that end, forget and refuse, between a table and the real link: each proof once."""

import threading
from dataclasses import replace
from functools import partial

import pytest
from sqlalchemy import select

from cloud.conversations.models import Dispatch
from cloud.database.scope import scoped
from cloud.database.write import Database
from cloud.photos.simulated import SimulatedPhotoStore
from cloud.proofs.models import Proof
from edge.events import LinkChanged
from edge.uplink.settings import BackOff
from tests.fixtures_mosquitto import MakeMosquitto
from tests.support.fake_cloud import FakeCloud
from tests.support.killed_table import cloud_side
from tests.support.mosquitto import Limits, Mosquitto
from tests.support.running_link import RunningLink, add_device
from tests.support.uplink_table import (
    DEVICE,
    QUICK,
    HeldManifest,
    UplinkTable,
    credentials,
    manifest,
)
from tests.support.waiting import eventually

PHOTO_BYTES = 40_000
TWIN = "a second device has the identity of this table"


@pytest.fixture
def database_kind() -> str:
    """The faults are the broker's: one engine is enough."""
    return "sqlite"


@pytest.fixture
def broker(make_mosquitto: MakeMosquitto) -> Mosquitto:
    return make_mosquitto()


def table_at(broker: Mosquitto, boot_count: int = 3, **changes: object) -> UplinkTable:
    settings = replace(QUICK, **changes)  # type: ignore[arg-type]  # names are checked at run time
    return UplinkTable(credentials(broker.port, broker.users[DEVICE]), settings, boot_count)


def pack(table: UplinkTable, first: int, count: int) -> list[str]:
    return [
        table.queue.close_proof(number, table.queue.take_photo(number, PHOTO_BYTES))
        for number in range(first, first + count)
    ]


def close_with_spaces(table: UplinkTable, number: int, spaces: int) -> str:
    """A manifest that is longer than others, and means the same."""
    photo = table.queue.take_photo(number, PHOTO_BYTES)
    made = HeldManifest(f"{number:032x}", 1, b"", (photo,))
    raw = manifest(made.proof_id, 1, {photo: PHOTO_BYTES}) + b" " * spaces
    table.queue.manifests[made.proof_id, 1] = replace(made, raw=raw, sequence=10 * number)
    return made.proof_id


def has_receipts(count: int, table: UplinkTable) -> bool:
    return len(table.queue.receipted_proofs) >= count


def require_once(database: Database, organisation_id: int, proofs: list[str]) -> None:
    with database.read(scoped(organisation_id)) as session:
        assert sorted(session.scalars(select(Proof.proof_key))) == sorted(proofs)
        asked = session.scalars(select(Dispatch.proof_key)).all()
        assert sorted(str(one) for one in asked) == sorted(proofs)


@pytest.mark.parametrize("kill", [False, True], ids=["restarted", "killed"])
def test_a_broker_that_ends_again_and_again_costs_no_proof(
    broker: Mosquitto, database: Database, *, kill: bool
) -> None:
    with cloud_side(broker, database, DEVICE) as cloud, table_at(broker) as table:
        proofs = pack(table, 1, 12)
        for done in (1, 4, 7, 10):
            table.wait_for(partial(has_receipts, done))
            broker.restart(kill=kill)
        table.wait_receipted(*proofs)
        require_once(database, cloud.organisation_id, proofs)
        assert {one.connected for one in table.events if isinstance(one, LinkChanged)} == {
            True,
            False,
        }


class StoppedStore(SimulatedPhotoStore):
    """Photos in memory; storing waits for the test."""

    def __init__(self) -> None:
        super().__init__()
        self.go_on = threading.Event()

    def put(self, organisation_id: int, sha256: str, data: bytes) -> None:
        self.go_on.wait(60)
        super().put(organisation_id, sha256, data)


def test_a_broker_whose_queue_overflows_costs_no_proof_and_is_named(
    make_mosquitto: MakeMosquitto, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    """What it dropped had its PUBACK: only the answers of the cloud are believed."""
    broker = make_mosquitto(limits=Limits(queued_messages=5, receive_maximum=4))
    _, organisation_id = add_device(database, DEVICE)
    store = StoppedStore()
    link = RunningLink(broker, database, store, receive_maximum=2, photo_workers=1)
    with link, table_at(broker) as table:
        proofs = pack(table, 1, 8)
        eventually(lambda: "are being dropped" in broker.log())
        store.go_on.set()
        table.wait_receipted(*proofs)
        require_once(database, organisation_id, proofs)
    assert caplog.text.count("raise the broker's queue limits") == 1


def test_a_table_that_may_not_publish_says_so_once_and_goes_on_when_it_may(
    broker: Mosquitto, caplog: pytest.LogCaptureFixture
) -> None:
    broker.tables_may = ("read down",)
    broker.reload()
    with FakeCloud(broker) as cloud, table_at(broker) as table:
        proofs = pack(table, 1, 3)
        table.wait_for(lambda t: t.uplink._connections >= 4)
        refused = broker.log().count("Denied PUBLISH")
        assert refused <= 3 * table.uplink._connections
        assert cloud.order == []
        broker.tables_may = ("write up", "read down")
        broker.reload()
        table.wait_receipted(*proofs)
        assert not table.uplink._around.transfer.set_aside
    assert caplog.text.count("publishing is refused: not authorized (0x87)") == 1
    assert caplog.text.count("let the broker's access list give it") == 2  # with the PUBACK's line


def test_a_table_that_hears_nothing_says_so_and_goes_on_when_it_may(
    broker: Mosquitto, caplog: pytest.LogCaptureFixture
) -> None:
    """Mosquitto grants the subscription and delivers nothing."""
    broker.tables_may = ("write up",)
    broker.reload()
    hasty = replace(QUICK.transfer, answer_timeout_s=0.1)
    with FakeCloud(broker) as cloud, table_at(broker, transfer=hasty) as table:
        proofs = pack(table, 1, 2)
        table.wait_for(lambda _: "does not let this table read" in caplog.text)
        cloud.wait_for(lambda c: len(c.inventories) >= 4)
        assert table.queue.receipted_proofs == []
        slices = len(cloud.slices)
        broker.tables_may = ("write up", "read down")
        broker.reload()
        table.wait_receipted(*proofs)
        assert len(cloud.slices) == slices  # asked, not repeated
    assert caplog.text.count("does not let this table read") == 1


def test_a_manifest_beyond_the_packet_limit_is_named_and_goes_when_the_limit_is_raised(
    make_mosquitto: MakeMosquitto, caplog: pytest.LogCaptureFixture
) -> None:
    broker = make_mosquitto(limits=Limits(max_packet_size=1600))
    with FakeCloud(broker) as cloud, table_at(broker) as table:
        small = pack(table, 1, 1)
        large = close_with_spaces(table, 2, 1000)
        after = pack(table, 3, 1)
        table.wait_receipted(*small, *after)
        cloud.wait_for(lambda c: any("limit of 1600" in str(it.faults) for it in c.healths))
        assert caplog.text.count(f"proof {large} is set aside") == 1
        assert large not in dict(cloud.manifests)
        broker.limits = Limits()
        broker.reload()
        cloud.expect_reconnect()
        broker.restart()
        cloud.wait_subscribed()
        table.wait_receipted(large)


def test_two_devices_with_one_identity_both_say_so_and_no_proof_is_lost_or_doubled(
    broker: Mosquitto, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    """Mosquitto 2.0.11 gives the one that it throws out no reason."""
    pace = {
        "reconnect": BackOff(first_s=0.1, longest_s=2.0),
        "spread_s": 0.2,
        "transfer": replace(QUICK.transfer, quarantine_s=0.5),
    }
    first, second = table_at(broker, 3, **pace), table_at(broker, 9, **pace)
    with cloud_side(broker, database, DEVICE) as cloud, first, second:
        mine, theirs = pack(first, 1, 5), pack(second, 101, 5)
        first.wait_receipted(*mine)
        second.wait_receipted(*theirs)
        eventually(lambda: caplog.text.count(TWIN) == 2)
        require_once(database, cloud.organisation_id, [*mine, *theirs])
