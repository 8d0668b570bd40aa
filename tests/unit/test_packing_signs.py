"""Which sign stands when: overlays, faults, notices of earlier orders."""

import pytest

from edge.effects import CloseProof, Lookup, OpenProof
from edge.events import (
    CameraBack,
    DeviceBack,
    DeviceLost,
    DiskChanged,
    DiskLevel,
    FrameTaken,
    LinkChanged,
    ProofOpened,
    ScanIncomplete,
    StoreFailed,
    WaitingChanged,
)
from edge.indicator.signs import Sign
from edge.packing import PackingSettings, Phase, faults
from tests.support.packing_table import ORDER_A, ORDER_B, PackingTable, signs
from wire.messages import AdviceKind, Closing, DispatchState


@pytest.fixture
def table() -> PackingTable:
    return PackingTable()


class TestEarlierOrders:
    def test_sent_replaces_the_saved_sign_of_the_same_order(self, table: PackingTable) -> None:
        """S0-35."""
        proof_id = table.pack(ORDER_A)
        table.progress(proof_id, DispatchState.SENT)
        assert table.shows(Sign.EARLIER_SENT)
        assert table.text == f"{ORDER_A}: Image Sent to Customer's Chat"
        table.wait(table.settings.notice_ms)
        assert table.shows(Sign.READY)

    @pytest.mark.parametrize("state", [one for one in DispatchState if one != "sent"])
    def test_success_is_said_for_no_other_state(
        self, table: PackingTable, state: DispatchState
    ) -> None:
        """S0-36."""
        proof_id = table.pack(ORDER_A)
        table.progress(proof_id, state)
        assert table.sign is not Sign.EARLIER_SENT
        assert "Image Sent" not in table.text

    def test_failed_names_the_reason(self, table: PackingTable) -> None:
        """S0-36."""
        proof_id = table.pack(ORDER_A)
        table.progress(proof_id, DispatchState.FAILED, "shop not authorized")
        assert (table.sign, table.text) == (
            Sign.EARLIER_FAILED,
            f"{ORDER_A}: shop not authorized",
        )

    def test_wait_until_the_open_order_is_done(self, table: PackingTable) -> None:
        proof_id = table.pack(ORDER_A)
        table.scan(ORDER_B)
        table.progress(proof_id, DispatchState.SENT)
        assert table.shows(Sign.OPEN)
        table.cancel()
        assert table.shows(Sign.EARLIER_SENT)

    def test_are_left_to_the_log_when_they_are_stale(self, table: PackingTable) -> None:
        proof_id = table.pack(ORDER_A)
        table.scan(ORDER_B)
        table.progress(proof_id, DispatchState.SENT)
        table.wait(table.settings.notice_stale_ms)
        table.cancel()
        assert table.shows(Sign.READY)

    def test_too_late_to_take_back_is_said(self, table: PackingTable) -> None:
        proof_id = table.pack(ORDER_A)
        table.wait(table.settings.send_delay_ms)
        table.cancel()
        table.wait(table.settings.notice_ms)
        table.progress(proof_id, DispatchState.SENT)
        assert (table.sign, "too late" in table.text) == (Sign.EARLIER_SENT, True)

    @pytest.mark.parametrize(
        ("state", "sign", "words"),
        [
            (DispatchState.CANCELLED, Sign.READY, "taken back, nothing was sent"),
            (DispatchState.SAVED_NOT_SENT, Sign.READY, "taken back, nothing was sent"),
            (DispatchState.PARTLY_SENT, Sign.EARLIER_FAILED, "a part was sent"),
        ],
    )
    def test_what_came_of_taking_back_is_said(
        self, table: PackingTable, state: DispatchState, sign: Sign, words: str
    ) -> None:
        proof_id = table.pack(ORDER_A)
        table.wait(table.settings.send_delay_ms)
        table.cancel()
        table.wait(table.settings.notice_ms)
        table.progress(proof_id, state)
        assert (table.sign, words in table.text) == (sign, True)

    def test_never_hide_a_stop(self, table: PackingTable) -> None:
        proof_id = table.pack(ORDER_A)
        table.advise(AdviceKind.CANCELLED)
        table.progress(proof_id, DispatchState.SENT)
        assert table.shows(Sign.STOP)


class TestOffline:
    def test_is_shown_when_a_proof_waits_for_two_minutes(self, table: PackingTable) -> None:
        """U-08, U-16."""
        table.pack(ORDER_A)
        table.wait(table.settings.saved_ms)
        table.send(LinkChanged(connected=False, at_ns=table.now_ns))
        table.send(WaitingChanged(table.now_ns, table.now_ns))
        table.wait(119_999)
        assert table.shows(Sign.READY)
        table.wait(1)
        assert table.shows(Sign.OFFLINE)
        table.send(WaitingChanged(None, table.now_ns))
        assert table.shows(Sign.READY)

    def test_is_never_shown_over_an_open_order(self, table: PackingTable) -> None:
        table.send(WaitingChanged(0, table.now_ns))
        table.wait(300_000)
        table.scan(ORDER_A)
        assert table.shows(Sign.OPEN)


class TestDevices:
    def test_a_lost_device_is_said_until_it_is_back(self, table: PackingTable) -> None:
        """U-12."""
        table.send(DeviceLost("pedal", table.now_ns))
        table.wait(60_000)
        assert (table.sign, "pedal" in table.text) == (Sign.CALL_LEAD, True)
        assert faults(table.state) == ["pedal is unplugged"]
        table.send(DeviceBack("pedal", table.now_ns))
        assert (table.sign, faults(table.state)) == (Sign.READY, [])

    def test_a_lost_device_is_said_over_an_open_order_for_a_moment(
        self, table: PackingTable
    ) -> None:
        table.scan(ORDER_A)
        assert signs(table.send(DeviceLost("pedal", table.now_ns))) == [Sign.CALL_LEAD]
        table.wait(table.settings.notice_ms)
        assert table.shows(Sign.OPEN)

    def test_half_a_code_is_refused(self, table: PackingTable) -> None:
        assert signs(table.send(ScanIncomplete(table.now_ns))) == [Sign.REFUSED]

    def test_the_camera_comes_back_under_an_open_order(self, table: PackingTable) -> None:
        table.scan(ORDER_A)
        table.lose_camera()
        assert signs(table.f1()) == [Sign.CALL_LEAD]
        table.wait(table.settings.refused_ms)
        table.send(CameraBack(table.now_ns))
        assert table.shows(Sign.OPEN)
        table.f1()
        assert table.shows(Sign.PHOTOS_1)

    def test_photos_there_are_can_be_sent_without_a_camera(self, table: PackingTable) -> None:
        table.scan(ORDER_A)
        table.f1()
        table.lose_camera()
        table.f4()
        assert [one.closing for one in table.closed()] == [Closing.SEND]


class TestDisk:
    def test_at_the_reserve_new_orders_are_refused_and_the_open_one_is_finished(
        self, table: PackingTable
    ) -> None:
        table.scan(ORDER_A)
        table.send(DiskChanged(DiskLevel.RESERVE, table.now_ns))
        assert signs(table.scan(ORDER_B)) == [Sign.CALL_LEAD]
        table.f1()
        table.f4()
        assert [one.closing for one in table.closed()] == [Closing.SEND]
        assert not any(isinstance(one, OpenProof) for one in table.scan(ORDER_B))
        assert table.is_in(Phase.FAULT)
        table.send(DiskChanged(DiskLevel.WARN, table.now_ns))
        table.scan(ORDER_B)
        assert table.is_in(Phase.OPEN)

    def test_an_order_that_cannot_be_opened_is_let_go_and_the_next_scan_tries_again(
        self, table: PackingTable
    ) -> None:
        table.answering = False
        table.scan(ORDER_A)
        assert table.state.open is not None
        table.send(StoreFailed("read-only", table.now_ns, table.state.open.proof_id))
        assert (table.state.phase, table.sign) == (Phase.FAULT, Sign.CALL_LEAD)
        table.answering = True
        table.scan(ORDER_B)
        assert (table.state.phase, table.sign) == (Phase.OPEN, Sign.OPEN)

    def test_a_proof_opened_after_it_was_let_go_does_not_stay_open(
        self, table: PackingTable
    ) -> None:
        effects = table.send(ProofOpened("a" * 32, "b" * 32, table.now_ns, ("c" * 64,)))
        assert effects[0] == CloseProof("b" * 32, Closing.UNSENT, ("c" * 64,))

    def test_a_disk_that_does_not_answer_is_a_fault(self, table: PackingTable) -> None:
        table.scan(ORDER_A)
        table.f1()
        table.answering = False
        table.f4()
        table.wait(table.settings.store_deadline_ms)
        assert table.shows(Sign.CALL_LEAD)

    def test_without_camera_and_disk_an_order_is_refused(self, table: PackingTable) -> None:
        table.lose_camera()
        table.send(StoreFailed("read-only", table.now_ns))
        assert signs(table.scan(ORDER_A)) == [Sign.CALL_LEAD]

    def test_frames_for_a_stuck_disk_are_bounded(self, table: PackingTable) -> None:
        table.settings = PackingSettings(photo_bounce_ms=0)
        table.scan(ORDER_A)
        table.answering = False
        for number in range(1, 7):
            table.f1()
            table.send(FrameTaken(number, table.now_ns))
            table.undo()
        assert signs(table.f1()) == [Sign.REFUSED]
        assert "disk" in table.text


class TestCloud:
    def test_the_open_order_is_asked_about_again_after_a_break(self, table: PackingTable) -> None:
        table.scan(ORDER_A)
        assert table.state.open is not None
        effects = table.send(LinkChanged(connected=True, at_ns=table.now_ns))
        assert Lookup(ORDER_A, table.state.open.asked_id) in effects
        table.advise(AdviceKind.KNOWN)
        effects = table.send(LinkChanged(connected=True, at_ns=table.now_ns))
        assert not any(isinstance(one, Lookup) for one in effects)

    @pytest.mark.parametrize(
        ("code", "correlation"), [(ORDER_B, ""), ("", "an earlier scan of the same code")]
    )
    def test_advice_about_something_else_is_ignored(
        self, table: PackingTable, code: str, correlation: str
    ) -> None:
        table.scan(ORDER_A)
        table.advise(AdviceKind.CANCELLED, code=code, correlation=correlation)
        assert table.shows(Sign.OPEN)
