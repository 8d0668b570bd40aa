"""The link under more than it can take, and on lines that break."""

import threading
from collections.abc import Iterator, Sequence

import pytest

from cloud.database.write import Database
from cloud.link.mqtt import Line
from cloud.link.reports import Report
from cloud.photos.simulated import SimulatedPhotoStore
from tests.database_rows import only_sqlite
from tests.fixtures_mosquitto import MakeMosquitto
from tests.support.link_table import LinkTable, jpeg, sha_of
from tests.support.mosquitto import CLOUD, Limits, Mosquitto
from tests.support.running_link import LinkSide, RunningLink, add_device, link_side
from tests.support.waiting import eventually
from wire.messages import (
    Health,
    Inventory,
    Lookup,
    PhotoResult,
    PhotoState,
)
from wire.topics import Up

DATA = jpeg(1)
PROOF = "1" * 32


@pytest.fixture
def side(mosquitto: Mosquitto, database: Database) -> Iterator[LinkSide]:
    with link_side(mosquitto, database) as side:
        yield side


@only_sqlite
def test_what_is_in_work_is_bounded_and_nothing_is_lost_by_it(
    mosquitto: Mosquitto, database: Database
) -> None:
    """Mosquitto hands over more than the Receive Maximum as soon as acknowledgements come."""
    address, _ = add_device(database, "table-01")
    go_on = threading.Semaphore(0)
    stored: list[str] = []
    highest = 0

    class Stuck(SimulatedPhotoStore):
        def put(self, organisation_id: int, sha256: str, data: bytes) -> None:
            nonlocal highest
            assert go_on.acquire(timeout=30)
            highest = max(highest, connection._in_work)
            super().put(organisation_id, sha256, data)
            stored.append(sha256)

    running = RunningLink(mosquitto, database, Stuck(), receive_maximum=5, photo_workers=2)
    connection = running.link._connection
    with running, LinkTable(mosquitto, address) as table:
        photos = [jpeg(number, 1000) for number in range(150)]
        for data in photos:
            table.send_slice(data, 0, len(data))
        eventually(lambda: connection._in_work == 5)
        for number in range(len(photos)):
            go_on.release()
            eventually(lambda: len(stored) > number)  # noqa: B023  asked at once
        results = [table.wait_photo(sha_of(data)).result for data in photos]
        assert set(results) == {PhotoResult.RECEIPTED}
        eventually(lambda: connection._in_work == 0)
        assert connection._lines == 1
    # While answers are under way, paho reads as many packets at once as there are answers.
    assert highest < 2 * 5 + 25


@only_sqlite
def test_messages_without_acknowledgement_are_bounded_too(
    side: LinkSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    """QoS 0 is not held back by the broker; what is too much is dropped, and others are served."""
    go_on = threading.Event()
    link = side.running.link
    taken = link._reports.take
    highest = 0

    def slow(reports: Sequence[Report]) -> None:
        nonlocal highest
        highest = max(highest, link._connection._in_work)
        assert go_on.wait(20)
        taken(reports)

    with monkeypatch.context() as stuck:
        stuck.setattr(link._reports, "take", slow)
        payload = Health(sign="x").to_bytes()
        for _ in range(2000):
            side.table.say_raw(side.table.address.up(Up.HEALTH), payload, qos=0)
        side.table.send_photo(DATA)
        assert side.table.wait_photo(sha_of(DATA)).result is PhotoResult.RECEIPTED
        go_on.set()
        side.table.wait_until_link_has_seen_all()
    assert highest <= 65
    assert link._connection._in_work == 0


@pytest.mark.parametrize("kill", [False, True])
def test_a_broker_restarted_in_the_middle(
    make_mosquitto: MakeMosquitto, database: Database, kill: bool
) -> None:
    broker = make_mosquitto()
    address, organisation_id = add_device(database, "table-01")
    store = SimulatedPhotoStore()
    with RunningLink(broker, database, store) as running, LinkTable(broker, address) as table:
        table.send_slice(DATA, 0, 9000)
        table.wait_until_link_has_seen_all()
        table.expect_reconnect()
        broker.restart(kill=kill)
        table.wait_reconnected()
        eventually(lambda: running.link.wait_connected(0))
        table.send_slice(DATA, 9000, len(DATA))
        assert table.wait_photo(sha_of(DATA)).result is PhotoResult.RECEIPTED
        assert store.read(organisation_id, sha_of(DATA)) == DATA


@only_sqlite
def test_acknowledgements_of_a_lost_line_are_not_given_to_the_next(
    make_mosquitto: MakeMosquitto, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Packet numbers begin anew with each line."""
    acknowledged: list[int] = []
    acknowledge = Line.acknowledge

    def watched(line: Line, packet_id: int, qos: int) -> None:
        acknowledged.append(packet_id)
        acknowledge(line, packet_id, qos)

    monkeypatch.setattr(Line, "acknowledge", watched)
    broker = make_mosquitto()
    address, _ = add_device(database, "table-01")
    go_on = threading.Event()

    class Stuck(SimulatedPhotoStore):
        def put(self, organisation_id: int, sha256: str, data: bytes) -> None:
            assert go_on.wait(30)
            super().put(organisation_id, sha256, data)

    running = RunningLink(broker, database, Stuck(), receive_maximum=3)
    with running, LinkTable(broker, address) as table:
        connection = running.link._connection
        for number in range(3):
            table.send_slice(data := jpeg(number, 500), 0, len(data))
        eventually(lambda: connection._in_work == 3)
        table.expect_reconnect()
        broker.restart(kill=True)
        table.wait_reconnected()
        eventually(lambda: running.link.wait_connected(0))
        for number in range(3, 9):
            table.send_slice(data := jpeg(number, 500), 0, len(data))
        eventually(lambda: connection._in_work == 6)
        go_on.set()
        for number in range(3, 9):
            table.wait_photo(sha_of(jpeg(number, 500)))
        eventually(lambda: len(acknowledged) >= 6 and connection._in_work == 0)
    assert len(acknowledged) == 6


@only_sqlite
def test_the_brokers_limits_are_obeyed(
    make_mosquitto: MakeMosquitto, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Answers wait for their turn: paho would send them all at once (edge-hardware 5.1, 2)."""
    in_flight: list[int] = []
    publish = Line.publish

    def watched(line: Line, topic: str, payload: bytes) -> None:
        publish(line, topic, payload)
        in_flight.append(line._in_flight)

    monkeypatch.setattr(Line, "publish", watched)
    broker = make_mosquitto(limits=Limits(receive_maximum=2, max_packet_size=5000))
    address, _ = add_device(database, "table-01")
    running = RunningLink(broker, database, SimulatedPhotoStore())
    with running, LinkTable(broker, address) as table:
        for number in range(50):
            table.say(Up.LOOKUP, Lookup(code="A", correlation=str(number)))
            table.send_slice(jpeg(number, 500), 0, 500)
        for number in range(50):
            table.wait_photo(sha_of(jpeg(number, 500)))
        assert running.link._connection._lines == 1
    assert max(in_flight) <= 2


@only_sqlite
def test_a_message_above_the_brokers_limit_is_dropped_and_the_line_stays(
    make_mosquitto: MakeMosquitto, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    """Sent, it would end the line, and again after each connect (edge-hardware 5.1, 9)."""
    broker = make_mosquitto(limits=Limits(max_packet_size=5000))
    address, _ = add_device(database, "table-01")
    running = RunningLink(broker, database, SimulatedPhotoStore())
    with running, LinkTable(broker, address) as table:
        states = [
            PhotoState(sha256=f"{number:064x}", size_bytes=10 + number) for number in range(45)
        ]
        table.say(Up.INVENTORY, Inventory(correlation="large", photos=states))
        eventually(lambda: "larger than the broker takes" in caplog.text)
        table.wait_until_link_has_seen_all()
        assert running.link._connection._lines == 1


@only_sqlite
def test_a_broker_that_refuses_the_cloud_is_tried_again(
    make_mosquitto: MakeMosquitto, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    broker = make_mosquitto()
    right = broker.users[CLOUD]
    broker.users[CLOUD] = "wrong"
    running = RunningLink(broker, database, SimulatedPhotoStore())
    broker.users[CLOUD] = right
    running.link.start()
    eventually(lambda: running.link._connection._lines >= 3)
    assert not running.link.wait_connected(0)
    assert running.link.alive()
    assert caplog.text.count("refuses the cloud") == 1
    broker.add_user(CLOUD, "wrong")
    assert running.link.wait_connected(20)
    running.__exit__()
