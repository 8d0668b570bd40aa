"""What the link says to tables."""

import logging
from collections.abc import Callable, Iterable

from cloud import metrics
from cloud.link.connection import CloudConnection
from wire.messages import (
    Advice,
    Answer,
    Message,
    PhotoAnswer,
    PhotoResult,
    Progress,
    ProofAnswer,
    ProofResult,
)
from wire.topics import Address, Down

logger = logging.getLogger(__name__)


class Outbound:
    """Publishes answers, progress and advice. What cannot be sent now is asked for again.

    Only tables of partitions that this process holds are answered; for the others another process
    speaks, or will soon.
    """

    def __init__(self, connection: CloudConnection, holds: Callable[[int], bool]) -> None:
        self._connection = connection
        self._holds = holds

    def photo(self, to: Address, sha256: str, result: PhotoResult, reason: str = "") -> None:
        """Answer about one photo."""
        self.answer(
            to, Answer(photos=[PhotoAnswer(sha256=sha256, result=result, reason=reason[:200])])
        )

    def proof(
        self,
        to: Address,
        proof_id: str,
        revision: int,
        result: ProofResult,
        *,
        missing: Iterable[str] = (),
        reason: str = "",
    ) -> None:
        """Answer about one manifest."""
        about = ProofAnswer(
            proof_id=proof_id,
            revision=revision,
            result=result,
            missing=list(missing),
            reason=reason[:200],
        )
        self.answer(to, Answer(proofs=[about]))

    def answer(self, to: Address, answer: Answer) -> None:
        """Publish an answer."""
        _count_receipts(answer)
        self._publish(to, Down.ANSWER, answer)

    def progress(self, to: Address, progress: Progress) -> None:
        """Tell how far a dispatch has come."""
        self._publish(to, Down.PROGRESS, progress)

    def advice(self, to: Address, advice: Advice) -> None:
        """Answer a lookup."""
        self._publish(to, Down.ADVICE, advice)

    def _publish(self, to: Address, kind: Down, message: Message) -> None:
        if self._holds(to.partition):
            self._connection.publish(to.down(kind), message.to_bytes())
        else:
            logger.info("the lease of its partition is over", extra={"device": to.device_id})


def _count_receipts(answer: Answer) -> None:
    photos = sum(one.result is PhotoResult.RECEIPTED for one in answer.photos)
    proofs = sum(one.result is ProofResult.RECEIPTED for one in answer.proofs)
    if photos:
        metrics.RECEIPTS.labels("photo").inc(photos)
    if proofs:
        metrics.RECEIPTS.labels("proof").inc(proofs)
