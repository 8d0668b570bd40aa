"""The whole daemon reads the label in its photos and compares it with the scanned order."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.fake_cloud import FakeCloud
from tests.support.labelled_pictures import packed
from tests.support.mosquitto import Mosquitto
from tests.support.table_process import TableProcess, proofs, write_table
from wire.messages import AdviceKind, Closing

ORDER, OTHER = "220101AAAAAAAA", "220102BBBBBBBB"
TRACKING, OTHER_TRACKING = "SPXMY000000000101", "SPXMY000000000202"
PATTERNS = 'codes.order_patterns=["[0-9]{6}[A-Z0-9]{8}", "SPXMY[0-9]{12}"]'
SIZE = ("--set", "camera.width=1920", "--set", "camera.height=1080")
READ = "the label in the photo reads"


@contextmanager
def _table(settings: Path, *changes: str) -> Iterator[TableProcess]:
    """A table whose camera sees what lies in the folder of pictures, or the simulated scene."""
    told = [word for change in (PATTERNS, *changes) for word in ("--set", change)]
    with TableProcess(settings, *SIZE, *told) as table:
        table.see("Ready")
        yield table
        assert table.stop() == 0


def _camera_sees(folder: Path, label: str) -> tuple[str, str]:
    pictures = folder / "pictures"
    pictures.mkdir(exist_ok=True)
    (pictures / "photo.jpg").write_bytes(packed(label))
    return "camera.kind=folder", f"camera.folder={pictures}"


def test_another_orders_label_stops_once_and_a_second_f4_sends(tmp_path: Path) -> None:
    """Offline: two order numbers can be compared without the cloud."""
    settings = write_table(tmp_path)
    with _table(settings, *_camera_sees(tmp_path, OTHER)) as table:
        table.see_in_log("labels in photos choice=read")
        table.enter_and_see(ORDER, "Order open")
        table.enter_and_see("p", f"1 photo - {ORDER}: 1 photo; {READ} {OTHER}")
        table.enter_and_see("s", f"STOP - {ORDER}: 1 photo; {READ} {OTHER}; F4 once more")
        assert [one.closing for one in proofs(tmp_path)] == [None]
        table.enter_and_see("s", "Saved, go on")
    assert [(one.closing, len(one.photos)) for one in proofs(tmp_path)] == [(Closing.SEND, 1)]


def test_undo_of_the_photo_answers_the_stop(tmp_path: Path) -> None:
    settings = write_table(tmp_path)
    with _table(settings, *_camera_sees(tmp_path, OTHER)) as table:
        table.enter_and_see(ORDER, "Order open")
        table.enter_and_see("p", f"{READ} {OTHER}")
        table.enter_and_see("s", "STOP")
        _camera_sees(tmp_path, ORDER)
        table.enter_and_see("u", "Order open")
        table.enter_and_see("p", "1 photo ")
        table.enter_and_see("s", "Saved, go on")
    assert [(one.closing, len(one.photos)) for one in proofs(tmp_path)] == [(Closing.SEND, 1)]


def test_the_simulated_table_packs_without_a_stop(tmp_path: Path) -> None:
    """Its label is read, and is the order's own."""
    with _table(write_table(tmp_path)) as table:
        table.enter_and_see(ORDER, "Order open")
        table.enter_and_see("p", "1 photo ")
        table.see_in_log("label read")
        table.enter_and_see("s", "Saved, go on")
        assert not [line for line in table.light if "STOP" in line or READ in line]


@pytest.mark.parametrize(("label", "stops"), [(TRACKING, False), (OTHER_TRACKING, True)])
def test_the_cloud_tells_which_numbers_belong_to_the_order(
    tmp_path: Path, mosquitto: Mosquitto, label: str, stops: bool
) -> None:
    """The order number was scanned, and the photo shows the carrier's label."""
    with FakeCloud(mosquitto) as cloud:
        cloud.wait_subscribed()
        cloud.advice, cloud.equivalents = AdviceKind.KNOWN, [TRACKING]
        settings = write_table(tmp_path, port=mosquitto.port, password=mosquitto.users["table-01"])
        with _table(settings, *_camera_sees(tmp_path, label)) as table:
            cloud.wait_for(lambda seen: seen.presences)
            table.enter_and_see(ORDER, "Order open")
            cloud.wait_for(lambda seen: seen.lookups)
            table.enter_and_see("p", "1 photo ")
            table.see_in_log("label read")
            if stops:
                table.see(f"{READ} {label}")
            table.enter_and_see("s", "STOP" if stops else "Saved, go on")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("packing.label_check=false", "switched off by packing.label_check"),
        ("codes.order_patterns=[]", "codes.order_patterns is empty"),
    ],
)
def test_a_table_that_reads_no_labels_says_so_and_packs_on(
    tmp_path: Path, change: str, why: str
) -> None:
    settings = write_table(tmp_path)
    with _table(settings, *_camera_sees(tmp_path, OTHER), change) as table:
        table.see_in_log(f"labels in photos choice=not read: {why}")
        table.enter_and_see(ORDER, "Order open")
        table.enter_and_see("p", "1 photo ")
        table.enter_and_see("s", "Saved, go on")
        assert not [line for line in table.log if "label read" in line]
