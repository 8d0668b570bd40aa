"""F4, cancel, STOP, idle and stop: how a proof ends."""

import pytest

from edge.effects import (
    CloseProof,
    DropFrame,
    Hold,
    Release,
    Withdraw,
)
from edge.events import (
    Action,
    FrameTaken,
    PhotoFailed,
    PhotoSaved,
    ProofSettled,
    Stopping,
    StoreFailed,
)
from edge.indicator.signs import Sign
from edge.packing import PackingSettings, Phase
from tests.support.packing_table import ORDER_A, ORDER_B, PackingTable, sha, signs
from wire.messages import AdviceKind, Closing


@pytest.fixture
def table() -> PackingTable:
    return PackingTable()


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
