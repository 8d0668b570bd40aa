"""Bodies that are no JSON objects are refused by every stand-in marketplace, in its own words."""

import pytest

from sandbox.market.receiving import Received, json_body
from sandbox.market.refusal import Refusal


def received(body: bytes) -> Received:
    return Received("POST", "/path", {}, {}, body, "http://127.0.0.1", ("127.0.0.1", 1))


@pytest.mark.parametrize(
    "body",
    [b"{", b"[]", b"5", b"\xff", b"[" * 100_000, b'{"a": ' * 100_000],
    ids=["cut", "list", "number", "bytes", "brackets", "braces"],
)
def test_what_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(Refusal) as caught:
        json_body(received(body), error="in_its_words")
    assert caught.value.error == "in_its_words"


def test_no_body_is_an_empty_object() -> None:
    assert json_body(received(b""), error="any") == {}
