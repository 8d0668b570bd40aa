"""Proofs and photos as the packer makes them."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from edge.spool.errors import (
    BadJpeg,
    BadProof,
    SamePictureAgain,
    UnknownProof,
    WrongState,
)
from tests.support.spool_packing import P1, P2, Table, running_table
from tests.support.spool_table import (
    jpeg,
    photo_files,
    sha256,
)
from wire.messages import Closing, Manifest, Mode


@pytest.fixture
def table() -> Iterator[Table]:
    yield from running_table()


def test_a_proof_is_kept_as_it_was_taken(table: Table) -> None:
    """S0-34: the photos lie on the table's disk, under the order's code."""
    table.spool.open_proof(P1, "240302AB", Mode.PACKING, table.clock.now(), packer="Mei")
    table.clock.advance(2)
    stored = table.spool.save_photo(
        P1, 1, jpeg(1), table.clock.now(), "webcam", judge=lambda: ("dark",)
    )
    table.clock.advance(3)
    manifest = table.close(P1)
    assert stored.path.read_bytes() == jpeg(1)
    assert stored.path.name.startswith("240302AB_0930")
    (photo,) = manifest.photos
    assert (photo.sha256, photo.size_bytes, photo.source) == (sha256(jpeg(1)), 500, "webcam")
    assert photo.warnings == ["dark"]
    assert (manifest.code, manifest.packer, manifest.revision) == ("240302AB", "Mei", 1)
    assert manifest.closed_at - manifest.opened_at == timedelta(seconds=5)
    assert manifest.closed_at - photo.taken_at == timedelta(seconds=3)


def test_photos_travel_before_the_proof_is_closed(table: Table) -> None:
    table.open(P1)
    first, second = table.photo(P1, 1), table.photo(P1, 2)
    assert table.unsent_photos() == [first, second]
    assert table.waiting() == []
    assert table.wakes == 2


def test_manifests_come_in_the_order_of_closing(table: Table) -> None:
    """Invariant 10: the wall clock orders nothing."""
    table.packed(P2, 1)
    table.clock.jumped = timedelta(days=-400)
    table.packed(P1, 2)
    assert table.waiting() == [(P2, 1), (P1, 1)]
    first, second = table.spool.manifests_to_send(9)
    before, after = Manifest.from_bytes(first.raw), Manifest.from_bytes(second.raw)
    assert before.sequence < after.sequence
    assert before.closed_at > after.closed_at


def test_a_proof_takes_three_photos(table: Table) -> None:
    table.open(P1)
    for number in (1, 2, 3):
        table.photo(P1, number)
    with pytest.raises(WrongState):
        table.photo(P1, 4)


@pytest.mark.parametrize("data", [b"", jpeg(1)[:-2], jpeg(1)[1:], b"GIF89a"])
def test_a_picture_cut_short_is_refused(table: Table, data: bytes) -> None:
    table.open(P1)
    with pytest.raises(BadJpeg):
        table.spool.save_photo(P1, 1, data, table.clock.now(), "sim")
    assert photo_files(table.directory) == []


def test_the_same_bytes_twice_are_no_second_photo(table: Table) -> None:
    table.open(P1)
    taken = table.photo(P1, 1)
    with pytest.raises(SamePictureAgain):
        table.photo(P1, 1)
    table.spool.drop_photo(P1, taken)
    assert table.photo(P1, 1) == taken
    assert len(table.close(P1).photos) == 1


def test_two_orders_may_have_the_same_picture(table: Table) -> None:
    """Each keeps a file of its own; the bytes travel once."""
    (taken,) = table.packed(P1, 1, code="A")
    table.packed(P2, 1, code="B")
    assert len(photo_files(table.directory)) == 2
    assert table.unsent_photos() == [taken]
    table.spool.photo_receipted(taken)
    assert table.unsent_photos() == []


def test_an_undone_photo_is_neither_sent_nor_removed(table: Table) -> None:
    table.open(P1)
    first, second = table.photo(P1, 1), table.photo(P1, 2)
    table.spool.drop_photo(P1, second)
    assert table.unsent_photos() == [first]
    assert [photo.sha256 for photo in table.close(P1).photos] == [first]
    assert len(photo_files(table.directory)) == 2
    table.open(P2)
    with pytest.raises(UnknownProof):
        table.spool.drop_photo(P2, first)
    with pytest.raises(WrongState):
        table.spool.drop_photo(P1, first)


def test_closing_can_name_exactly_what_the_packer_saw(table: Table) -> None:
    """A photo that came after its deadline is undone."""
    table.open(P1)
    seen, late = table.photo(P1, 1), table.photo(P1, 2)
    with pytest.raises(UnknownProof):
        table.spool.close_proof(P1, Closing.SEND, table.clock.now(), photos=[sha256(b"no")])
    stored = table.spool.close_proof(P1, Closing.SEND, table.clock.now(), photos=[seen])
    assert [photo.sha256 for photo in Manifest.from_bytes(stored.raw).photos] == [seen]
    assert late not in table.unsent_photos()


def test_an_id_is_used_once_and_unknown_ids_are_named(table: Table) -> None:
    table.open(P1)
    with pytest.raises(BadProof, match=P1):
        table.open(P1)
    with pytest.raises(UnknownProof, match=P2):
        table.photo(P2, 1)
    with pytest.raises(UnknownProof, match=P2):
        table.close(P2)


def test_a_closed_proof_takes_nothing_more(table: Table) -> None:
    table.packed(P1, 1)
    with pytest.raises(WrongState):
        table.photo(P1, 2)
    with pytest.raises(WrongState):
        table.close(P1, Closing.CANCELLED)
