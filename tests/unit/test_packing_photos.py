"""F1 and undo: each row of the packing rules about photos."""

import pytest

from edge.effects import (
    DropFrame,
    DropPhoto,
    SavePhoto,
    TakePhoto,
)
from edge.events import (
    Action,
    ActionPressed,
    FrameTaken,
    PhotoSaved,
    Tick,
)
from edge.indicator.signs import Sign
from tests.support.packing_table import ORDER_A, PackingTable, sha, signs
from wire.messages import AdviceKind


@pytest.fixture
def table() -> PackingTable:
    return PackingTable()


class TestPhoto:
    def test_clicks_with_the_frame_and_counts_when_it_is_durable(self, table: PackingTable) -> None:
        """S0-30, U-05."""
        table.scan(ORDER_A)
        table.answering = False
        assert TakePhoto(1, table.now_ns + 700_000_000) in table.f1()
        assert table.shows(Sign.OPEN)
        effects = table.send(FrameTaken(1, table.now_ns))
        assert SavePhoto(1, f"{table.state.seed}{1:016x}") in effects
        assert table.shows(Sign.CLICK)
        table.send(PhotoSaved(1, sha(1), table.now_ns))
        assert table.shows(Sign.PHOTOS_1)

    def test_bounce_is_ignored(self, table: PackingTable) -> None:
        table.scan(ORDER_A)
        table.f1()
        table.wait(599)
        assert table.press(Action.PHOTO) == []
        table.wait(1)
        table.press(Action.PHOTO)
        assert table.photos == 2

    def test_fourth_is_refused_and_the_three_stay(self, table: PackingTable) -> None:
        """U-06, S0-31."""
        table.scan(ORDER_A)
        for _ in range(3):
            table.f1()
        before = table.state.open
        assert signs(table.f1()) == [Sign.REFUSED]
        assert table.state.open == before
        table.wait(table.settings.refused_ms)
        assert table.shows(Sign.PHOTOS_3)

    def test_pending_captures_count(self, table: PackingTable) -> None:
        table.scan(ORDER_A)
        table.answering = False
        for _ in range(3):
            table.f1()
        assert signs(table.f1()) == [Sign.REFUSED]

    def test_without_an_order_is_refused(self, table: PackingTable) -> None:
        assert signs(table.f1()) == [Sign.REFUSED]
        assert "scan" in table.text

    def test_of_an_unknown_order_is_refused(self, table: PackingTable) -> None:
        """U-11."""
        table.scan(ORDER_A)
        table.advise(AdviceKind.UNKNOWN)
        assert table.shows(Sign.REFUSED)
        assert signs(table.f1()) == [Sign.REFUSED]
        assert table.photos == 0

    @pytest.mark.parametrize("kind", [None, AdviceKind.NOT_SYNCED, AdviceKind.KNOWN])
    def test_is_taken_offline_and_unsynced(
        self, table: PackingTable, kind: AdviceKind | None
    ) -> None:
        table.scan(ORDER_A)
        if kind is not None:
            table.advise(kind)
        table.f1()
        assert table.photos == 1

    def test_that_does_not_come_is_refused_in_time(self, table: PackingTable) -> None:
        table.scan(ORDER_A)
        table.answering = False
        table.f1()
        effects = table.wait(table.settings.capture_deadline_ms)
        assert DropFrame(1) in effects
        assert table.shows(Sign.REFUSED)
        assert table.state.open is not None
        assert table.state.open.captures == ()

    def test_that_is_saved_too_late_is_taken_out_again(self, table: PackingTable) -> None:
        table.scan(ORDER_A)
        table.answering = False
        table.f1()
        table.send(FrameTaken(1, table.now_ns))
        table.wait(table.settings.save_deadline_ms)
        assert table.shows(Sign.REFUSED)
        proof_id = f"{table.state.seed}{1:016x}"
        assert DropPhoto(proof_id, sha(1)) in table.send(PhotoSaved(1, sha(1), table.now_ns))
        assert table.photos == 0

    def test_equal_to_the_one_before_is_refused(self, table: PackingTable) -> None:
        table.scan(ORDER_A)
        table.f1()
        table.answering = False
        table.f1()
        table.send(FrameTaken(2, table.now_ns))
        assert signs(table.send(PhotoSaved(2, sha(1), table.now_ns))) == [Sign.REFUSED]
        assert table.photos == 1

    def test_warnings_are_said_and_block_nothing(self, table: PackingTable) -> None:
        table.scan(ORDER_A)
        table.answering = False
        table.f1()
        table.send(FrameTaken(1, table.now_ns))
        table.send(PhotoSaved(1, sha(1), table.now_ns, warnings=("dark",)))
        assert table.shows(Sign.PHOTOS_1)
        assert "dark" in table.text


class TestUndo:
    def test_drops_the_last_photo(self, table: PackingTable) -> None:
        table.scan(ORDER_A)
        table.f1()
        table.f1()
        proof_id = f"{table.state.seed}{1:016x}"
        assert DropPhoto(proof_id, sha(2)) in table.undo()
        assert (table.photos, table.sign) == (1, Sign.PHOTOS_1)

    def test_by_barcode(self, table: PackingTable) -> None:
        table.scan(ORDER_A)
        table.f1()
        table.scan("PW-UNDO")
        assert table.photos == 0

    def test_drops_a_frame_that_is_still_awaited(self, table: PackingTable) -> None:
        table.scan(ORDER_A)
        table.answering = False
        table.f1()
        assert DropFrame(1) in table.undo()
        assert DropFrame(1) in table.send(FrameTaken(1, table.now_ns))

    def test_drops_a_photo_that_is_being_saved(self, table: PackingTable) -> None:
        table.scan(ORDER_A)
        table.answering = False
        table.f1()
        table.send(FrameTaken(1, table.now_ns))
        table.undo()
        saved = table.send(PhotoSaved(1, sha(1), table.now_ns))
        assert DropPhoto(f"{table.state.seed}{1:016x}", sha(1)) in saved
        assert table.photos == 0

    def test_without_a_photo_is_refused(self, table: PackingTable) -> None:
        table.scan(ORDER_A)
        assert signs(table.undo()) == [Sign.REFUSED]


def test_a_press_that_happened_before_the_newest_event_is_taken(table: PackingTable) -> None:
    table.scan(ORDER_A)
    table.send(Tick(table.now_ns + 50_000_000))
    table.send(ActionPressed(Action.PHOTO, table.now_ns))
    assert table.photos == 1
