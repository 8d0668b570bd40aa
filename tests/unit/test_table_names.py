"""Names of tables: what may be one, how they are sorted, and the list's address."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.dashboard.tables.list_address import ListAddress, read_list_address
from cloud.fleet.errors import BadTableName
from cloud.fleet.models import PackingTable
from cloud.fleet.naming import LONGEST_SORT_KEY, sort_key, table_name_of


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("North 3", "North 3"),
        ("  North \t 3\n", "North 3"),
        ("北區 3", "北區 3"),
        ("x" * 80, "x" * 80),
    ],
)
def test_a_name_is_kept_with_its_spaces_folded(text: str, name: str) -> None:
    assert table_name_of(text) == name


@pytest.mark.parametrize("text", ["", " \n", "x" * 81, "bell\a", "a\0b", "left\u202eright"])
def test_what_cannot_be_shown_is_no_name(text: str) -> None:
    with pytest.raises(BadTableName):
        table_name_of(text)


def test_numbers_are_sorted_as_numbers_and_case_does_not_count() -> None:
    names = ["Table 10", "table 9", "Table 1", "South", "north 2b", "North 2a"]
    assert sorted(names, key=sort_key) == [
        "North 2a",
        "north 2b",
        "South",
        "Table 1",
        "table 9",
        "Table 10",
    ]


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=80))
def test_every_name_has_a_key_that_fits(name: str) -> None:
    assert len(sort_key(name)) <= LONGEST_SORT_KEY


def test_the_key_follows_the_name_by_itself() -> None:
    table = PackingTable(name="Table 2")
    assert table.sort_key == "table 000000002"
    table.name = "Table 3"
    assert table.sort_key == "table 000000003"


@pytest.mark.parametrize(
    ("query", "address"),
    [
        ({}, ListAddress()),
        ({"state": "online", "name": " North  3 "}, ListAddress(state="online", name="North 3")),
        ({"state": "on fire"}, ListAddress()),
        ({"after": "7"}, ListAddress(after=7)),
        ({"before": "x", "after": "-1"}, ListAddress()),
        ({"after": "9" * 19}, ListAddress()),
        ({"name": "a\0b"}, ListAddress(name="ab")),
    ],
)
def test_the_address_says_what_is_shown(query: dict[str, str], address: ListAddress) -> None:
    assert read_list_address(query) == address


def test_an_address_begins_anew_when_its_filter_changes() -> None:
    there = ListAddress(state="offline", name="Süd & Co", after=7)
    assert there.address(state="online") == "/tables?state=online&name=S%C3%BCd+%26+Co"
    assert there.rows_address() == "/tables/rows?state=offline&name=S%C3%BCd+%26+Co&after=7"
