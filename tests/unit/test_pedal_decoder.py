"""A pedal's keys to actions (U-05, U-10; edge-hardware 3.4)."""

import pytest
from evdev import ecodes
from hypothesis import given
from hypothesis import strategies as st

from edge.events import Action, ActionPressed
from edge.scanner.decoding.packets import Key
from edge.scanner.decoding.pedal import PedalDecoder, PedalRules

MS = 1_000_000
F1, F2, F4, ESC = ecodes.KEY_F1, ecodes.KEY_F2, ecodes.KEY_F4, ecodes.KEY_ESC


class Pedal:
    """A decoder and the foot on it; times are milliseconds since the begin."""

    def __init__(self, rules: PedalRules | None = None) -> None:
        self.decoder = PedalDecoder("pedal", rules or PedalRules())
        self.decoder.begin(frozenset(), 0)
        self.said: list[tuple[Action, int]] = []

    def key(self, code: int, is_down: bool, at_ms: int) -> "Pedal":
        return self._hear(self.decoder.press(Key(code, is_down, at_ms * MS)))

    def down(self, code: int, at_ms: int) -> "Pedal":
        return self.key(code, True, at_ms)

    def up(self, code: int, at_ms: int) -> "Pedal":
        return self.key(code, False, at_ms)

    def wait_until(self, at_ms: int) -> "Pedal":
        return self._hear(self.decoder.expire(at_ms * MS))

    def _hear(self, events: tuple[ActionPressed, ...]) -> "Pedal":
        assert all(one.device == "pedal" for one in events)
        self.said += [(one.action, one.at_ns // MS) for one in events]
        return self


@pytest.mark.parametrize(
    ("code", "action"),
    [(F1, Action.PHOTO), (F4, Action.SEND), (F2, Action.UNDO), (ESC, Action.CANCEL)],
)
def test_a_key_acts_when_it_goes_down(code: int, action: Action) -> None:
    assert Pedal().down(code, 10).said == [(action, 10)]
    assert Pedal().up(code, 10).said == []


def test_keys_that_nothing_is_said_of_do_nothing() -> None:
    pedal = Pedal()
    for code in range(0x300):
        if code not in {F1, F2, F4, ESC}:
            pedal.down(code, code).up(code, code)
    assert pedal.said == []


def test_a_pedal_that_is_a_mouse_button() -> None:
    pedal = Pedal(PedalRules({ecodes.BTN_LEFT: Action.PHOTO, ecodes.KEY_B: Action.SEND}))
    pedal.down(ecodes.BTN_LEFT, 10).down(ecodes.KEY_B, 20).down(F1, 30)
    assert pedal.said == [(Action.PHOTO, 10), (Action.SEND, 20)]


@pytest.mark.parametrize(
    ("presses", "counted"),
    [
        ([(10, 15), (20, 90)], [10]),  # the contact closes twice
        ([(10, 400), (410, 420)], [10]),  # it opens twice
        ([(10, 100), (209, 220)], [10]),
        ([(10, 100), (210, 300)], [10, 210]),
        ([(10, 100), (500, 600), (900, 950)], [10, 500, 900]),
    ],
)
def test_bounces(presses: list[tuple[int, int]], counted: list[int]) -> None:
    pedal = Pedal()
    for down_ms, up_ms in presses:
        pedal.down(F1, down_ms).up(F1, up_ms)
    assert pedal.said == [(Action.PHOTO, at_ms) for at_ms in counted]


def test_a_bounce_is_of_one_action_alone() -> None:
    pedal = Pedal().down(F1, 10).down(F4, 20)
    assert pedal.said == [(Action.PHOTO, 10), (Action.SEND, 20)]


def test_two_keys_of_one_action_bounce_together() -> None:
    pedal = Pedal(PedalRules({F1: Action.PHOTO, F2: Action.PHOTO}))
    assert pedal.down(F1, 10).down(F2, 50).said == [(Action.PHOTO, 10)]


class TestHold:
    """Holding F4 cancels, and nobody waits for it."""

    def test_it_sends_at_once_and_cancels_when_held(self) -> None:
        pedal = Pedal().down(F4, 10)
        assert pedal.said == [(Action.SEND, 10)]
        assert pedal.decoder.deadline_ns == 2010 * MS
        pedal.wait_until(2009)
        assert pedal.said == [(Action.SEND, 10)]
        pedal.wait_until(2010)
        assert pedal.said == [(Action.SEND, 10), (Action.CANCEL, 2010)]

    def test_once_for_each_hold(self) -> None:
        pedal = Pedal().down(F4, 10).wait_until(3000).wait_until(9000).up(F4, 9500)
        assert pedal.said == [(Action.SEND, 10), (Action.CANCEL, 2010)]
        pedal.down(F4, 20_000).wait_until(23_000)
        assert pedal.said[2:] == [(Action.SEND, 20_000), (Action.CANCEL, 22_000)]

    def test_a_press_that_ends_before_is_no_hold(self) -> None:
        assert Pedal().down(F4, 10).up(F4, 2009).wait_until(9000).said == [(Action.SEND, 10)]

    def test_a_thread_that_reads_late_still_sees_the_hold(self) -> None:
        pedal = Pedal().down(F4, 10).up(F4, 2500)
        assert pedal.said == [(Action.SEND, 10), (Action.CANCEL, 2010)]

    def test_it_goes_on_through_a_bounce(self) -> None:
        pedal = Pedal().down(F4, 10).up(F4, 14).down(F4, 18).wait_until(3000)
        assert pedal.said == [(Action.SEND, 10), (Action.CANCEL, 2010)]

    def test_a_bounce_after_the_release_is_no_hold(self) -> None:
        pedal = Pedal().down(F4, 10).up(F4, 400).down(F4, 405).wait_until(9000)
        assert pedal.said == [(Action.SEND, 10)]

    @pytest.mark.parametrize("code", [F1, F2, ESC])
    def test_no_other_key_is_held(self, code: int) -> None:
        pedal = Pedal().down(code, 10).wait_until(99_000)
        assert len(pedal.said) == 1

    def test_it_may_be_off(self) -> None:
        pedal = Pedal(PedalRules(hold_cancel_ms=0)).down(F4, 10).wait_until(99_000)
        assert pedal.said == [(Action.SEND, 10)]
        assert pedal.decoder.deadline_ns is None

    def test_a_key_that_is_down_at_the_begin_is_not_held(self) -> None:
        pedal = Pedal()
        pedal.decoder.begin(frozenset({F4}), 0)
        assert pedal.wait_until(99_000).up(F4, 100_000).said == []

    def test_a_loss_ends_the_hold(self) -> None:
        pedal = Pedal().down(F4, 10)
        pedal.decoder.begin(frozenset(), 500 * MS)
        assert pedal.wait_until(99_000).said == [(Action.SEND, 10)]

    def test_lost_keys_end_the_hold(self) -> None:
        pedal = Pedal().down(F4, 10)
        pedal.decoder.keys_were_lost(frozenset({F4}), 500 * MS)
        assert pedal.wait_until(99_000).said == [(Action.SEND, 10)]


@given(st.lists(st.tuples(st.integers(0, 0x2FF), st.booleans(), st.integers(0, 3000)), max_size=60))
def test_no_keys_whatever_make_a_code(keys: list[tuple[int, bool, int]]) -> None:
    pedal = PedalDecoder("pedal", PedalRules())
    pedal.begin(frozenset(), 0)
    now_ns, said = 0, list[ActionPressed]()
    for code, is_down, gap_ms in keys:
        now_ns += gap_ms * MS
        said += pedal.press(Key(code, is_down, now_ns))
    said += pedal.expire(now_ns + 10_000 * MS)
    assert {type(one) for one in said} <= {ActionPressed}
    assert [one.at_ns for one in said] == sorted(one.at_ns for one in said)
    assert pedal.deadline_ns is None
