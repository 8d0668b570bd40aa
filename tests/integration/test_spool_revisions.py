"""Which manifest follows which (invariant 7), and what comes back by its code."""

from collections.abc import Iterator

import pytest

from edge.spool.errors import (
    WrongState,
)
from tests.support.spool_packing import P1, P2, Table, running_table
from tests.support.spool_table import (
    sha256,
)
from wire.messages import Closing, Mode


@pytest.fixture
def table() -> Iterator[Table]:
    yield from running_table()


def test_closing_again_gives_the_same_bytes(table: Table) -> None:
    table.open(P1)
    table.photo(P1, 1)
    first = table.spool.close_proof(P1, Closing.SEND, table.clock.now())
    table.clock.advance(5)
    assert table.spool.close_proof(P1, Closing.SEND, table.clock.now()) == first
    (waiting,) = table.restart().manifests_to_send(9)
    assert (waiting.raw, waiting.digest) == (first.raw, sha256(first.raw))


def test_a_higher_revision_supersedes_an_unsent_one(table: Table) -> None:
    table.open(P1)
    first = table.photo(P1, 1)
    table.close(P1, Closing.UNSENT)
    reopened = table.spool.reopen("CODE", table.clock.now())
    assert reopened is not None
    assert [photo.sha256 for photo in reopened.photos] == [first]
    assert table.waiting() == []  # it is being packed again
    second = table.photo(P1, 2)
    manifest = table.close(P1)
    assert (manifest.revision, manifest.closing) == (2, Closing.SEND)
    assert [photo.sha256 for photo in manifest.photos] == [first, second]
    assert table.waiting() == [(P1, 2)]


def test_after_send_only_withdrawn_can_follow(table: Table) -> None:
    table.packed(P1, 1)
    assert table.spool.reopen("CODE", table.clock.now()) is None
    for closing in set(Closing) - {Closing.SEND}:
        with pytest.raises(WrongState):
            table.close(P1, closing)
    withdrawn = table.spool.withdraw(P1, table.clock.now())
    assert (withdrawn.revision, withdrawn.closing) == (2, Closing.WITHDRAWN)
    assert table.spool.withdraw(P1, table.clock.now()) == withdrawn
    assert table.waiting() == [(P1, 2)]
    with pytest.raises(WrongState):
        table.close(P1)


@pytest.mark.parametrize("closing", [None, Closing.UNSENT, Closing.CANCELLED])
def test_only_a_sent_proof_is_withdrawn(table: Table, closing: Closing | None) -> None:
    table.open(P1)
    table.photo(P1, 1)
    if closing:
        table.close(P1, closing)
    with pytest.raises(WrongState):
        table.spool.withdraw(P1, table.clock.now())


def test_the_youngest_unsent_proof_of_a_code_comes_back(table: Table) -> None:
    for proof, number in ((P1, 1), (P2, 2)):
        table.open(proof)
        table.photo(proof, number)
        table.close(proof, Closing.UNSENT)
    reopened = table.spool.reopen("CODE", table.clock.now())
    assert reopened is not None
    assert reopened.proof_id == P2
    assert table.spool.reopen("OTHER", table.clock.now()) is None


def test_what_was_sent_since_is_not_brought_back(table: Table) -> None:
    table.open(P1)
    table.photo(P1, 1)
    table.close(P1, Closing.UNSENT)
    table.packed(P2, 2)
    assert table.spool.reopen("CODE", table.clock.now()) is None


def test_a_cancelled_proof_does_not_hide_an_unsent_one(table: Table) -> None:
    table.open(P1)
    table.photo(P1, 1)
    table.close(P1, Closing.UNSENT)
    table.open(P2)
    table.close(P2, Closing.CANCELLED)
    reopened = table.spool.reopen("CODE", table.clock.now())
    assert reopened is not None
    assert reopened.proof_id == P1


def test_training_photos_do_not_come_back_as_a_packing_proof(table: Table) -> None:
    table.open(P1, mode=Mode.TRAINING)
    table.photo(P1, 1)
    table.close(P1, Closing.UNSENT)
    assert table.spool.reopen("CODE", table.clock.now()) is None
    assert table.spool.reopen("CODE", table.clock.now(), Mode.TRAINING) is not None
