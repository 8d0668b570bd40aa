"""Photos over a real broker: every way of arriving has its one answer, and none says too much."""

import logging
import random
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from cloud.database.errors import DatabaseBusy
from cloud.database.scope import Scope, scoped
from cloud.database.sessions import Unit
from cloud.database.write import Database
from cloud.link.mqtt import Incoming
from cloud.photos.errors import StoreFull, StoreUnavailable
from cloud.photos.local import LocalPhotoStore
from cloud.photos.simulated import SimulatedPhotoStore
from cloud.proofs.models import Photo
from tests.support.link_table import LinkTable, jpeg, sha_of
from tests.support.mosquitto import Mosquitto
from tests.support.running_link import RunningLink, add_device
from tests.support.waiting import eventually
from wire.messages import PhotoResult, PhotoState
from wire.topics import Up

DATA = jpeg(1)


@dataclass
class Side:
    """The cloud's side of a test, and the table that talks to it."""

    database: Database
    store: LocalPhotoStore
    folder: Path
    organisation_id: int
    table: LinkTable

    def rows(self) -> dict[str, int]:
        with self.database.read(scoped(self.organisation_id)) as session:
            return {photo.sha256: photo.size_bytes for photo in session.scalars(select(Photo))}

    def file_of(self, sha256: str) -> Path:
        return self.folder / str(self.organisation_id) / sha256[:2] / sha256


@pytest.fixture
def side(mosquitto: Mosquitto, database: Database, tmp_path: Path) -> Iterator[Side]:
    address, organisation_id = add_device(database, "table-01")
    folder = tmp_path / "photos"
    store = LocalPhotoStore(folder)
    with RunningLink(mosquitto, database, store), LinkTable(mosquitto, address) as table:
        yield Side(database, store, folder, organisation_id, table)


def test_a_photo_is_stored_and_receipted(side: Side) -> None:
    sha256 = side.table.send_photo(DATA)
    assert side.table.wait_photo(sha256).result is PhotoResult.RECEIPTED
    assert side.store.read(side.organisation_id, sha256) == DATA
    assert side.rows() == {sha256: len(DATA)}


@pytest.mark.parametrize("seed", range(3))
def test_slices_come_in_any_order_repeated_and_overlapping(side: Side, seed: int) -> None:
    chance = random.Random(seed)
    pieces = [(start, min(start + 5000, len(DATA))) for start in range(0, len(DATA), 3000)] * 2
    chance.shuffle(pieces)
    for start, end in pieces:
        side.table.send_slice(DATA, start, end)
    assert side.table.wait_photo(sha_of(DATA)).result is PhotoResult.RECEIPTED
    side.table.wait_until_link_has_seen_all()
    assert side.store.read(side.organisation_id, sha_of(DATA)) == DATA
    assert {it.result for it in side.table.photo_answers(sha_of(DATA))} == {PhotoResult.RECEIPTED}


def test_a_missing_slice_is_asked_for_and_completes_the_photo(side: Side) -> None:
    side.table.send_slice(DATA, 0, 5000)
    side.table.send_slice(DATA, 9000, len(DATA))
    answer = side.table.ask("i", photos=[PhotoState(sha256=sha_of(DATA), size_bytes=len(DATA))])
    assert [(it.result, it.missing) for it in answer.photos] == [
        (PhotoResult.PARTIAL, [(5000, 9000)])
    ]
    assert not side.rows()
    side.table.send_slice(DATA, 5000, 9000)
    assert side.table.wait_photo(sha_of(DATA)).result is PhotoResult.RECEIPTED


def test_bytes_with_another_hash_are_not_kept(side: Side) -> None:
    wrong = "0" * 64
    side.table.send_photo(DATA, sha256=wrong)
    assert side.table.wait_photo(wrong).result is PhotoResult.WRONG_HASH
    assert not side.rows()
    assert not list(side.store.listing(side.organisation_id))


@pytest.mark.parametrize(
    ("size", "said"),
    [
        (10**9, "12582912 bytes"),
        (0, "12582912 bytes"),
        (4999, "behind the photo's end"),
        (10**11, "12582912 bytes"),
    ],
)
def test_a_slice_that_cannot_be_right_is_refused(side: Side, size: int, said: str) -> None:
    side.table.send_slice(DATA, 0, 5000, size=size)
    answer = side.table.wait_photo(sha_of(DATA))
    assert answer.result is PhotoResult.REFUSED
    assert said in answer.reason


@pytest.mark.parametrize("size", [None, "", "x", "-1", "٣", "9" * 400])
def test_a_slice_without_a_size_is_refused(side: Side, size: str | None) -> None:
    side.table.say_raw(side.table.address.photo_slice(sha_of(DATA), 0), DATA, size=size)
    assert side.table.wait_photo(sha_of(DATA)).result is PhotoResult.REFUSED


def test_an_empty_slice_is_refused(side: Side) -> None:
    side.table.send_slice(DATA, 0, 0)
    assert side.table.wait_photo(sha_of(DATA)).reason == "the slice is empty"


def test_what_is_no_jpeg_is_refused(side: Side) -> None:
    data = b"GIF89a" + bytes(500)
    sha256 = side.table.send_photo(data)
    answer = side.table.wait_photo(sha256)
    assert (answer.result, answer.reason) == (
        PhotoResult.REFUSED,
        "the bytes are no JPEG picture",
    )
    assert not side.rows()


def test_a_photo_sent_twice_is_stored_once_and_answered_twice(side: Side) -> None:
    sha256 = side.table.send_photo(DATA)
    side.table.send_photo(DATA)
    assert side.table.wait_photo(sha256, least=2).result is PhotoResult.RECEIPTED
    assert side.rows() == {sha256: len(DATA)}


def test_two_devices_with_the_same_photo_are_both_answered(
    side: Side, mosquitto: Mosquitto
) -> None:
    other, _ = add_device(side.database, "table-02", 9, side.organisation_id)
    with LinkTable(mosquitto, other) as second:
        side.table.send_photo(DATA)
        second.send_photo(DATA)
        assert side.table.wait_photo(sha_of(DATA)).result is PhotoResult.RECEIPTED
        assert second.wait_photo(sha_of(DATA)).result is PhotoResult.RECEIPTED
    assert len(side.rows()) == 1


def test_two_organisations_with_the_same_photo_have_two(side: Side, mosquitto: Mosquitto) -> None:
    """Invariant 8."""
    other, second_organisation = add_device(side.database, "table-02")
    state = PhotoState(sha256=sha_of(DATA), size_bytes=len(DATA))
    side.table.send_photo(DATA)
    side.table.wait_photo(sha_of(DATA))
    with LinkTable(mosquitto, other) as second:
        before = second.ask("before", photos=[state]).photos[0]
        assert (before.result, before.missing) == (PhotoResult.PARTIAL, [(0, len(DATA))])
        assert not second.photo_answers(sha_of(DATA))
        second.send_photo(DATA)
        second.wait_photo(sha_of(DATA))
    side.store.delete(side.organisation_id, sha_of(DATA))
    assert side.store.read(second_organisation, sha_of(DATA)) == DATA


# --- already there ------------------------------------------------------------------------------


def test_an_inventory_receipts_what_is_committed_and_sound(side: Side) -> None:
    sha256 = side.table.send_photo(DATA)
    side.table.wait_photo(sha256)
    answer = side.table.ask("i", photos=[PhotoState(sha256=sha256, size_bytes=len(DATA))])
    assert [it.result for it in answer.photos] == [PhotoResult.RECEIPTED]


@pytest.mark.parametrize("damage", ["gone", "cut", "altered"])
def test_a_row_without_its_file_is_no_receipt_and_the_file_is_written_anew(
    side: Side, damage: str
) -> None:
    """Invariant 4."""
    sha256 = side.table.send_photo(DATA)
    side.table.wait_photo(sha256)
    file = side.file_of(sha256)
    if damage == "gone":
        file.unlink()
    else:
        file.write_bytes(DATA[:-1] if damage == "cut" else DATA[:-3] + b"\0\xff\xd9")
    answer = side.table.ask("i", photos=[PhotoState(sha256=sha256, size_bytes=len(DATA))])
    assert [(it.result, it.missing) for it in answer.photos] == [
        (PhotoResult.PARTIAL, [(0, len(DATA))])
    ]
    side.table.send_photo(DATA)
    side.table.wait_photo(sha256, least=2)
    assert file.read_bytes() == DATA


def test_a_file_without_its_row_is_no_receipt(side: Side) -> None:
    """Invariant 4: the process died between the store and the database."""
    side.store.put(side.organisation_id, sha_of(DATA), DATA)
    answer = side.table.ask("i", photos=[PhotoState(sha256=sha_of(DATA), size_bytes=len(DATA))])
    assert [it.result for it in answer.photos] == [PhotoResult.PARTIAL]


def test_a_photo_of_another_size_is_not_the_one_that_is_there(side: Side) -> None:
    sha256 = side.table.send_photo(DATA)
    side.table.wait_photo(sha256)
    answer = side.table.ask("i", photos=[PhotoState(sha256=sha256, size_bytes=7)])
    assert [it.result for it in answer.photos] == [PhotoResult.PARTIAL]


# --- the order, and failures ---------------------------------------------------------------------


def test_the_receipt_leaves_after_fsync_and_commit(
    mosquitto: Mosquitto, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Invariant 4."""
    order: list[str] = []

    class Watched(LocalPhotoStore):
        def put(self, organisation_id: int, sha256: str, data: bytes) -> None:
            super().put(organisation_id, sha256, data)
            order.append("stored")

    address, _ = add_device(database, "table-01")
    write = database.write

    def watched_write(unit: Unit[Any], scope: Scope) -> Any:
        result = write(unit, scope)
        if scope.organisation_id is not None:  # the leases of partitions are nobody's
            order.append("committed")
        return result

    running = RunningLink(mosquitto, database, Watched(tmp_path / "photos"))
    connection = running.link._connection
    publish = connection.publish

    def watched_publish(topic: str, payload: bytes) -> bool:
        order.append("published")
        return publish(topic, payload)

    acknowledge = connection.acknowledge

    def watched_acknowledge(message: Incoming) -> None:
        order.append("acknowledged")
        acknowledge(message)

    monkeypatch.setattr(database, "write", watched_write)
    monkeypatch.setattr(connection, "publish", watched_publish)
    monkeypatch.setattr(connection, "acknowledge", watched_acknowledge)
    with running, LinkTable(mosquitto, address) as table:
        table.send_slice(DATA, 0, len(DATA))
        table.wait_photo(sha_of(DATA))
        eventually(lambda: len(order) == 4)
    assert order == ["stored", "committed", "published", "acknowledged"]


@pytest.mark.parametrize("failure", [StoreFull("full"), StoreUnavailable("gone"), OSError("bug")])
def test_a_photo_that_the_store_refuses_is_not_receipted_and_can_come_again(
    mosquitto: Mosquitto,
    database: Database,
    failure: Exception,
    caplog: pytest.LogCaptureFixture,
) -> None:
    address, organisation_id = add_device(database, "table-01")
    store = SimulatedPhotoStore()
    with RunningLink(mosquitto, database, store), LinkTable(mosquitto, address) as table:
        store.fail_next(failure)  # type: ignore[arg-type]  # also one that it would never raise
        with caplog.at_level(logging.ERROR):
            sha256 = table.send_photo(DATA)
            eventually(lambda: "could not be stored" in caplog.text)
        table.wait_until_link_has_seen_all()
        assert not table.photo_answers(sha256)
        table.send_photo(DATA)
        assert table.wait_photo(sha256).result is PhotoResult.RECEIPTED
        assert store.read(organisation_id, sha256) == DATA


def test_without_a_commit_there_is_no_receipt_and_work_resumes(
    mosquitto: Mosquitto, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database is away for a while: nothing dies, nothing is said that is not so."""
    address, _ = add_device(database, "table-01")
    store = SimulatedPhotoStore()
    failed = threading.Semaphore(0)

    def no_write(*_: object) -> None:
        failed.release()
        raise DatabaseBusy("away")

    with RunningLink(mosquitto, database, store), LinkTable(mosquitto, address) as table:
        with monkeypatch.context() as away:
            away.setattr(database, "write", no_write)
            sha256 = table.send_photo(DATA)
            assert failed.acquire(timeout=10)
        table.wait_until_link_has_seen_all()
        assert not table.photo_answers(sha256)
        answer = table.ask("i", photos=[PhotoState(sha256=sha256, size_bytes=len(DATA))])
        assert [it.result for it in answer.photos] == [PhotoResult.PARTIAL]
        table.send_photo(DATA)
        assert table.wait_photo(sha256).result is PhotoResult.RECEIPTED


def test_no_database_at_all_for_a_while(
    mosquitto: Mosquitto, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, _ = add_device(database, "table-01")
    looked = threading.Semaphore(0)

    def no_read(*_: object) -> None:
        looked.release()
        raise DatabaseBusy("away")

    store = SimulatedPhotoStore()
    with RunningLink(mosquitto, database, store), LinkTable(mosquitto, address) as table:
        with monkeypatch.context() as away:
            away.setattr(database, "read", no_read)
            away.setattr(database, "write", no_read)
            table.send_photo(DATA)
            table.say_raw(table.address.up(Up.PRESENCE), b"{}")
            assert looked.acquire(timeout=10)
        eventually(lambda: bool(table.photo_answers(table.send_photo(DATA))))


def test_a_photo_that_is_being_stored_is_not_asked_for_again(
    mosquitto: Mosquitto, database: Database
) -> None:
    """An inventory waits for what is complete and not committed yet."""
    address, _ = add_device(database, "table-01")
    go_on = threading.Event()
    began = threading.Event()

    class Slow(SimulatedPhotoStore):
        def put(self, organisation_id: int, sha256: str, data: bytes) -> None:
            began.set()
            assert go_on.wait(20)
            super().put(organisation_id, sha256, data)

    with RunningLink(mosquitto, database, Slow()), LinkTable(mosquitto, address) as table:
        table.send_photo(DATA)
        assert began.wait(10)
        threading.Timer(0.05, go_on.set).start()
        answer = table.ask("i", photos=[PhotoState(sha256=sha_of(DATA), size_bytes=len(DATA))])
        assert [it.result for it in answer.photos] == [PhotoResult.RECEIPTED]


def test_a_long_inventory_gets_one_answer_below_the_packet_limit(side: Side) -> None:
    big = [jpeg(number, 100_000) for number in range(8)]
    for data in big:
        for start in range(0, len(data), 400):
            side.table.send_slice(data, start, start + 200)
    states = [PhotoState(sha256=sha_of(data), size_bytes=len(data)) for data in big]
    states += [PhotoState(sha256=f"{number:064x}", size_bytes=100) for number in range(492)]
    answer = side.table.ask("long", photos=states)
    assert len(answer.photos) == 500
    assert len(answer.to_bytes()) < 128 * 1024
    assert all(1 <= len(it.missing) <= 64 for it in answer.photos)
