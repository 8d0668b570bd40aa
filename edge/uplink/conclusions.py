"""Carries what the transfer concluded to the thread that writes the journal, and into the log."""

import logging
from collections.abc import Iterable

from edge.uplink.queue_view import Receipts
from edge.uplink.requests import Requests
from edge.uplink.work import (
    Outcome,
    PhotoReceipted,
    PhotosMissing,
    ProofReceipted,
    ProofRefused,
    SetAside,
    SlicesLost,
)

_logger = logging.getLogger(__name__)


class Conclusions:
    """Of one connection."""

    def __init__(self, receipts: Receipts, requests: Requests) -> None:
        self._receipts = receipts
        self._requests = requests
        self._lost_is_news = True
        self.receipted = 0
        """Photos and manifests since this was last set to 0."""

    def carry_out(self, outcomes: Iterable[Outcome]) -> None:
        """Take them in their order."""
        for outcome in outcomes:
            self._carry_out(outcome)

    def _carry_out(self, outcome: Outcome) -> None:
        match outcome:
            case PhotoReceipted(sha256):
                self.receipted += 1
                self._receipts.photo_receipted(sha256)
            case ProofReceipted(proof_id, revision):
                self.receipted += 1
                ids = {"proof": proof_id, "revision": revision}
                _logger.info("proof receipted", extra=ids)
                self._receipts.proof_receipted(proof_id, revision)
            case ProofRefused(proof_id, revision, reason):
                _logger.error("the cloud refused a proof: %s", reason, extra={"proof": proof_id})
                self._receipts.proof_refused(proof_id, revision, reason)
            case SetAside(what, which, reason):
                _logger.error("%s %s is set aside: %s", what, which, reason, extra={what: which})
                self._requests.report_health()
            case PhotosMissing(proof_id, revision, sha256s):
                _logger.warning("the cloud lacks photos", extra={"proof": proof_id})
                self._receipts.photos_missing(proof_id, revision, sha256s)
            case SlicesLost(sha256):
                self._say_lost(sha256)

    def _say_lost(self, sha256: str) -> None:
        if self._lost_is_news:
            self._lost_is_news = False
            _logger.warning(
                "the broker took parts of photos that the cloud never got; they go out again. If "
                "this comes often, raise the broker's queue limits (mosquitto: max_queued_messages "
                "and max_queued_bytes)",
                extra={"photo": sha256},
            )
