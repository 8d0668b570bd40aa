"""What fields of all marketplaces' replies are taken for."""

from typing import Any

import pytest

from cloud.marketplaces.errors import MalformedReply
from cloud.marketplaces.reply_fields import Id, OptionalId, ReplyModel, Text, read


class Row(ReplyModel):
    """A reply of nobody's."""

    number: Id
    parent: OptionalId = ""
    name: Text = ""


@pytest.mark.parametrize(
    ("value", "expected"),
    [(2**61 + 1, str(2**61 + 1)), ("200_2_100_1_103", "200_2_100_1_103"), ("a b", "a b")],
)
def test_an_id_is_text_whatever_it_came_as(value: Any, expected: str) -> None:
    assert read(Row, {"number": value}).number == expected


@pytest.mark.parametrize("value", ["", None, True, 1.5, [], "\x00", "a\n", "\x1f", "é", "\udcff"])
def test_what_cannot_be_an_id_is_refused(value: Any) -> None:
    with pytest.raises(MalformedReply, match="number"):
        read(Row, {"number": value})


@pytest.mark.parametrize("value", [None, 0, "0"])
def test_some_marketplaces_write_nothing_as_zero(value: Any) -> None:
    assert read(Row, {"number": 1, "parent": value}).parent == ""


@pytest.mark.parametrize(
    ("value", "expected"), [("Tan\x00 Wei", "Tan Wei"), (None, ""), (7, "7"), ("é\n", "é\n")]
)
def test_a_text_holds_nothing_that_no_database_keeps(value: Any, expected: str) -> None:
    assert read(Row, {"number": 1, "name": value}).name == expected
