"""Putting what is not receipted into inventories that fit. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import count

from edge.uplink.queue_view import SendableManifest, SendablePhoto
from wire.messages import Inventory, PhotoState, ProofState

_ENTRY_BYTES = 256
"""More than any entry takes as JSON; a manifest's is about 170 bytes."""
_MOST_ENTRIES = 500


def inventory_parts(
    photos: Iterable[SendablePhoto],
    manifests: Iterable[SendableManifest],
    following: Sequence[str],
    *,
    room_bytes: int | None,
    correlation: str,
) -> Iterator[Inventory]:
    """Inventories of at most ``room_bytes`` each (None: no limit), oldest first.

    Their correlations are ``correlation`` and a number. There is always one, so that the cloud
    learns of an empty spool too.
    """
    photo_states = [PhotoState(sha256=it.sha256, size_bytes=it.size_bytes) for it in photos]
    proof_states = [
        ProofState(proof_id=it.proof_id, revision=it.revision, digest=it.digest) for it in manifests
    ]
    entries = _MOST_ENTRIES if room_bytes is None else room_bytes // _ENTRY_BYTES
    entries = max(1, min(entries, _MOST_ENTRIES))
    for number in count():
        yield Inventory(
            correlation=f"{correlation}-{number}",
            photos=(some_photos := photo_states[:entries]),
            proofs=(some_proofs := proof_states[: entries - len(some_photos)]),
            following=list(following[: entries - len(some_photos) - len(some_proofs)]),
        )
        following = following[max(0, entries - len(some_photos) - len(some_proofs)) :]
        photo_states, proof_states = photo_states[entries:], proof_states[len(some_proofs) :]
        if not (photo_states or proof_states or following):
            return
