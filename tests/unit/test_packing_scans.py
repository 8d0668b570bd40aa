"""What a scan does: orders, modes, command barcodes and badges."""

import pytest

from edge.effects import (
    CloseProof,
    Lookup,
    NoteWithoutPhoto,
    OpenProof,
)
from edge.events import (
    CameraBack,
    FrameTaken,
    PhotoSaved,
    ProofOpened,
    Scanned,
)
from edge.indicator.signs import Sign
from edge.packing import Phase
from tests.support.packing_table import ORDER_A, ORDER_B, PackingTable, sha, signs
from wire.messages import AdviceKind, Closing, Mode

EAN = "4006381333931"


@pytest.fixture
def table() -> PackingTable:
    return PackingTable()


class TestScanOfAnOrder:
    def test_opens_a_proof_when_ready(self, table: PackingTable) -> None:
        """S0-29."""
        effects = table.scan(ORDER_A)
        assert [type(one) for one in effects[:2]] == [OpenProof, Lookup]
        assert (table.state.phase, table.sign) == (Phase.OPEN, Sign.OPEN)

    def test_opens_a_proof_while_another_is_closing(self, table: PackingTable) -> None:
        table.scan(ORDER_A)
        table.f1()
        table.answering = False
        table.f4()
        assert table.is_in(Phase.CLOSING)
        table.scan(ORDER_B)
        assert table.state.open is not None
        assert table.state.open.code == ORDER_B
        assert [one.proof.code for one in table.state.in_flight] == [ORDER_A]

    def test_of_the_open_code_is_a_double_read(self, table: PackingTable) -> None:
        table.scan(ORDER_A)
        before = table.state
        assert table.scan(ORDER_A) == []
        assert table.state.open == before.open

    def test_twice_within_the_window_counts_once(self, table: PackingTable) -> None:
        table.scan("PW-UNDO")
        table.wait(table.settings.refused_ms)
        table.scan(EAN)
        table.wait(500)
        assert signs(table.send(Scanned(EAN, table.now_ns))) == []

    def test_replaces_an_order_without_photos(self, table: PackingTable) -> None:
        table.scan(ORDER_A)
        effects = table.scan(ORDER_B)
        assert any(isinstance(one, OpenProof) and one.code == ORDER_B for one in effects)
        assert [one.closing for one in table.closed()] == [Closing.CANCELLED]

    def test_leaves_photos_alone_that_the_replaced_order_brings_back_late(
        self, table: PackingTable
    ) -> None:
        table.answering = False
        table.scan(ORDER_A)
        asked = f"{table.state.seed}{1:016x}"
        table.scan(ORDER_B)
        table.send(ProofOpened(asked, "f" * 32, table.now_ns, (sha(91),)))
        assert table.closed() == [CloseProof("f" * 32, Closing.UNSENT, (sha(91),))]

    def test_makes_an_order_with_photos_unsent(self, table: PackingTable) -> None:
        table.scan(ORDER_A)
        table.f1()
        table.f1()
        table.scan(ORDER_B)
        assert [(one.closing, len(one.photos)) for one in table.closed()] == [(Closing.UNSENT, 2)]
        assert table.state.open is not None
        assert table.state.open.code == ORDER_B

    def test_counts_a_pending_capture_as_a_photo(self, table: PackingTable) -> None:
        table.scan(ORDER_A)
        table.answering = False
        table.f1()
        table.scan(ORDER_B)
        assert [one.closing for one in table.state.in_flight] == [Closing.UNSENT]
        table.send(FrameTaken(1, table.now_ns))
        effects = table.send(PhotoSaved(1, sha(1), table.now_ns))
        assert effects == [CloseProof(f"{table.state.seed}{1:016x}", Closing.UNSENT, (sha(1),))]

    def test_brings_unsent_photos_back(self, table: PackingTable) -> None:
        table.unsent[ORDER_A] = ("f" * 32, (sha(91), sha(92)))
        table.scan(ORDER_A)
        assert (table.photos, table.sign) == (2, Sign.PHOTOS_2)
        table.f1()
        table.f4()
        assert table.closed() == [CloseProof("f" * 32, Closing.SEND, (sha(91), sha(92), sha(3)))]

    def test_is_refused_visibly_while_three_are_on_their_way_to_the_disk(
        self, table: PackingTable
    ) -> None:
        table.answering = False
        for number in range(3):
            table.scan(f"2201{number}CODE")
        assert len(table.state.in_flight) == 2
        assert signs(table.scan("22019CODE")) == [Sign.REFUSED]
        assert table.state.open is not None
        assert table.state.open.code == "22012CODE"

    def test_without_a_camera_is_noted(self, table: PackingTable) -> None:
        table.lose_camera()
        assert (table.state.phase, table.sign) == (Phase.FAULT, Sign.CALL_LEAD)
        effects = table.scan(ORDER_A)
        assert NoteWithoutPhoto(ORDER_A) in effects
        assert table.shows(Sign.WITHOUT_PHOTO)
        assert NoteWithoutPhoto(ORDER_B) in table.scan(ORDER_B)
        table.send(CameraBack(table.now_ns))
        table.scan(ORDER_A)
        assert table.is_in(Phase.OPEN)

    def test_without_a_camera_leaves_the_open_order_safe(self, table: PackingTable) -> None:
        table.scan(ORDER_A)
        table.f1()
        table.lose_camera()
        assert table.shows(Sign.CALL_LEAD)
        assert NoteWithoutPhoto(ORDER_B) in table.scan(ORDER_B)
        assert [one.closing for one in table.closed()] == [Closing.UNSENT]

    @pytest.mark.parametrize("text", [EAN, "", "A\x1db", "NOREAD"])
    def test_of_something_else_is_refused_and_changes_nothing(
        self, table: PackingTable, text: str
    ) -> None:
        table.scan(ORDER_A)
        table.f1()
        before = table.state.open
        assert signs(table.scan(text)) == [Sign.REFUSED]
        assert table.state.open == before
        table.wait(table.settings.refused_ms)
        assert table.shows(Sign.PHOTOS_1)

    def test_of_an_order_sent_before_stops_and_still_saves_photos(
        self, table: PackingTable
    ) -> None:
        table.sent_before.add(ORDER_A)
        table.scan(ORDER_A)
        assert table.shows(Sign.STOP)
        table.f1()
        assert (table.photos, table.sign) == (1, Sign.STOP)
        table.f4()
        assert table.closed() == []
        table.f4()
        assert [one.closing for one in table.closed()] == [Closing.SEND]

    def test_the_cloud_knows_better_what_was_sent(self, table: PackingTable) -> None:
        table.sent_before.add(ORDER_A)
        table.scan(ORDER_A)
        table.advise(AdviceKind.KNOWN)
        assert table.shows(Sign.OPEN)


class TestModes:
    @pytest.mark.parametrize(
        ("code", "mode", "sign"),
        [
            ("PW-TRAINING", Mode.TRAINING, Sign.TRAINING),
            ("PW-RETURN", Mode.RETURN, Sign.RETURN),
        ],
    )
    def test_have_a_steady_sign_and_mark_proofs(
        self, table: PackingTable, code: str, mode: Mode, sign: Sign
    ) -> None:
        table.scan(code)
        assert table.shows(sign)
        effects = table.scan(ORDER_A)
        asked = next(one for one in effects if isinstance(one, OpenProof))
        assert asked.mode is mode
        assert not any(isinstance(one, Lookup) for one in effects)

    def test_end_when_idle(self, table: PackingTable) -> None:
        table.scan("PW-TRAINING")
        table.wait(table.settings.idle_ms)
        assert (table.state.mode, table.sign) == (Mode.PACKING, Sign.READY)

    def test_end_by_barcode(self, table: PackingTable) -> None:
        table.scan("PW-RETURN")
        table.scan("PW-PACKING")
        assert (table.state.mode, table.sign) == (Mode.PACKING, Sign.READY)

    def test_do_not_change_under_an_open_order(self, table: PackingTable) -> None:
        table.scan(ORDER_A)
        assert signs(table.scan("PW-TRAINING")) == [Sign.REFUSED]
        assert table.state.mode is Mode.PACKING

    def test_orders_sent_before_are_no_reason_to_stop(self, table: PackingTable) -> None:
        table.sent_before.add(ORDER_A)
        table.scan("PW-RETURN")
        table.scan(ORDER_A)
        assert table.shows(Sign.OPEN)


class TestCommandBarcodes:
    def test_a_whole_order_with_a_scanner_alone(self, table: PackingTable) -> None:
        """U-09."""
        for text in (ORDER_A, "PW-PHOTO", "pw-photo", "PW-SEND"):
            table.scan(text)
        assert [(one.closing, len(one.photos)) for one in table.closed()] == [(Closing.SEND, 2)]

    def test_a_badge_names_the_packer_of_the_next_orders(self, table: PackingTable) -> None:
        table.scan("PW-BADGE-Mei")
        effects = table.scan(ORDER_A)
        asked = next(one for one in effects if isinstance(one, OpenProof))
        assert asked.packer == "Mei"
