"""Keys of a terminal: which bytes are which key, and what typing means."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.events import Action
from edge.scanner.keys import KeyParser
from edge.scanner.typed import TooLong, Typed, TypedLine

KNOWN = [
    (b"\x1bOP", ["f1"]),  # xterm
    (b"\x1b[11~", ["f1"]),  # rxvt
    (b"\x1b[[A", ["f1"]),  # Linux console
    (b"\x1bOQ", ["f2"]),
    (b"\x1b[12~", ["f2"]),
    (b"\x1bOS", ["f4"]),
    (b"\x1b[14~", ["f4"]),
    (b"\x1b[[D", ["f4"]),
    (b"\x1b", ["escape"]),
    (b"\x1b[D", ["left"]),
    (b"aB1-", ["a", "B", "1", "-"]),
    (b"\r", ["enter"]),
    (b"\n", ["enter"]),
    (b"\x7f", ["backspace"]),
    (b"\x08", ["backspace"]),
    ("é訂".encode(), ["é", "訂"]),
]
UNKNOWN = [
    b"\x1b[99~",
    b"\x1b[99",
    b"\x1b[99;5:3u",
    b"\x1bOz",
    b"\x1bp",  # Alt and p: not "p"
    b"\x1b[1;3D",  # Alt and left
    b"\xff\xfe",
    b"\x1b[I",  # focus came
]


def keys_of(*parts: bytes) -> list[str]:
    """Keys of bytes that arrive in parts with no pause but at the end."""
    parser = KeyParser()
    return [key for part in parts for key in parser.feed(part)] + parser.flush()


@pytest.mark.parametrize(("data", "names"), KNOWN)
def test_known_bytes(data: bytes, names: list[str]) -> None:
    assert keys_of(data) == names


@pytest.mark.parametrize(("data", "names"), KNOWN)
def test_known_bytes_one_at_a_time(data: bytes, names: list[str]) -> None:
    assert keys_of(*(bytes([byte]) for byte in data)) == names


@pytest.mark.parametrize("data", UNKNOWN)
def test_unknown_sequences_press_nothing_and_leave_no_trace(data: bytes) -> None:
    parser = KeyParser()
    assert parser.feed(data) + parser.flush() == []
    assert parser.feed(b"q\x1bOP") == ["q", "f1"]


@pytest.mark.parametrize("data", UNKNOWN[:4])
def test_unknown_sequences_one_byte_at_a_time(data: bytes) -> None:
    assert keys_of(*(bytes([byte]) for byte in data)) == []


def test_a_key_right_after_an_unknown_sequence_counts() -> None:
    assert keys_of(b"\x1b[99~A\x1bOP") == ["A", "f1"]


def test_escape_waits_for_what_follows_until_it_is_flushed() -> None:
    parser = KeyParser()
    assert parser.feed(b"\x1b") == []
    assert parser.flush() == ["escape"]
    assert parser.feed(b"[") == ["["]
    assert parser.flush() == []


@given(st.lists(st.binary(max_size=12), max_size=8))
def test_no_bytes_whatever_break_the_parser(parts: list[bytes]) -> None:
    parser = KeyParser()
    for part in parts:
        parser.feed(part)
    parser.flush()
    assert parser.feed(b"\x1bOP")[-1:] + parser.flush() == ["f1"]


def typed(keys: list[str]) -> list[object]:
    line = TypedLine()
    return [meaning for key in keys if (meaning := line.press(key)) is not None]


@pytest.mark.parametrize(
    ("keys", "meanings"),
    [
        (["f1"], [Action.PHOTO]),
        (["f4"], [Action.SEND]),
        (["f2"], [Action.UNDO]),
        (["escape"], [Action.CANCEL]),
        ([*"p", "enter"], [Action.PHOTO]),
        ([*"s", "enter"], [Action.SEND]),
        ([*"u", "enter"], [Action.UNDO]),
        ([*"C", "enter"], [Action.CANCEL]),
        ([*"P-1 ", "enter"], [Typed("P-1")]),
        ([*"p"], []),
        (["enter", "enter"], []),
        ([*"  ", "enter"], []),
        ([*"ABX", "backspace", *"C", "enter"], [Typed("ABC")]),
        (["backspace", *"A", "enter"], [Typed("A")]),
        ([*"AB", "f1", *"C", "enter"], [Action.PHOTO, Typed("ABC")]),
        ([*"AB", "escape", *"XY", "enter"], [Action.CANCEL, Typed("XY")]),
        ([*"AB", "left", "c-a", "<vt100-mouse-event>", "enter"], [Typed("AB")]),
        ([*"F1F4", "enter"], [Typed("F1F4")]),  # U-10: text never fires an action
        (["A"] * 200 + ["enter"], [Typed("A" * 200)]),
        (["A"] * 5000 + ["enter"], [TooLong()]),
    ],
)
def test_what_typing_means(keys: list[str], meanings: list[object]) -> None:
    assert typed(keys) == meanings


def test_keys_and_words_are_data() -> None:
    line = TypedLine(keys={"b": Action.PHOTO}, words={"send": Action.SEND})
    assert line.press("b") is Action.PHOTO
    assert line.press("f1") is None
    for key in "SEND":
        line.press(key)
    assert line.press("enter") is Action.SEND


def test_what_is_typed_so_far_can_be_shown() -> None:
    line = TypedLine()
    for key in ["A", "B", "backspace"]:
        line.press(key)
    assert line.text == "A"
