"""The daemon at a real broker: what it sends, and what it makes of the cloud's words."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.fake_cloud import FakeCloud
from tests.support.mosquitto import Mosquitto
from tests.support.table_process import TableProcess, proofs, write_table
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
    at = "2026-03-01T09:30:00Z"
    sent = Progress(proof_id=proof.proof_id, state=DispatchState.SENT, at=at)
    cloud.say(ADDRESS, Down.PROGRESS, sent)
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
