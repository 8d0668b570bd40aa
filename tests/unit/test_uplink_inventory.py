"""Inventories fit into packets and leave nothing out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.uplink.inventory import inventory_parts
from edge.uplink.work import SendManifest
from tests.support.uplink_table import HeldManifest, HeldPhoto
from wire.messages import Inventory


def parts(photos: int, manifests: int, following: int, room_bytes: int | None) -> list[Inventory]:
    return list(
        inventory_parts(
            [HeldPhoto(f"{number:064x}", 10_000_000) for number in range(photos)],
            [HeldManifest(f"{number:032x}", 12, b"raw", ()) for number in range(manifests)],
            [f"{number:032x}" for number in range(following)],
            room_bytes=room_bytes,
            correlation="3-1-1",
        )
    )


@given(st.integers(0, 1200), st.integers(0, 60), st.integers(0, 60), st.integers(600, 300_000))
def test_parts_fit_and_hold_everything_in_order(
    photos: int, manifests: int, following: int, room_bytes: int
) -> None:
    made = parts(photos, manifests, following, room_bytes)
    assert [int(it.sha256, 16) for part in made for it in part.photos] == list(range(photos))
    assert [int(it.proof_id, 16) for part in made for it in part.proofs] == list(range(manifests))
    assert [int(it, 16) for part in made for it in part.following] == list(range(following))
    assert all(len(part.to_bytes()) <= room_bytes for part in made)
    assert len({part.correlation for part in made}) == len(made)


@pytest.mark.parametrize("room_bytes", [None, 1500])
def test_an_empty_spool_is_told_too(room_bytes: int | None) -> None:
    assert [part.correlation for part in parts(0, 0, 0, room_bytes)] == ["3-1-1-0"]


def test_no_part_has_more_entries_than_the_contract_allows() -> None:
    assert [len(part.photos) for part in parts(501, 0, 0, None)] == [500, 1]


def test_a_manifest_is_named_by_proof_and_revision() -> None:
    assert SendManifest("aa", 2, b"").key == "aa/2"
