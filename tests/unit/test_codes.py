"""Classes of scanned codes, offline."""

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.events import Action
from edge.scanner.codes import CodeKind, CodeRules, Letters, classify, is_goods_number
from wire.messages import MAX_CODE_LENGTH, Mode

EAN_13 = "4006381333931"
UPC_A = "036000291452"
EAN_8 = "73513537"

PLAIN = CodeRules()
AIM = CodeRules(strip_aim=True)
OWN = CodeRules(order_patterns=(re.compile(r"[0-9]{12}"), re.compile(r"SPX[A-Z]{2}[0-9]+")))


@pytest.mark.parametrize(
    ("scanned", "rules", "kind", "text"),
    [
        ("220101ABCDEFGH", PLAIN, CodeKind.ORDER, "220101ABCDEFGH"),
        ("  220101ABCDEFGH\r", PLAIN, CodeKind.ORDER, "220101ABCDEFGH"),
        ("\x1d220101ABCDEFGH\x1d", PLAIN, CodeKind.ORDER, "220101ABCDEFGH"),
        ("579812345678901234", PLAIN, CodeKind.ORDER, "579812345678901234"),
        ("spxmy012345", PLAIN, CodeKind.ORDER, "spxmy012345"),
        ("spxmy012345", CodeRules(letters=Letters.UPPER), CodeKind.ORDER, "SPXMY012345"),
        ("SPXMY012345", CodeRules(letters=Letters.LOWER), CodeKind.ORDER, "spxmy012345"),
        (EAN_13, PLAIN, CodeKind.GOODS, ""),
        (UPC_A, PLAIN, CodeKind.GOODS, ""),
        (EAN_8, PLAIN, CodeKind.GOODS, ""),
        ("4006381333932", PLAIN, CodeKind.ORDER, "4006381333932"),
        ("036000291452", OWN, CodeKind.ORDER, "036000291452"),
        (EAN_13, OWN, CodeKind.GOODS, ""),
        ("SPXMY012", OWN, CodeKind.ORDER, "SPXMY012"),
        ("xSPXMY012", OWN, CodeKind.UNREADABLE, ""),
        ("220101ABCDEFGH", OWN, CodeKind.UNREADABLE, ""),
        ("]C0220101ABCDEFGH", AIM, CodeKind.ORDER, "220101ABCDEFGH"),
        (f"]E0{EAN_13}", AIM, CodeKind.GOODS, ""),
        ("]E0123456789012", AIM, CodeKind.GOODS, ""),
        (f"]E0{EAN_13}", PLAIN, CodeKind.UNREADABLE, ""),
        ("PW-BADGE-Mei", PLAIN, CodeKind.BADGE, "Mei"),
        ("pw-badge-Mei", PLAIN, CodeKind.BADGE, "Mei"),
        ("", PLAIN, CodeKind.UNREADABLE, ""),
        (" \r\n", PLAIN, CodeKind.UNREADABLE, ""),
        ("NOREAD", PLAIN, CodeKind.UNREADABLE, ""),
        ("2201\x1dABCD", PLAIN, CodeKind.UNREADABLE, ""),
        ("訂單220101", CodeRules(order_patterns=(re.compile(".+"),)), CodeKind.UNREADABLE, ""),
        ("PW-BADGE-陳", PLAIN, CodeKind.BADGE, "陳"),
        ("PW-SEMD", PLAIN, CodeKind.UNREADABLE, ""),
        ("ABC", PLAIN, CodeKind.UNREADABLE, ""),
        ("A" * (MAX_CODE_LENGTH + 1), PLAIN, CodeKind.UNREADABLE, ""),
        ("https://example.test/?q=1", PLAIN, CodeKind.UNREADABLE, ""),
    ],
)
def test_class_of_a_code(scanned: str, rules: CodeRules, kind: CodeKind, text: str) -> None:
    code = classify(scanned, rules)
    assert (code.kind, code.text) == (kind, text)
    assert bool(code.reason) == (kind in {CodeKind.GOODS, CodeKind.UNREADABLE})


@pytest.mark.parametrize("action", list(Action))
@pytest.mark.parametrize("write", [str.upper, str.lower])
def test_action_barcodes(action: Action, write: Callable[[str], str]) -> None:
    code = classify(write(f"PW-{action}"), PLAIN)
    assert (code.kind, code.action) == (CodeKind.ACTION, action)


@pytest.mark.parametrize("mode", list(Mode))
def test_mode_barcodes(mode: Mode) -> None:
    code = classify(f"PW-{mode.upper()}", PLAIN)
    assert (code.kind, code.mode) == (CodeKind.MODE, mode)


def test_key_names_inside_a_code_do_nothing() -> None:
    """U-10."""
    assert classify("ORDER-F1-F4", PLAIN).kind is CodeKind.ORDER


def test_a_word_without_the_prefix_is_no_command() -> None:
    assert classify("CANCEL", PLAIN).kind is CodeKind.ORDER


@pytest.mark.parametrize("number", [EAN_13, UPC_A, EAN_8])
def test_one_wrong_digit_is_no_goods_number(number: str) -> None:
    assert is_goods_number(number)
    for place, digit in enumerate(number):
        wrong = number[:place] + str((int(digit) + 1) % 10) + number[place + 1 :]
        assert not is_goods_number(wrong)


@given(st.text(max_size=250), st.booleans(), st.sampled_from(Letters))
def test_any_text_gets_a_class(scanned: str, strip_aim: bool, letters: Letters) -> None:
    code = classify(scanned, CodeRules(strip_aim=strip_aim, letters=letters))
    if code.kind is CodeKind.ORDER:
        assert code.text.isprintable()
        assert 0 < len(code.text) <= MAX_CODE_LENGTH
