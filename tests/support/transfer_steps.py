"""Steps of a transfer without thread, clock or broker."""

from edge.uplink.reasons import Verdict
from edge.uplink.settings import BackOff, TransferLimits
from edge.uplink.transfer import Transfer
from edge.uplink.work import (
    Slice,
    Work,
)
from tests.support.uplink_table import HeldManifest, HeldPhoto
from wire.messages import Answer, PhotoAnswer, PhotoResult, ProofAnswer, ProofResult

LIMITS = TransferLimits(
    answer_timeout_s=10.0, probe=BackOff(4.0, 16.0), pause=BackOff(2.0, 8.0), quarantine_s=600.0
)
SLICE = 4096
PROOF = "f" * 32


def sha(number: int) -> str:
    return f"{number:064x}"


def held(*numbers: int, size_bytes: int = 6000) -> list[HeldPhoto]:
    """Photos of two slices each."""
    return [HeldPhoto(sha(number), size_bytes) for number in numbers]


def closing(*numbers: int, revision: int = 1) -> HeldManifest:
    return HeldManifest(PROOF, revision, b"raw", tuple(sha(number) for number in numbers))


def transfer(
    photos: list[HeldPhoto], *manifests: HeldManifest, limits: TransferLimits = LIMITS
) -> Transfer:
    made = Transfer(limits, lambda: 1.0)
    made.offer(photos, manifests)
    made.connected(SLICE, [], 0.0)
    return made


def drain(it: Transfer, now: float = 0.0) -> list[Work]:
    """Publish and acknowledge until nothing is due."""
    done = []
    while (work := it.next(now)) is not None:
        it.acknowledged(work, Verdict.TAKEN, now)
        done.append(work)
    return done


def photo_answer(number: int, result: PhotoResult, **more: object) -> Answer:
    return Answer(
        photos=[PhotoAnswer.model_validate({"sha256": sha(number), "result": result, **more})]
    )


def proof_answer(result: ProofResult, revision: int = 1, **more: object) -> Answer:
    fields = {"proof_id": PROOF, "revision": revision, "result": result, **more}
    return Answer(proofs=[ProofAnswer.model_validate(fields)])


def owners(works: list[Work]) -> list[str]:
    return [it.sha256 if isinstance(it, Slice) else type(it).__name__ for it in works]


def slices_of(works: list[Work]) -> list[tuple[int, int]]:
    return [(it.start, it.end) for it in works if isinstance(it, Slice)]
