"""A scanner's keys to codes (U-04, U-10; edge-hardware 3.1, 3.3)."""

import string
from collections.abc import Iterable

import pytest
from evdev import ecodes
from hypothesis import given
from hypothesis import strategies as st

from edge.events import ScanIncomplete, Scanned
from edge.scanner.decoding.packets import Key
from edge.scanner.decoding.scanner import Read, ScannerDecoder, ScannerRules, Terminator
from tests.support.us_keyboard import ENTER, SHIFT, STROKES, TAB, typed
from wire.messages import MAX_CODE_LENGTH

PRINTABLE = "".join(sorted(set(string.printable) - set("\t\n\r\x0b\x0c")))
MS = 1_000_000
CTRL, ALT, META = ecodes.KEY_LEFTCTRL, ecodes.KEY_LEFTALT, ecodes.KEY_LEFTMETA
CAPS = ecodes.KEY_CAPSLOCK


class Scanner:
    """A decoder, and the scanner that types into it."""

    def __init__(self, terminator: Terminator = Terminator.ENTER) -> None:
        self.decoder = ScannerDecoder("scanner", ScannerRules(terminator))
        self.decoder.begin(frozenset(), 0)
        self.now_ns = 1000 * MS
        self.said: list[Read] = []

    def keys(self, keys: Iterable[tuple[int, bool]], gap_ms: int = 5) -> "Scanner":
        for code, is_down in keys:
            self.now_ns += gap_ms * MS
            self.said += self.decoder.press(Key(code, is_down, self.now_ns))
        return self

    def type(self, text: str) -> "Scanner":
        return self.keys(typed(text))

    def stroke(self, *codes: int) -> "Scanner":
        """Together: all down, then all up."""
        return self.keys([(code, True) for code in codes] + [(one, False) for one in codes[::-1]])

    def wait(self, ms: int = 1000) -> "Scanner":
        self.now_ns += ms * MS
        self.said += self.decoder.expire(self.now_ns)
        return self

    @property
    def texts(self) -> list[str | None]:
        """Codes, and None for one that was cut off."""
        return [one.text if isinstance(one, Scanned) else None for one in self.said]


@pytest.mark.parametrize("one", PRINTABLE)
def test_every_printable_character(one: str) -> None:
    assert Scanner().type(f"A{one}z").stroke(ENTER).texts == [f"A{one}z"]


def test_the_keyboard_of_the_tests_has_them_all() -> None:
    assert set(STROKES) == set(PRINTABLE)


@given(st.text(PRINTABLE, min_size=1, max_size=MAX_CODE_LENGTH))
def test_any_code_comes_as_it_was_typed(text: str) -> None:
    assert Scanner().type(text).stroke(ENTER).texts == [text]


@given(st.lists(st.text(PRINTABLE, min_size=1, max_size=20), max_size=5))
def test_codes_do_not_touch_each_other(texts: list[str]) -> None:
    scanner = Scanner()
    for text in texts:
        scanner.type(text).stroke(ENTER)
    assert scanner.texts == texts


def test_a_code_carries_the_time_of_its_terminator() -> None:
    scanner = Scanner().type("AB")
    scanner.keys([(ENTER, True)])
    assert scanner.said == [Scanned("AB", scanner.now_ns, "scanner")]


@pytest.mark.parametrize(
    ("terminator", "keys", "texts"),
    [
        (Terminator.ENTER, [ENTER], ["AB"]),
        (Terminator.ENTER, [ecodes.KEY_KPENTER], ["AB"]),
        (Terminator.ENTER, [ENTER, ecodes.KEY_DOWN], ["AB"]),
        (Terminator.ENTER, [ENTER, ENTER], ["AB"]),
        (Terminator.ENTER, [TAB, ENTER], ["AB\t"]),
        (Terminator.TAB, [TAB], ["AB"]),
        (Terminator.TAB, [TAB, ENTER], ["AB"]),
        (Terminator.TAB, [ENTER], [None]),
        (Terminator.ENTER_OR_TAB, [TAB], ["AB"]),
        (Terminator.ENTER_OR_TAB, [TAB, ENTER], ["AB"]),
        (Terminator.ENTER_OR_TAB, [ENTER], ["AB"]),
    ],
)
def test_terminators(terminator: Terminator, keys: list[int], texts: list[str | None]) -> None:
    """CR+LF scanners add one more key; what comes after the terminator alone is no code."""
    scanner = Scanner(terminator).type("AB")
    for key in keys:
        scanner.stroke(key)
    assert scanner.wait().texts == texts


@pytest.mark.parametrize("ending", ["m", "j"])
def test_enter_as_a_control_key(ending: str) -> None:
    assert Scanner().type("AB").stroke(CTRL, STROKES[ending][0]).texts == ["AB"]


def test_three_ways_to_send_a_group_separator() -> None:
    scanner = Scanner().type("01").stroke(CTRL, STROKES["]"][0]).type("2")
    scanner.stroke(ecodes.KEY_F8).type("3")
    scanner.keys([(ALT, True)]).stroke(ecodes.KEY_KP0).stroke(ecodes.KEY_KP2)
    scanner.stroke(ecodes.KEY_KP9).keys([(ALT, False)]).type("4").stroke(ENTER)
    assert scanner.texts == ["01\x1d2\x1d3\x1d4"]


@pytest.mark.parametrize(
    ("digits", "text"), [("065", "A"), ("0233", "é"), ("130", "é"), ("38515", "陳")]
)
def test_characters_by_alt_and_number(digits: str, text: str) -> None:
    scanner = Scanner().keys([(ALT, True)])
    for digit in digits:
        scanner.stroke(ecodes.ecodes[f"KEY_KP{digit}"])
    assert scanner.keys([(ALT, False)]).stroke(ENTER).texts == [text]


def test_a_terminator_by_alt_and_number() -> None:
    scanner = Scanner().type("AB").keys([(ALT, True)])
    for digit in "013":
        scanner.stroke(ecodes.ecodes[f"KEY_KP{digit}"])
    assert scanner.keys([(ALT, False)]).texts == ["AB"]


def test_digits_and_signs_of_the_keypad() -> None:
    names = ["KP1", "KP9", "KP0", "KPMINUS", "KPDOT", "KPSLASH", "KPASTERISK", "KPPLUS"]
    scanner = Scanner()
    for name in names:
        scanner.stroke(ecodes.ecodes[f"KEY_{name}"])
    assert scanner.stroke(ENTER).texts == ["190-./*+"]


def test_caps_lock_around_a_code() -> None:
    scanner = Scanner().stroke(CAPS).type("ab1-C").stroke(CAPS).type("x").stroke(ENTER)
    assert scanner.texts == ["AB1-cx"]


def test_caps_lock_does_not_stay_for_the_next_code() -> None:
    scanner = Scanner().stroke(CAPS).type("ab").stroke(ENTER).wait().type("ab").stroke(ENTER)
    assert scanner.texts == ["AB", "ab"]


def test_right_shift_is_shift() -> None:
    assert Scanner().stroke(ecodes.KEY_RIGHTSHIFT, STROKES["a"][0]).stroke(ENTER).texts == ["A"]


def test_half_a_code_is_said_after_the_silence_and_never_used() -> None:
    scanner = Scanner().type("2406")
    last_ns = scanner.now_ns
    assert scanner.decoder.deadline_ns == last_ns + 200 * MS
    assert scanner.wait(199).texts == []
    assert scanner.wait(1).said == [ScanIncomplete(last_ns + 200 * MS, "scanner")]
    assert scanner.type("77").stroke(ENTER).texts == [None, None]
    assert scanner.type("78").stroke(ENTER).texts == [None, None, "78"]


def test_a_thread_that_reads_late_still_sees_the_silence() -> None:
    """The times of the keys decide, not when they are read."""
    scanner = Scanner().type("2406")
    scanner.now_ns += 300 * MS
    assert scanner.type("77").stroke(ENTER).texts == [None, None]


def test_the_second_half_of_a_code_is_no_code_either() -> None:
    """Held up on its way it comes after the silence, and would open an order that nobody has."""
    scanner = Scanner().type("261122PACK").wait(700)
    assert scanner.type("KM5NZ").stroke(ENTER).texts == [None, None]


def test_a_code_that_is_scanned_again_a_second_later_is_taken() -> None:
    scanner = Scanner().type("261122PACK").wait(1000)
    assert scanner.type("261122PACKKM5NZ").stroke(ENTER).texts == [None, "261122PACKKM5NZ"]


def test_the_second_half_is_no_code_however_late_it_comes() -> None:
    scanner = Scanner().type("261122PACK").wait(9000)
    assert scanner.type("KM5NZ").stroke(ENTER).texts == [None, None]
    assert scanner.type("261122PACKKM5NZ").stroke(ENTER).texts == [None, None, "261122PACKKM5NZ"]


def test_a_late_terminator_is_all_that_was_owed() -> None:
    scanner = Scanner().type("261122PACK").wait(3000).stroke(ENTER)
    assert scanner.type("JX1").stroke(ENTER).texts == [None, "JX1"]


def test_another_code_after_one_that_was_cut_off_is_refused_once() -> None:
    scanner = Scanner().type("261122PACK").wait(3000)
    assert scanner.type("JX1").stroke(ENTER).type("JX1").stroke(ENTER).texts == [None, None, "JX1"]


def test_a_code_that_was_cut_off_long_ago_refuses_nothing() -> None:
    scanner = Scanner().type("261122PACK").wait(30_000)
    assert scanner.type("JX1").stroke(ENTER).texts == [None, "JX1"]


def test_a_scanner_that_was_plugged_in_again_owes_nothing() -> None:
    scanner = Scanner().type("261122PACK").wait(3000)
    scanner.decoder.begin(frozenset(), scanner.now_ns)
    assert scanner.wait().type("JX1").stroke(ENTER).texts == [None, "JX1"]


@pytest.mark.parametrize("gap_ms", [5, 60, 99])
def test_slow_scanners(gap_ms: int) -> None:
    scanner = Scanner().keys([*typed("AB-12"), (ENTER, True)], gap_ms)
    assert scanner.texts == ["AB-12"]


def test_a_code_that_is_too_long_is_no_code() -> None:
    assert Scanner().type("1" * (MAX_CODE_LENGTH + 1)).stroke(ENTER).texts == [None]
    assert Scanner().type("1" * 5000).stroke(ENTER).type("2").stroke(ENTER).texts == [None, "2"]


@pytest.mark.parametrize(
    "keys",
    [
        (ecodes.KEY_102ND,),
        (ecodes.KEY_RO,),
        (ALT, STROKES["q"][0]),
        (META, STROKES["q"][0]),
        (CTRL, STROKES["1"][0]),
        (ALT, ecodes.KEY_102ND),
    ],
)
def test_a_key_that_no_us_keyboard_has_spoils_the_code(keys: tuple[int, ...]) -> None:
    """Left out, it would make another order's number of this one."""
    scanner = Scanner().type("24").stroke(*keys).type("06").stroke(ENTER)
    assert scanner.type("77").stroke(ENTER).texts == [None, "77"]


@pytest.mark.parametrize("name", ["F1", "F4", "F12", "ESC", "HOME", "NUMLOCK", "VOLUMEUP"])
def test_keys_that_type_nothing_anywhere_are_ignored(name: str) -> None:
    """U-10"""
    scanner = Scanner().type("24").stroke(ecodes.ecodes[f"KEY_{name}"]).type("06").stroke(ENTER)
    assert scanner.texts == ["2406"]


@pytest.mark.parametrize("half", ["24", ""])
def test_lost_keys_spoil_the_code_up_to_its_terminator(half: str) -> None:
    scanner = Scanner().type(half)
    scanner.decoder.keys_were_lost(frozenset(), scanner.now_ns)
    assert scanner.type("77").stroke(ENTER).type("99").stroke(ENTER).texts == [None, "99"]


def test_lost_keys_with_nothing_after_them_are_said() -> None:
    scanner = Scanner()
    scanner.decoder.keys_were_lost(frozenset(), scanner.now_ns)
    assert scanner.wait().texts == [None]


def test_shift_is_known_again_after_lost_keys() -> None:
    scanner = Scanner().keys([(SHIFT, True)])
    scanner.decoder.keys_were_lost(frozenset(), scanner.now_ns)
    assert scanner.wait().type("ab").stroke(ENTER).texts == [None, "ab"]


def test_the_end_of_a_code_that_began_before_anyone_listened_is_no_code() -> None:
    scanner = Scanner()
    scanner.decoder.begin(frozenset(), scanner.now_ns)
    assert scanner.type("7788").stroke(ENTER).texts == [None]
    assert scanner.type("2406").stroke(ENTER).texts == [None, "2406"]


def test_a_key_that_is_let_go_after_the_begin_is_nothing() -> None:
    scanner = Scanner()
    scanner.decoder.begin(frozenset({ENTER}), scanner.now_ns)
    scanner.keys([(ENTER, False)]).wait()
    assert scanner.type("2406").stroke(ENTER).texts == ["2406"]


def test_shift_that_is_down_at_the_begin_counts() -> None:
    scanner = Scanner()
    scanner.decoder.begin(frozenset({SHIFT}), scanner.now_ns)
    assert scanner.wait().stroke(STROKES["a"][0]).stroke(ENTER).texts == ["A"]


KEYS = st.tuples(st.integers(0, 0x2FF), st.booleans(), st.integers(0, 400))


@given(st.lists(KEYS, max_size=80), st.sampled_from(Terminator))
def test_no_keys_whatever_make_a_scanner_act(
    keys: list[tuple[int, bool, int]], terminator: Terminator
) -> None:
    """U-10"""
    scanner = Scanner(terminator)
    for code, is_down, gap_ms in keys:
        scanner.keys([(code, is_down)], gap_ms)
    scanner.wait()
    assert {type(one) for one in scanner.said} <= {Scanned, ScanIncomplete}
    assert all(0 < len(text) <= MAX_CODE_LENGTH for text in scanner.texts if text is not None)
    assert scanner.decoder.deadline_ns is None


@given(
    st.text(string.ascii_letters + string.digits, min_size=2, max_size=30),
    st.integers(1, 29),
    st.integers(200, 5000),
)
def test_a_pause_never_lets_half_a_code_through(text: str, cut: int, pause_ms: int) -> None:
    cut = min(cut, len(text) - 1)
    scanner = Scanner().type(text[:cut])
    scanner.now_ns += pause_ms * MS
    said = scanner.type(text[cut:]).wait().texts
    assert said == [None, None]
