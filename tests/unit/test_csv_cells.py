"""Cells that a spreadsheet neither runs nor changes."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.dashboard.chat_log.csv_cells import code, lines, text


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+60123456789", "'+60123456789"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("\n=1", "'\n=1"),
        ("  =1", "'  =1"),
        ("＝1", "'＝1"),
        ("Table 1 = best", "Table 1 = best"),
        ("", ""),
    ],
)
def test_what_would_be_a_formula_is_words(value: str, cell: str) -> None:
    assert text(value) == cell


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("260112345678901234", '="260112345678901234"'),
        ("0012", '="0012"'),
        ("12E7", '="12E7"'),
        ("1-2", '="1-2"'),
        ("MY123 MY124", "MY123 MY124"),
        ("123 456", '="123 456"'),
        ("2611210ABCDEF", "2611210ABCDEF"),
        ('=HYPERLINK("x")', '\'=HYPERLINK("x")'),
        ('1"&cmd', '1"&cmd'),
        ("-12", "'-12"),
        ("", ""),
    ],
)
def test_a_number_of_an_order_stays_as_it_is(value: str, cell: str) -> None:
    assert code(value) == cell


@given(st.text())
def test_no_text_becomes_a_formula_and_each_stays_readable(value: str) -> None:
    assert not text(value).lstrip(" ").startswith(tuple("=+-@\t\r\n"))
    assert text(value).removeprefix("'") == value.removeprefix("'")
    assert not code(value).startswith("=") or code(value) == f'="{value}"'


STORED = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
"""What a database can hold."""


@given(st.lists(st.lists(STORED, min_size=2), max_size=5))
def test_rows_are_read_as_they_were_written(rows: list[list[str]]) -> None:
    read = list(csv.reader(io.StringIO(lines(rows).decode(), newline="")))
    assert read == rows
