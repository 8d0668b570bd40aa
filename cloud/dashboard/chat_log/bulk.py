"""Sending again all failed ones of a filter: first the count, then a button."""

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from cloud.accounts.roles import Deed
from cloud.conversations.models import NOTE_LENGTH
from cloud.conversations.states import Reason
from cloud.dashboard.chat_log.address import BULK_PATH, LogAddress, read_address
from cloud.dashboard.site import Site
from cloud.dashboard.visitors import Visitor
from cloud.database.base import utc_now
from cloud.dispatcher.errors import ResendRefused
from cloud.dispatcher.resending import ResendRequest, resend
from cloud.proofs.entries import LogEntry
from cloud.proofs.log_filter import Window
from cloud.proofs.log_queries import log_entries
from cloud.proofs.states import ProofState
from cloud.shops.models import Shop

logger = logging.getLogger(__name__)

MOST_AT_ONCE = 500
"""More are sent by pressing again: each press shows what is left first."""
_ANY_REASON = frozenset({ProofState.FAILED, ProofState.PARTLY_SENT, ProofState.UNSENT})
_FOR_REASONS = {
    ProofState.NEEDS_PERSON: frozenset({Reason.TOO_OLD, Reason.ORDER_NOT_FOUND}),
    ProofState.SAVED_NOT_SENT: frozenset({Reason.SHOP_SWITCHED_OFF, Reason.BATCHES_SWITCHED_OFF}),
}
"""Other reasons want a look at each: a second proof of an order, a cancelled one, a return."""


def can_go(entry: LogEntry) -> bool:
    """Whether it may be sent again among many: the buyer has not got it all, in any way."""
    if not entry.photo_count or entry.was_sent_before:
        return False
    if entry.newest is not None and entry.newest.by_hand_at is not None:
        return False
    if entry.reason is Reason.RESTORED:
        return False
    if entry.state in _ANY_REASON:
        return True
    return entry.reason in _FOR_REASONS.get(entry.state, ())


@dataclass(frozen=True, slots=True)
class BulkView:
    """What a press would do."""

    going: tuple[LogEntry, ...]
    left_out: tuple[tuple[ProofState, int], ...]
    """How many of the filter stay as they are, by their state."""
    one_at_a_time: tuple[tuple[str, int], ...]
    """How many more there are of shops that let no batches go, by the shop's name."""
    has_more: bool
    """The filter fits more than were looked at."""

    @property
    def newest_id(self) -> int:
        """What came later was not counted, and is not sent."""
        return max((entry.proof.id for entry in self.going), default=0)


def bulk_routes(site: Site) -> APIRouter:
    """Routes of the page and its button."""
    router = APIRouter()

    @router.get(BULK_PATH)
    def ask(
        request: Request, visitor: Annotated[Visitor, Depends(site.who_may(Deed.SEND_AGAIN))]
    ) -> Response:
        address = read_address(request.query_params)
        with site.database.read(visitor.scope) as session:
            view = bulk_view(session, visitor, address)
        return site.page(request, visitor, "bulk.html", address=address, view=view)

    @router.post(BULK_PATH)
    def send(
        request: Request,
        visitor: Annotated[Visitor, Depends(site.who_may(Deed.SEND_AGAIN))],
        upto: Annotated[int, Form(ge=0)],
        note: Annotated[str, Form(max_length=NOTE_LENGTH)] = "",
    ) -> Response:
        """Send again what the page counted; pressing it twice asks once."""
        address = read_address(request.query_params)
        with site.database.read(visitor.scope) as session:
            view = bulk_view(session, visitor, address, upto)
        asked = sum(_ask(site, visitor, entry, note) for entry in view.going)
        query = urlencode({"notice": "bulk-asked", "count": asked})
        here = address.address()
        return RedirectResponse(f"{here}{'&' if '?' in here else '?'}{query}", 303)

    return router


def bulk_view(
    session: Session, visitor: Visitor, address: LogAddress, upto: int | None = None
) -> BulkView:
    """What of a filter can be sent again, newest first, and what cannot."""
    window = Window(MOST_AT_ONCE + 1, upto=upto)
    found = log_entries(session, address.filter(visitor.zone), window)
    looked_at: Sequence[LogEntry] = found.entries[:MOST_AT_ONCE]
    could = [one for one in looked_at if can_go(one)]
    going = tuple(one for one in could if _lets_batches_go(one.shop))
    alone = Counter(one.shop.name for one in could if one.shop and not _lets_batches_go(one.shop))
    others = Counter(one.state for one in looked_at if not can_go(one))
    has_more = len(found.entries) > MOST_AT_ONCE or found.stopped_at is not None
    return BulkView(going, tuple(others.most_common()), tuple(alone.most_common()), has_more)


def _lets_batches_go(shop: Shop | None) -> bool:
    """A shop that is not known yet is asked when the order is found."""
    return shop is None or shop.batches_enabled


def _ask(site: Site, visitor: Visitor, entry: LogEntry, note: str) -> bool:
    """Each for itself: one that cannot go stops none of the others."""
    newest = entry.newest.id if entry.newest else 0
    request = ResendRequest(
        entry.proof.id,
        visitor.who.member_id,
        f"{entry.proof.id}:{newest}",
        note=note,
        in_batch=True,
    )
    now = utc_now()
    try:
        site.database.write(lambda session: resend(session, request, now), visitor.scope)
    except ResendRefused:
        return False
    ids = {"proof": entry.proof.proof_key, "member": visitor.who.member_id}
    logger.info("a person's word: %s", "resend-asked", extra=ids)
    return True
