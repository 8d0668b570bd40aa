"""Lookups: a table asks about a code it has just scanned."""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from cloud.database.errors import DatabaseError
from cloud.link.outbound import Outbound
from cloud.link.senders import Sender
from wire.messages import Advice, AdviceKind, Lookup

logger = logging.getLogger(__name__)

_WORKERS = 2

Advise = Callable[[int, str], AdviceKind]
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
        self._pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="link-lookup")

    def take(self, sender: Sender, lookup: Lookup) -> None:
        """Answer one lookup soon; without a database it stays unanswered, and packing goes on."""
        self._pool.submit(self._answer, sender, lookup)

    def close(self) -> None:
        """Finish those in work."""
        self._pool.shutdown(cancel_futures=True)

    def _answer(self, sender: Sender, lookup: Lookup) -> None:
        try:
            kind = self._advise(sender.organisation_id, lookup.code)
        except DatabaseError:
            logger.exception("a lookup stays unanswered", extra={"device": sender.device_id})
            return
        self._outbound.advice(
            sender.address,
            Advice(
                code=lookup.code,
                correlation=lookup.correlation,
                kind=kind,
                text=TEXTS[kind],
            ),
        )
