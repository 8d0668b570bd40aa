"""A new photo as a row of the journal. Pure."""

import hashlib
from datetime import tzinfo

from edge.clock import Moment
from edge.spool import manifests
from edge.spool.names import photo_path
from edge.spool.records import PhotoRow, ProofRow


def describe(
    proof: ProofRow,
    jpeg: bytes,
    taken: Moment,
    *,
    number: int,
    source: str,
    zone: tzinfo | None,
) -> PhotoRow:
    """The row of a photo that is about to be written, with its name on the disk.

    Raises:
        BadProof: the source does not fit the wire.
    """
    sha256 = hashlib.sha256(jpeg).hexdigest()
    row = PhotoRow(
        sequence=number,
        proof_id=proof.proof_id,
        sha256=sha256,
        size_bytes=len(jpeg),
        path=photo_path(proof.code, taken.wall, number, sha256, zone),
        source=source,
        warnings=(),
        taken=taken,
    )
    return manifests.require_fitting(row)
