"""What tables are told of reasons."""

from cloud.conversations.states import Reason
from cloud.link.reasons import PLAIN, plain


def test_every_reason_has_plain_words_that_fit_the_wire() -> None:
    assert set(PLAIN) == set(Reason)
    assert all(0 < len(words) <= 300 and "-" not in words for words in PLAIN.values())


def test_no_reason_needs_no_words() -> None:
    assert plain("") == ""
