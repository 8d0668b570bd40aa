"""The label in a photo decodes to another order: F4 stops once, a second F4 confirms."""

from dataclasses import replace

import pytest

from edge.effects import DropPhoto, Withdraw
from edge.events import Action, PhotoFailed, ProofSettled
from edge.indicator.signs import Sign
from edge.packing import PackingSettings, Phase
from edge.scanner.codes import CodeRules, Letters
from tests.support.packing_table import ORDER_A, ORDER_B, PATTERNS, PackingTable, sha, signs
from wire.messages import AdviceKind, Closing

SPX_A, SPX_B = "SPXMY000000000101", "SPXMY000000000202"
JT_A, JT_B = "JT0000000101", "JT0000000202"
KNOWN = AdviceKind.KNOWN


@pytest.fixture
def table() -> PackingTable:
    return PackingTable(PackingSettings(codes=PATTERNS))


@pytest.fixture
def stopped(table: PackingTable) -> PackingTable:
    """One photo with the label of another order, and F4 once."""
    table.scan(ORDER_A)
    table.f1()
    table.read(ORDER_B)
    table.f4()
    return table


class TestStop:
    def test_f4_stops_once_and_says_what_it_read(self, table: PackingTable) -> None:
        table.scan(ORDER_A)
        table.f1()
        table.read(ORDER_B)
        assert table.shows(Sign.PHOTOS_1)
        assert signs(table.f4()) == [Sign.STOP]
        assert f"the label in the photo reads {ORDER_B}" in table.text
        assert table.closed() == []
        table.wait(60_000)
        assert table.shows(Sign.STOP), "it stands until it is answered"

    def test_a_bounce_confirms_nothing_and_a_second_f4_sends(self, stopped: PackingTable) -> None:
        assert stopped.press(Action.SEND) == []
        stopped.wait(599)
        assert stopped.press(Action.SEND) == []
        stopped.wait(1)
        stopped.press(Action.SEND)
        assert [one.closing for one in stopped.closed()] == [Closing.SEND]
        assert stopped.shows(Sign.SAVED)

    def test_a_confirmed_label_is_not_said_again(self, stopped: PackingTable) -> None:
        stopped.f4()
        stopped.read(ORDER_B, photo=1)
        assert stopped.shows(Sign.SAVED)

    def test_undo_of_that_photo_removes_it(self, stopped: PackingTable) -> None:
        assert any(isinstance(one, DropPhoto) for one in stopped.undo())
        stopped.f1()
        stopped.read(ORDER_A)
        stopped.f4()
        assert [one.closing for one in stopped.closed()] == [Closing.SEND]

    def test_undo_of_another_photo_does_not(self, table: PackingTable) -> None:
        table.scan(ORDER_A)
        table.f1()
        table.read(ORDER_B)
        table.f1()
        table.read(ORDER_A)
        table.undo()
        assert signs(table.f4()) == [Sign.STOP]

    def test_the_same_label_in_a_new_photo_stops_again(self, stopped: PackingTable) -> None:
        stopped.undo()
        stopped.f1()
        stopped.read(ORDER_B)
        assert signs(stopped.f4()) == [Sign.STOP]
        assert stopped.closed() == []

    def test_another_label_after_the_stop_stops_again(self, stopped: PackingTable) -> None:
        stopped.f1()
        stopped.read("220103CCCCCCCC")
        assert signs(stopped.f4()) == [Sign.STOP]
        stopped.f4()
        assert [one.closing for one in stopped.closed()] == [Closing.SEND]

    def test_advice_after_the_stop_stops_again(self, stopped: PackingTable) -> None:
        stopped.advise(AdviceKind.CANCELLED)
        assert signs(stopped.f4()) == [Sign.STOP]
        assert "cancelled" in stopped.text
        assert ORDER_B in stopped.text
        stopped.f4()
        assert [one.closing for one in stopped.closed()] == [Closing.SEND]

    def test_cancel_drops_the_order(self, stopped: PackingTable) -> None:
        stopped.cancel()
        assert [one.closing for one in stopped.closed()] == [Closing.CANCELLED]
        assert stopped.shows(Sign.READY)

    def test_a_new_scan_works_as_ever(self, stopped: PackingTable) -> None:
        stopped.scan(ORDER_B)
        assert [one.closing for one in stopped.closed()] == [Closing.UNSENT]
        assert stopped.shows(Sign.OPEN)

    def test_left_alone_it_stands_for_its_box(self, stopped: PackingTable) -> None:
        stopped.wait(stopped.settings.idle_ms)
        assert [one.closing for one in stopped.closed()] == [Closing.UNSENT]
        assert stopped.shows(Sign.STOP)
        assert ORDER_B in stopped.text

    @pytest.mark.parametrize("photo", [1, 2, 3])
    def test_any_of_the_photos_counts(self, table: PackingTable, photo: int) -> None:
        table.scan(ORDER_A)
        for number in (1, 2, 3):
            table.f1()
            table.read(ORDER_B if number == photo else ORDER_A)
        assert signs(table.f4()) == [Sign.STOP]


CASES = [
    pytest.param(ORDER_A, None, (ORDER_A,), False, id="the same order"),
    pytest.param(ORDER_A, None, (), False, id="no code"),
    pytest.param(ORDER_A, None, (ORDER_B,), True, id="another order number"),
    pytest.param(SPX_A, None, (SPX_B,), True, id="another of the same carrier"),
    pytest.param(SPX_A, None, (JT_B,), False, id="offline: another carrier proves nothing"),
    pytest.param(ORDER_A, None, (SPX_B,), False, id="offline: a tracking number proves nothing"),
    pytest.param(SPX_A, None, (ORDER_B,), False, id="offline: an order number proves nothing"),
    pytest.param(ORDER_A, (), (SPX_B,), False, id="no other number is known: proves nothing"),
    pytest.param(ORDER_A, (SPX_A,), (SPX_A,), False, id="the tracking number of the order"),
    pytest.param(SPX_A, (ORDER_A,), (ORDER_A,), False, id="the order number of the parcel"),
    pytest.param(SPX_A, (ORDER_A, SPX_B), (SPX_B,), False, id="another parcel of the order"),
    pytest.param(ORDER_A, (SPX_A,), (SPX_B,), True, id="another tracking number"),
    pytest.param(SPX_A, (ORDER_A,), (JT_B,), True, id="another carrier's number"),
    pytest.param(SPX_A, (ORDER_A,), (ORDER_B,), True, id="another order number, advised"),
    pytest.param(ORDER_A, None, (ORDER_B, ORDER_A), False, id="the own label beside another"),
    pytest.param(ORDER_A, (SPX_A,), (ORDER_B, SPX_A), False, id="an equivalent beside another"),
    pytest.param(
        ORDER_A, None, (ORDER_B, f"a|{ORDER_A}|b"), False, id="the own number inside a QR code"
    ),
    pytest.param(
        ORDER_A, None, (ORDER_A.lower(), ORDER_B), False, id="the own number in other letters"
    ),
    pytest.param(ORDER_A, None, ("4006381333931", ORDER_B), True, id="goods beside another order"),
    pytest.param(ORDER_A, (SPX_A,), ("4006381333931",), False, id="goods"),
    pytest.param(ORDER_A, (SPX_A,), ("X000ABCDEF",), False, id="a sticker on the goods"),
    pytest.param(
        ORDER_A, (SPX_A,), ("PW-SEND", "PW-BADGE-Mei"), False, id="a command barcode on the table"
    ),
    pytest.param(ORDER_A, (SPX_A,), (f"https://example.com/{ORDER_B}",), False, id="an address"),
    pytest.param(ORDER_A, (SPX_A,), ("\x1d", "", "\u8a02\u55ae"), False, id="unreadable"),
]


@pytest.mark.parametrize(("scanned", "advised", "read", "stops"), CASES)
def test_what_counts_as_another_order(
    scanned: str, advised: tuple[str, ...] | None, read: tuple[str, ...], stops: bool
) -> None:
    """Advice is None while the table is offline; its numbers may come before or after the photo."""
    for is_before in (True, False):
        table = PackingTable(PackingSettings(codes=PATTERNS))
        table.scan(scanned)
        if advised is not None and is_before:
            table.advise(KNOWN, equivalents=advised)
        table.f1()
        table.read(*read)
        if advised is not None and not is_before:
            table.advise(KNOWN, equivalents=advised)
        table.f4()
        assert table.shows(Sign.STOP) is stops
        assert (table.closed() == []) is stops


def test_without_patterns_nothing_is_compared() -> None:
    """Any sticker on the goods could be an order number then."""
    table = PackingTable(PackingSettings(codes=CodeRules()))
    table.scan(ORDER_A)
    table.advise(KNOWN, equivalents=[SPX_A])
    table.f1()
    table.read(ORDER_B)
    table.f4()
    assert table.shows(Sign.SAVED)


def test_letters_are_read_as_scans_are() -> None:
    rules = replace(PATTERNS, letters=Letters.UPPER)
    table = PackingTable(PackingSettings(codes=rules))
    table.scan(ORDER_A.lower())
    table.f1()
    table.read(ORDER_B.lower())
    assert signs(table.f4()) == [Sign.STOP]
    assert ORDER_B in table.text


@pytest.mark.parametrize("mode", ["PW-TRAINING", "PW-RETURN"])
def test_only_what_is_packed_is_compared(table: PackingTable, mode: str) -> None:
    """A returned parcel carries its sender's label."""
    table.scan(mode)
    table.scan(ORDER_A)
    table.f1()
    table.read(ORDER_B)
    table.f4()
    assert [one.closing for one in table.closed()] == [Closing.SEND]


def test_photos_that_came_back_do_not_hide_a_new_one(table: PackingTable) -> None:
    table.unsent[ORDER_A] = ("b" * 32, (sha(7),))
    table.scan(ORDER_A)
    table.f1()
    table.read(ORDER_B)
    assert signs(table.f4()) == [Sign.STOP]


class TestReadLate:
    """F4 never waits for the reading: what comes after it stands for the box on the table."""

    @pytest.fixture
    def sent(self, table: PackingTable) -> PackingTable:
        table.pack(ORDER_A)
        return table

    def test_stops_and_esc_takes_the_proof_back(self, sent: PackingTable) -> None:
        sent.read(ORDER_B)
        assert sent.shows(Sign.STOP)
        assert f"{ORDER_A}: the label in the photo reads {ORDER_B}" in sent.text
        sent.wait(1000)
        assert any(isinstance(one, Withdraw) for one in sent.cancel())

    def test_is_answered_by_f4(self, sent: PackingTable) -> None:
        sent.read(ORDER_B)
        sent.f4()
        assert not sent.shows(Sign.STOP)
        sent.read(ORDER_B)
        assert not sent.shows(Sign.STOP), "it was answered"

    @pytest.mark.parametrize("codes", [(), (ORDER_A,), (SPX_B,)])
    def test_says_nothing_of_its_own_label(
        self, sent: PackingTable, codes: tuple[str, ...]
    ) -> None:
        sent.read(*codes)
        assert sent.shows(Sign.SAVED)

    def test_says_nothing_once_the_next_order_is_open(self, sent: PackingTable) -> None:
        sent.scan("220103CCCCCCCC")
        sent.read(ORDER_B)
        assert sent.shows(Sign.OPEN)
        sent.cancel()
        assert not sent.shows(Sign.STOP)

    def test_says_nothing_of_what_was_taken_back(self, sent: PackingTable) -> None:
        sent.cancel()
        sent.read(ORDER_B)
        assert not sent.shows(Sign.STOP)

    def test_numbers_that_come_late_stop_too(self, table: PackingTable) -> None:
        table.scan(ORDER_A)
        table.f1()
        table.read(SPX_B)
        table.f4()
        table.advise(KNOWN, equivalents=[SPX_A])
        assert table.shows(Sign.STOP)

    def test_stop_is_not_covered_by_saved(self, table: PackingTable) -> None:
        table.scan(ORDER_A)
        table.f1()
        table.answering = False
        table.f4()
        table.read(ORDER_B)
        table.send(_settled(table))
        assert table.shows(Sign.STOP)
        assert table.is_in(Phase.READY)

    def test_a_proof_that_returns_remembers_what_was_read(self, table: PackingTable) -> None:
        table.scan(ORDER_A)
        table.f1()
        table.answering = False
        table.f1()
        table.f4()
        table.read(ORDER_B, photo=1)
        table.send(PhotoFailed(2, "stalled", table.now_ns))
        assert table.is_in(Phase.OPEN)
        table.answering = True
        assert Sign.STOP in signs(table.f4())
        assert table.closed() == []


def _settled(table: PackingTable) -> ProofSettled:
    [closed] = table.closed()
    return ProofSettled(closed.proof_id, table.now_ns)
