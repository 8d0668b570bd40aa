"""Code 128: known symbols, the check symbol, and that a reader gets the text back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.camera import barcode
from tests.support import code128

START_B = (2, 1, 1, 2, 1, 4)
START_C = (2, 1, 1, 2, 3, 2)
STOP = (2, 3, 3, 1, 1, 1, 2)


def test_the_table_of_symbols_is_complete_and_regular() -> None:
    assert len(barcode._PATTERNS) == len(set(barcode._PATTERNS)) == 106
    for pattern in barcode._PATTERNS:
        widths = [int(width) for width in pattern]
        assert sum(widths) == 11
        assert sum(widths[::2]) % 2 == 0  # bars of a symbol have even parity
        assert max(widths) <= 4


@pytest.mark.parametrize(
    ("text", "symbols"),
    [
        # Known values: A is 33, the check of "A" is (104 + 1*33) % 103 = 34.
        ("A", [START_B, (1, 1, 1, 3, 2, 3), (1, 3, 1, 1, 2, 3), STOP]),
        # "1234" in set C: 12, 34, check (105 + 12 + 2*34) % 103 = 82.
        ("1234", [START_C, (1, 1, 2, 2, 3, 2), (1, 3, 1, 1, 2, 3), (1, 2, 1, 2, 4, 1), STOP]),
    ],
)
def test_known_texts_give_their_published_symbols(
    text: str, symbols: list[tuple[int, ...]]
) -> None:
    assert barcode.encode(text) == tuple(width for symbol in symbols for width in symbol)


@pytest.mark.parametrize(
    ("text", "symbols"),
    [
        ("240615ABCD7788", 1 + 3 + 1 + 4 + 1 + 2),
        ("12345", 1 + 2 + 1 + 1),
        ("A12345", 1 + 2 + 1 + 2),
        ("AB1234CD", 1 + 8),
        ("AB123456CD", 1 + 2 + 1 + 3 + 1 + 2),
    ],
)
def test_digits_are_packed_in_pairs_where_that_is_shorter(text: str, symbols: int) -> None:
    widths = barcode.encode(text)
    assert (len(widths) - len(STOP)) // 6 == symbols + 1  # and the check symbol


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=60))
def test_every_printable_text_can_be_read_back(text: str) -> None:
    assert code128.read(list(barcode.encode(text))) == text


@pytest.mark.parametrize("text", ["", "訂單", "A\nB", "é", "١٢٣٤"])
def test_other_texts_are_refused_by_name(text: str) -> None:
    with pytest.raises(barcode.NotPrintable, match="Code 128"):
        barcode.encode(text)
