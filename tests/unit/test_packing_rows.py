"""Every row of the table of packing rules, one test or more each."""

import pytest

from edge.effects import (
    CloseProof,
    DropFrame,
    DropPhoto,
    Hold,
    Lookup,
    NoteWithoutPhoto,
    OpenProof,
    Release,
    SavePhoto,
    TakePhoto,
    Withdraw,
)
from edge.events import (
    Action,
    ActionPressed,
    CameraBack,
    FrameTaken,
    PhotoFailed,
    PhotoSaved,
    ProofOpened,
    ProofSettled,
    Scanned,
    Stopping,
    StoreFailed,
    Tick,
)
from edge.indicator.signs import Sign
from edge.packing import PackingSettings, Phase
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


class TestSend:
    def test_closes_with_exactly_the_saved_photos(self, table: PackingTable) -> None:
        """S0-33, U-05."""
        table.pack(ORDER_A, photos=3)
        assert [(one.closing, one.photos) for one in table.closed()] == [
            (Closing.SEND, (sha(1), sha(2), sha(3)))
        ]
        assert table.shows(Sign.SAVED)

    def test_says_saved_only_when_it_is_durable(self, table: PackingTable) -> None:
        table.scan(ORDER_A)
        table.f1()
        table.answering = False
        table.f4()
        assert table.shows(Sign.PHOTOS_1)
        table.send(ProofSettled(f"{table.state.seed}{1:016x}", table.now_ns))
        assert table.shows(Sign.SAVED)
        table.wait(table.settings.saved_ms)
        assert table.shows(Sign.READY)

    def test_waits_for_pending_captures(self, table: PackingTable) -> None:
        table.scan(ORDER_A)
        table.answering = False
        table.f1()
        table.send(FrameTaken(1, table.now_ns))
        table.f4()
        assert table.closed() == []
        effects = table.send(PhotoSaved(1, sha(1), table.now_ns))
        assert any(isinstance(one, CloseProof) for one in effects)

    @pytest.mark.parametrize("by_deadline", [True, False])
    def test_stays_open_when_a_pending_capture_fails(
        self, table: PackingTable, by_deadline: bool
    ) -> None:
        table.scan(ORDER_A)
        table.f1()
        table.answering = False
        table.f1()
        table.f4()
        if by_deadline:
            table.wait(table.settings.capture_deadline_ms - 2100)
        else:
            table.send(PhotoFailed(2, "stalled", table.now_ns))
        assert table.closed() == []
        assert (table.photos, table.sign) == (1, Sign.REFUSED)
        table.answering = True
        table.press(Action.SEND)
        assert [one.closing for one in table.closed()] == [Closing.SEND]

    def test_goes_on_without_a_failed_capture_when_the_next_order_is_open(
        self, table: PackingTable
    ) -> None:
        table.scan(ORDER_A)
        table.f1()
        table.answering = False
        table.f1()
        table.f4()
        table.scan(ORDER_B)
        table.send(PhotoFailed(2, "stalled", table.now_ns))
        assert [(one.closing, one.photos) for one in table.closed()] == [(Closing.SEND, (sha(1),))]

    def test_sends_nothing_when_every_photo_failed(self, table: PackingTable) -> None:
        table.scan(ORDER_A)
        table.answering = False
        table.f1()
        table.f4()
        table.scan(ORDER_B)
        table.send(PhotoFailed(1, "stalled", table.now_ns))
        assert [one.closing for one in table.closed()] == [Closing.UNSENT]

    def test_with_no_photo_left_cannot_be_taken_back(self, table: PackingTable) -> None:
        table.scan(ORDER_A)
        table.answering = False
        table.f1()
        table.f4()
        table.scan(ORDER_B)
        table.send(PhotoFailed(1, "stalled", table.now_ns))
        table.answering = True
        table.cancel()
        assert table.state.last is None

    def test_ignores_a_settlement_that_nobody_asked_for(self, table: PackingTable) -> None:
        table.scan(ORDER_A)
        table.answering = False
        table.f1()
        table.f4()
        table.send(ProofSettled(f"{table.state.seed}{1:016x}", table.now_ns))
        assert table.is_in(Phase.CLOSING)
        assert table.shows(Sign.OPEN)

    def test_bounce_after_a_close_is_ignored(self, table: PackingTable) -> None:
        table.pack(ORDER_A)
        table.wait(1999)
        assert table.press(Action.SEND) == []
        table.wait(1)
        assert signs(table.press(Action.SEND)) == [Sign.REFUSED]

    def test_without_an_order_is_refused(self, table: PackingTable) -> None:
        assert signs(table.f4()) == [Sign.REFUSED]
        assert "scan" in table.text

    def test_without_a_photo_is_refused(self, table: PackingTable) -> None:
        table.scan(ORDER_A)
        assert signs(table.f4()) == [Sign.REFUSED]
        assert "photo" in table.text
        assert table.is_in(Phase.OPEN)

    def test_of_an_unknown_order_is_refused(self, table: PackingTable) -> None:
        """U-11: even if the photos were quicker than the advice."""
        table.scan(ORDER_A)
        table.f1()
        table.advise(AdviceKind.UNKNOWN)
        assert signs(table.f4()) == [Sign.REFUSED]
        assert table.closed() == []

    @pytest.mark.parametrize(
        "kind", [AdviceKind.CANCELLED, AdviceKind.REFUNDED, AdviceKind.ALREADY_SENT]
    )
    def test_stops_once_at_advice_and_needs_a_second_press(
        self, table: PackingTable, kind: AdviceKind
    ) -> None:
        table.scan(ORDER_A)
        table.f1()
        table.advise(kind)
        assert table.shows(Sign.STOP)
        assert signs(table.f4()) == [Sign.STOP]
        assert table.press(Action.SEND) == [], "a bounce confirms nothing"
        table.wait(600)
        table.press(Action.SEND)
        assert [one.closing for one in table.closed()] == [Closing.SEND]

    def test_retries_a_close_that_the_disk_refused(self, table: PackingTable) -> None:
        table.scan(ORDER_A)
        table.f1()
        table.answering = False
        closed = [one for one in table.f4() if isinstance(one, CloseProof)]
        table.send(StoreFailed("no space", table.now_ns, closed[0].proof_id))
        assert table.shows(Sign.CALL_LEAD)
        table.answering = True
        assert closed[0] in table.wait(table.settings.store_retry_ms)
        assert table.shows(Sign.SAVED)


class TestStopThatCameLate:
    @pytest.fixture
    def stopped(self, table: PackingTable) -> PackingTable:
        table.pack(ORDER_A)
        table.advise(AdviceKind.CANCELLED)
        return table

    def test_stands_until_it_is_answered(self, stopped: PackingTable) -> None:
        assert stopped.shows(Sign.STOP)
        stopped.wait(600_000)
        assert stopped.shows(Sign.STOP)

    def test_is_answered_by_f4(self, stopped: PackingTable) -> None:
        stopped.f4()
        assert stopped.shows(Sign.READY)

    def test_is_answered_by_cancel_which_takes_the_proof_back(self, stopped: PackingTable) -> None:
        assert any(isinstance(one, Withdraw) for one in stopped.cancel())
        stopped.wait(stopped.settings.notice_ms)
        assert stopped.shows(Sign.READY)

    def test_is_answered_by_the_next_order(self, stopped: PackingTable) -> None:
        stopped.scan(ORDER_B)
        assert stopped.shows(Sign.OPEN)

    def test_stands_after_a_refused_press(self, stopped: PackingTable) -> None:
        assert signs(stopped.f1()) == [Sign.REFUSED]
        stopped.wait(stopped.settings.refused_ms)
        assert stopped.shows(Sign.STOP)

    def test_stands_when_the_stopped_order_was_left_alone(self, table: PackingTable) -> None:
        table.scan(ORDER_A)
        table.advise(AdviceKind.REFUNDED)
        table.wait(table.settings.idle_ms)
        assert table.state.open is None
        assert table.shows(Sign.STOP)


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


class TestCancel:
    def test_drops_the_open_proof(self, table: PackingTable) -> None:
        table.scan(ORDER_A)
        table.f1()
        table.cancel()
        assert [one.closing for one in table.closed()] == [Closing.CANCELLED]
        assert table.shows(Sign.READY)

    def test_drops_pending_captures_without_waiting(self, table: PackingTable) -> None:
        table.scan(ORDER_A)
        table.answering = False
        table.f1()
        effects = table.cancel()
        assert DropFrame(1) in effects
        assert any(isinstance(one, CloseProof) for one in effects)

    def test_within_the_delay_takes_a_held_proof_back(self, table: PackingTable) -> None:
        proof_id = table.pack(ORDER_A)
        assert Hold(proof_id) in table.all_effects
        assert not any(isinstance(one, Release) for one in table.all_effects)
        effects = table.cancel()
        assert effects.index(Withdraw(proof_id)) < effects.index(Release(proof_id))
        assert "nothing is sent" in table.text

    def test_after_the_delay_asks_the_cloud(self, table: PackingTable) -> None:
        proof_id = table.pack(ORDER_A)
        assert Release(proof_id) in table.wait(table.settings.send_delay_ms)
        assert Withdraw(proof_id) in table.cancel()
        assert "asked" in table.text

    def test_long_after_is_refused(self, table: PackingTable) -> None:
        table.pack(ORDER_A)
        table.wait(table.settings.withdraw_ms)
        assert signs(table.cancel()) == [Sign.REFUSED]

    def test_after_the_next_scan_concerns_the_next_order(self, table: PackingTable) -> None:
        table.pack(ORDER_A)
        table.scan(ORDER_B)
        effects = table.cancel()
        assert not any(isinstance(one, Withdraw) for one in effects)
        assert signs(table.cancel()) == [Sign.REFUSED]

    def test_before_the_close_is_durable_waits_for_it(self, table: PackingTable) -> None:
        table.scan(ORDER_A)
        table.f1()
        table.answering = False
        table.f4()
        assert not any(isinstance(one, Withdraw) for one in table.cancel())
        proof_id = f"{table.state.seed}{1:016x}"
        assert Withdraw(proof_id) in table.send(ProofSettled(proof_id, table.now_ns))
        assert Release(proof_id) in table.send(ProofSettled(proof_id, table.now_ns))

    def test_while_captures_are_awaited_sends_nothing(self, table: PackingTable) -> None:
        table.scan(ORDER_A)
        table.f1()
        table.answering = False
        table.f1()
        table.f4()
        table.cancel()
        assert [one.closing for one in table.closed()] == [Closing.CANCELLED]

    def test_without_delay_nothing_is_held(self) -> None:
        table = PackingTable(PackingSettings(send_delay_ms=0))
        table.pack(ORDER_A)
        assert not any(isinstance(one, Hold) for one in table.all_effects)

    def test_twice_is_refused(self, table: PackingTable) -> None:
        table.pack(ORDER_A)
        table.cancel()
        assert signs(table.cancel()) == [Sign.REFUSED]


class TestIdleAndStop:
    def test_idle_makes_the_open_proof_unsent(self, table: PackingTable) -> None:
        table.scan(ORDER_A)
        table.f1()
        table.wait(table.settings.idle_ms - 1)
        assert table.is_in(Phase.OPEN)
        table.wait(1)
        assert [one.closing for one in table.closed()] == [Closing.UNSENT]
        assert table.is_in(Phase.READY)

    def test_idle_drops_an_order_without_photos(self, table: PackingTable) -> None:
        table.scan(ORDER_A)
        table.wait(table.settings.idle_ms)
        assert [one.closing for one in table.closed()] == [Closing.CANCELLED]

    def test_stopping_makes_the_open_proof_unsent_and_takes_nothing_new(
        self, table: PackingTable
    ) -> None:
        table.scan(ORDER_A)
        table.f1()
        table.send(Stopping(table.now_ns))
        assert [one.closing for one in table.closed()] == [Closing.UNSENT]
        assert table.state.is_quiet
        assert table.scan(ORDER_B) == []
        assert table.state.is_quiet


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


def test_a_press_that_happened_before_the_newest_event_is_taken(table: PackingTable) -> None:
    table.scan(ORDER_A)
    table.send(Tick(table.now_ns + 50_000_000))
    table.send(ActionPressed(Action.PHOTO, table.now_ns))
    assert table.photos == 1
