"""Names of keys in settings, and what the kernel's events are."""

import pytest
from evdev import ecodes

from edge.scanner.decoding.key_names import CODES, key_code, key_name
from edge.scanner.decoding.packets import (
    EV_KEY,
    EV_SYN,
    SYN_DROPPED,
    SYN_REPORT,
    Key,
    KeysLost,
    Packets,
    RawEvent,
)


@pytest.mark.parametrize("name", CODES)
def test_every_name_is_the_kernels(name: str) -> None:
    known = name.upper() if name.startswith("btn_") else f"KEY_{name.upper()}"
    assert ecodes.ecodes[known] == CODES[name]


@pytest.mark.parametrize(
    ("written", "code"),
    [("F1", 59), ("KEY_F4", 62), (" esc ", 1), ("escape", 1), ("btn_left", 272), ("272", 272)],
)
def test_ways_to_write_a_key(written: str, code: int) -> None:
    assert key_code(written) == code


def test_a_digit_is_its_key() -> None:
    assert key_code("1") == ecodes.KEY_1


@pytest.mark.parametrize("written", ["", "f99", "photo", "99999", "-1", "²"])
def test_what_is_no_key_is_named(written: str) -> None:
    with pytest.raises(ValueError, match="no key"):
        key_code(written)


def test_each_key_is_written_as_it_is_read() -> None:
    for code in range(1, 0x300):
        if code > 11 or key_name(code) != str(code):
            assert key_code(key_name(code)) == code


def test_autorepeat_and_what_is_no_key_is_left_out() -> None:
    packets = Packets()
    events = [
        (EV_KEY, 30, 1),
        (EV_KEY, 30, 2),
        (4, 4, 30),
        (EV_SYN, SYN_REPORT, 0),
        (EV_KEY, 30, 0),
    ]
    found = [packets.feed(RawEvent(*one, 7)) for one in events]
    assert [one for one in found if one] == [Key(30, True, 7), Key(30, False, 7)]


def test_after_a_drop_nothing_counts_up_to_the_next_report() -> None:
    packets = Packets()
    events = [
        (EV_KEY, 30, 1),
        (EV_SYN, SYN_DROPPED, 0),
        (EV_KEY, 31, 1),
        (EV_SYN, SYN_REPORT, 0),
        (EV_KEY, 32, 1),
    ]
    found = [packets.feed(RawEvent(*one, at)) for at, one in enumerate(events)]
    assert found == [Key(30, True, 0), None, None, KeysLost(3), Key(32, True, 4)]
