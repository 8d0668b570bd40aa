"""The daemon at a real broker: what it sends, and what it makes of the cloud's words."""

import signal
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support.fake_cloud import FakeCloud
from tests.support.mosquitto import Mosquitto
from tests.support.table_process import TableProcess, proofs, write_table
from tests.support.waiting import eventually
from wire.messages import AdviceKind, Closing, DispatchState, Progress
from wire.topics import Address, Down

ORDER = "220101AAAAAAAA"
ADDRESS = Address(7, "table-01")


@pytest.fixture
def cloud(mosquitto: Mosquitto) -> Iterator[FakeCloud]:
    with FakeCloud(mosquitto) as cloud:
        yield cloud


@pytest.fixture
def table(tmp_path: Path, mosquitto: Mosquitto, cloud: FakeCloud) -> Iterator[TableProcess]:
    cloud.wait_subscribed()
    password = mosquitto.users[ADDRESS.device_id]
    settings = write_table(tmp_path, port=mosquitto.port, password=password)
    with TableProcess(settings) as table:
        table.see("Ready")
        cloud.wait_for(lambda seen: seen.presences)
        yield table


def test_photos_travel_before_f4_and_the_manifest_after(
    tmp_path: Path, table: TableProcess, cloud: FakeCloud
) -> None:
    """U-13, U-15, S0-35: up to the words "Image Sent to Customer's Chat"."""
    cloud.advice = AdviceKind.KNOWN
    table.enter_and_see(ORDER, "Order open")
    table.enter_and_see("p", "1 photo ")
    cloud.wait_for(lambda seen: len(seen.photos) == 1)
    assert cloud.manifests == []
    table.enter_and_see("p", "2 photos")
    table.enter_and_see("s", "Saved, go on")
    cloud.wait_for(lambda seen: seen.manifests and len(seen.photos) == 2)
    [proof] = proofs(tmp_path)
    for path in proof.photos:
        assert (tmp_path / "spool" / path).read_bytes() in cloud.photos.values()
    _say(cloud, proof.proof_id, DispatchState.SENT)
    table.see(f"{ORDER}: Image Sent to Customer's Chat")
    assert table.stop() == 0


@pytest.mark.parametrize(
    ("kind", "sign"),
    [(AdviceKind.UNKNOWN, "Refused"), (AdviceKind.CANCELLED, "STOP")],
)
def test_advice_comes_before_the_box_is_closed(
    table: TableProcess, cloud: FakeCloud, kind: AdviceKind, sign: str
) -> None:
    """U-11."""
    cloud.advice = kind
    table.enter_and_see(ORDER, sign)
    assert table.stop() == 0


def test_an_order_left_open_at_the_stop_reaches_the_cloud_as_unsent(
    tmp_path: Path, table: TableProcess, cloud: FakeCloud, mosquitto: Mosquitto
) -> None:
    cloud.advice = AdviceKind.NOT_SYNCED
    table.enter_and_see(ORDER, "Order open")
    table.enter_and_see("p", "1 photo ")
    assert table.stop() == 0
    with TableProcess(tmp_path / "table.toml") as again:
        again.see("Ready")
        cloud.wait_for(lambda seen: seen.manifests)
        assert again.stop() == 0
    assert [one.closing for one in proofs(tmp_path)] == [Closing.UNSENT]


def test_a_proof_that_was_held_back_at_the_power_cut_is_still_sent(
    tmp_path: Path, table: TableProcess, cloud: FakeCloud
) -> None:
    """U-17: after F4 only the packer takes it back, and no power cut."""
    assert table.stop() == 0
    settings = tmp_path / "table.toml"
    cloud.advice = AdviceKind.KNOWN
    with TableProcess(settings, "--set", "packing.send_delay_s=3600") as waiting:
        waiting.see("Ready")
        _pack(waiting)
        cloud.wait_for(lambda seen: seen.photos)
        waiting.stop(signal.SIGKILL)
    assert cloud.manifests == []
    with TableProcess(settings) as again:
        cloud.wait_for(lambda seen: seen.proofs)
        assert again.stop() == 0
    assert [(one.closing, one.revision) for one in proofs(tmp_path)] == [(Closing.SEND, 1)]


def test_a_table_killed_while_it_sends_repeats_the_same_and_nothing_else(
    tmp_path: Path, table: TableProcess, cloud: FakeCloud
) -> None:
    """U-17, U-18."""
    cloud.advice, cloud.answering = AdviceKind.KNOWN, False
    _pack(table)
    cloud.wait_for(lambda seen: seen.photos and seen.manifests)
    table.stop(signal.SIGKILL)
    cloud.answering = True
    with TableProcess(tmp_path / "table.toml") as again:
        [proof] = proofs(tmp_path)
        eventually(lambda: proofs(tmp_path)[0].receipted)
        assert again.stop() == 0
    assert set(cloud.manifests) == {(proof.proof_id, 1)}
    stored = [(tmp_path / "spool" / path).read_bytes() for path in proof.photos]
    assert list(cloud.photos.values()) == stored


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (DispatchState.SENT, "Image Sent to Customer's Chat (too late to take back)"),
        (DispatchState.CANCELLED, "taken back, nothing was sent"),
    ],
)
def test_taking_back_after_f4_says_what_came_of_it(
    tmp_path: Path, table: TableProcess, cloud: FakeCloud, state: DispatchState, words: str
) -> None:
    cloud.advice = AdviceKind.KNOWN
    _pack(table)
    cloud.wait_for(lambda seen: seen.proofs)
    table.enter_and_see("c", "the cloud is asked to take it back")
    [proof] = proofs(tmp_path)
    cloud.wait_for(lambda seen: (proof.proof_id, 2) in seen.proofs)
    _say(cloud, proof.proof_id, state)
    table.see(words)
    assert table.stop() == 0


def test_a_failed_send_is_said_with_its_reason_and_the_copy_stays(
    tmp_path: Path, table: TableProcess, cloud: FakeCloud
) -> None:
    """S0-36."""
    cloud.advice = AdviceKind.KNOWN
    _pack(table)
    cloud.wait_for(lambda seen: seen.proofs)
    [proof] = proofs(tmp_path)
    _say(cloud, proof.proof_id, DispatchState.FAILED, "the shop is not authorized")
    table.see("the shop is not authorized")
    assert not any("Image Sent" in line for line in table.light)
    assert table.stop() == 0
    [proof] = proofs(tmp_path)
    assert (proof.progress, len(proof.photos)) == (DispatchState.FAILED, 1)


def test_a_photo_damaged_on_the_disk_does_not_keep_the_others_from_the_cloud(
    tmp_path: Path, table: TableProcess, cloud: FakeCloud
) -> None:
    cloud.deaf = True
    table.enter_and_see(ORDER, "Order open")
    table.enter_and_see("p", "1 photo ")
    table.enter_and_see("p", "2 photos")
    table.enter_and_see("s", "Saved, go on")
    table.stop(signal.SIGKILL)
    [proof] = proofs(tmp_path)
    damaged, whole = (tmp_path / "spool" / path for path in proof.photos)
    jpeg = damaged.read_bytes()
    damaged.write_bytes(jpeg[:-40] + bytes(38) + jpeg[-2:])
    cloud.deaf = False
    with TableProcess(tmp_path / "table.toml", "--set", "uplink.health_interval_s=5") as again:
        cloud.wait_for(lambda seen: (proof.proof_id, 2) in seen.proofs)
        cloud.wait_for(lambda seen: "damaged" in "".join(seen.healths[-1].faults))
        assert again.stop() == 0
    assert list(cloud.photos.values()) == [whole.read_bytes()]
    [proof] = proofs(tmp_path)
    assert (proof.closing, proof.photos) == (Closing.SEND, (proof.photos[0],))


def test_a_photo_that_the_cloud_lost_is_sent_again(
    tmp_path: Path, table: TableProcess, cloud: FakeCloud
) -> None:
    cloud.advice = AdviceKind.KNOWN
    table.enter_and_see(ORDER, "Order open")
    table.enter_and_see("p", "1 photo ")
    cloud.wait_for(lambda seen: seen.photos)
    table.enter_and_see("p", "2 photos")
    cloud.wait_for(lambda seen: len(seen.photos) == 2)
    with cloud.lock:
        cloud.photos.clear()
    table.enter_and_see("s", "Saved, go on")
    cloud.wait_for(lambda seen: seen.proofs)
    assert table.stop() == 0
    [proof] = proofs(tmp_path)
    assert (proof.revision, len(cloud.photos)) == (1, 2)


def _pack(table: TableProcess) -> None:
    table.enter_and_see(ORDER, "Order open")
    table.enter_and_see("p", "1 photo ")
    table.enter_and_see("s", "Saved, go on")


def _say(cloud: FakeCloud, proof_id: str, state: DispatchState, reason: str = "") -> None:
    at = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
    progress = Progress(proof_id=proof_id, state=state, reason=reason, at=at)
    cloud.say(ADDRESS, Down.PROGRESS, progress)
