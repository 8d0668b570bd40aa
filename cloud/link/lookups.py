"""Lookups: a table asks about a code it has just scanned."""

import logging
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from cloud.dispatcher.advice import Advised
from cloud.link.outbound import Outbound
from cloud.link.senders import Sender
from wire.messages import Advice, AdviceKind, Lookup

logger = logging.getLogger(__name__)

_WORKERS = 2
_MOST_PER_DEVICE = 4
"""Lookups of one table that may wait; a packer who scans faster packs on without advice."""

Advise = Callable[[int, str], Advised]
"""What is known about a code, by organisation and code. May ask a marketplace, within bounds."""

TEXTS = {
    AdviceKind.KNOWN: "",
    AdviceKind.UNKNOWN: "No order has this number",
    AdviceKind.NOT_SYNCED: "Orders are not read in yet; go on packing",
    AdviceKind.CANCELLED: "This order was cancelled; do not pack it",
    AdviceKind.REFUNDED: "This order was refunded; do not pack it",
    AdviceKind.ALREADY_SENT: "Photos of this order were sent before",
}


class Lookups:
    """Answers lookups, beside everything else: advice may wait for a marketplace."""

    def __init__(self, advise: Advise, outbound: Outbound) -> None:
        self._advise = advise
        self._outbound = outbound
        self._waiting: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="link-lookup")

    def take(self, sender: Sender, lookup: Lookup) -> None:
        """Answer one lookup soon; one that cannot be answered is logged, and packing goes on."""
        with self._lock:
            if self._waiting[sender.device_id] >= _MOST_PER_DEVICE:
                logger.warning("a lookup is passed over", extra={"device": sender.device_id})
                return
            self._waiting[sender.device_id] += 1
        self._pool.submit(self._work, sender, lookup)

    def close(self) -> None:
        """Finish those in work."""
        self._pool.shutdown(cancel_futures=True)

    def _work(self, sender: Sender, lookup: Lookup) -> None:
        try:
            self._answer(sender, lookup)
        except Exception:
            # Of any kind: nobody waits for advice, and nobody else would hear of the error.
            logger.exception("a lookup stays unanswered", extra={"device": sender.device_id})
        finally:
            with self._lock:
                self._waiting[sender.device_id] -= 1
                self._waiting += Counter()  # forgets those at zero

    def _answer(self, sender: Sender, lookup: Lookup) -> None:
        known = self._advise(sender.organisation_id, lookup.code)
        self._outbound.advice(
            sender.address,
            Advice(
                code=lookup.code,
                correlation=lookup.correlation,
                kind=known.kind,
                text=TEXTS[known.kind],
                equivalents=list(known.equivalents),
            ),
        )
