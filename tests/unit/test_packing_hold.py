"""Holding F4: it sends at once and cancels when it stays down, as decoder and rules do together.

Nobody waits for the hold: what was closed has not left the table when it is taken back.
"""

import pytest

from edge.effects import CloseProof, Hold, Release, Withdraw
from edge.events import CodesRead
from edge.indicator.signs import Sign
from edge.packing import PackingSettings
from edge.scanner.decoding.key_names import CODES
from edge.scanner.decoding.packets import Key
from edge.scanner.decoding.pedal import PedalDecoder, PedalRules
from tests.support.packing_table import ORDER_A, ORDER_B, PATTERNS, PackingTable
from wire.messages import Closing

F4 = CODES["f4"]
HELD_MS = PedalRules().hold_cancel_ms


class Foot:
    """On the pedal of a table."""

    def __init__(self, table: PackingTable) -> None:
        self._table = table
        self._decoder = PedalDecoder("pedal", PedalRules())
        self._decoder.begin(frozenset(), 0)

    def hold(self) -> None:
        self._table.wait(2100)
        self._send(Key(F4, True, self._table.now_ns))
        self._table.wait(HELD_MS)
        for event in self._decoder.expire(self._table.now_ns):
            self._table.send(event)

    def tap(self) -> None:
        self._table.wait(2100)
        self._send(Key(F4, True, self._table.now_ns))
        self._table.wait(100)
        self._send(Key(F4, False, self._table.now_ns))

    def _send(self, key: Key) -> None:
        for event in self._decoder.press(key):
            self._table.send(event)


@pytest.fixture
def table() -> PackingTable:
    return PackingTable(PackingSettings(codes=PATTERNS))


def test_a_closed_order_is_taken_back_before_it_left(table: PackingTable) -> None:
    table.scan(ORDER_A)
    table.f1()
    Foot(table).hold()
    assert [one.closing for one in table.closed()] == [Closing.SEND]
    kinds = [type(one) for one in table.all_effects]
    assert kinds.index(Hold) < kinds.index(CloseProof) < kinds.index(Withdraw)
    assert Release not in kinds[: kinds.index(Withdraw)]
    assert table.state.shown is not None
    assert "taken back, nothing is sent" in table.state.shown[1]


def test_the_hold_is_shorter_than_the_delay() -> None:
    assert PackingSettings().send_delay_ms > HELD_MS


def test_an_open_order_without_photo_is_dropped(table: PackingTable) -> None:
    table.scan(ORDER_A)
    Foot(table).hold()
    assert [one.closing for one in table.closed()] == [Closing.CANCELLED]
    assert table.state.open is None


def test_at_a_stop_the_press_confirms_nothing_and_the_hold_puts_it_aside(
    table: PackingTable,
) -> None:
    table.scan(ORDER_A)
    table.f1()
    table.send(CodesRead(1, (ORDER_B,), table.now_ns))
    Foot(table).hold()
    assert [one.closing for one in table.closed()] == [Closing.CANCELLED]


def test_a_short_press_only_sends(table: PackingTable) -> None:
    table.scan(ORDER_A)
    table.f1()
    Foot(table).tap()
    assert [one.closing for one in table.closed()] == [Closing.SEND]
    assert table.shows(Sign.SAVED)
