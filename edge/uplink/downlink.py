"""What the cloud says to this table, taken apart."""

import logging

from edge.clock import Clock
from edge.events import AdviceCame, Post, ProgressCame
from edge.fault_points import Step, reached
from edge.uplink.queue_view import Receipts
from wire.errors import WireError
from wire.messages import Advice, Answer, Progress
from wire.topics import Down, parse_down

_logger = logging.getLogger(__name__)


class Downlink:
    """Parses messages, posts what concerns the loop, and hands answers back."""

    def __init__(self, post: Post, receipts: Receipts, clock: Clock) -> None:
        self._post = post
        self._receipts = receipts
        self._clock = clock

    def take(self, topic: str, payload: bytes) -> Answer | None:
        """The answer in a message, if it is one. What cannot be read is logged and dropped."""
        try:
            return self._take(parse_down(topic), payload)
        except WireError as error:
            _logger.warning("a message of the cloud is not understood: %s", error)
            return None

    def _take(self, kind: Down, payload: bytes) -> Answer | None:
        match kind:
            case Down.ANSWER:
                answer = Answer.from_bytes(payload)
                reached(Step.ANSWERED, "proof" if answer.proofs else "photo")
                return answer
            case Down.PROGRESS:
                self._progress(Progress.from_bytes(payload))
            case Down.ADVICE:
                advice = Advice.from_bytes(payload)
                self._post(AdviceCame(advice, self._clock.monotonic_ns()))
            case Down.CONFIG | Down.COMMAND:
                _logger.info("a message of kind %s is not for this version", kind)
        return None

    def _progress(self, progress: Progress) -> None:
        self._receipts.note_progress(progress.proof_id, progress.state, progress.reason)
        now_ns = self._clock.monotonic_ns()
        self._post(ProgressCame(progress.proof_id, progress.state, now_ns, progress.reason))
