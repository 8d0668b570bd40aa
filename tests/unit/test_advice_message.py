"""Advice on the wire: the other numbers of an order are optional, and never many."""

import json

import pytest

from wire.errors import BadMessage
from wire.messages import MAX_CODE_LENGTH, MAX_EQUIVALENTS, Advice, AdviceKind

OLD = {"version": 1, "code": "220101A", "correlation": "c1", "kind": "known"}


def test_an_older_cloud_leaves_them_out() -> None:
    assert Advice.from_bytes(json.dumps(OLD).encode()).equivalents == []


def test_they_come_back_as_they_were_sent() -> None:
    sent = Advice(code="A", correlation="c1", kind=AdviceKind.KNOWN, equivalents=["B", "C"])
    assert Advice.from_bytes(sent.to_bytes()) == sent


@pytest.mark.parametrize(
    "numbers", [["A"] * (MAX_EQUIVALENTS + 1), ["A" * (MAX_CODE_LENGTH + 1)], [None], "A"]
)
def test_too_many_or_too_long_ones_are_refused(numbers: object) -> None:
    with pytest.raises(BadMessage, match="equivalents"):
        Advice.from_bytes(json.dumps({**OLD, "equivalents": numbers}).encode())
