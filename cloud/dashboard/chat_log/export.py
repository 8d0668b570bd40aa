"""The log as a CSV file: exactly what the filter of the page finds, however much it is.

It is written while it is read. The last line says that it is complete and how many orders it has;
a file without that line was cut, and one that ended early for a reason of ours says so.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import StreamingResponse

from cloud.accounts.roles import Deed
from cloud.dashboard import words
from cloud.dashboard.captured import captured_at
from cloud.dashboard.chat_log import csv_cells
from cloud.dashboard.chat_log.address import EXPORT_PATH, read_address
from cloud.dashboard.marking import _
from cloud.dashboard.site import Site
from cloud.dashboard.visitors import Visitor
from cloud.database.base import utc_now
from cloud.database.errors import DatabaseError
from cloud.proofs.entries import LogEntry
from cloud.proofs.log_filter import LogFilter
from cloud.proofs.log_parts import log_in_parts

logger = logging.getLogger(__name__)

HEADINGS = (
    _("Order"),
    _("Tracking number"),
    _("Code as scanned"),
    _("Marketplace"),
    _("Shop"),
    _("Table"),
    _("Packer"),
    _("Photos"),
    _("State"),
    _("Reason"),
    _("The marketplace's words"),
    _("Packed"),
    _("Received here"),
    _("Last change"),
    _("Messages in the chat"),
    _("Messages in all"),
    _("Resends"),
)
COMPLETE = _("Complete: %(count)s orders")
NOT_COMPLETE = _("NOT COMPLETE: it ended after %(count)s orders. Export again.")


def export_routes(site: Site) -> APIRouter:
    """The route of the file."""
    router = APIRouter()

    @router.get(EXPORT_PATH)
    def export(
        request: Request, visitor: Annotated[Visitor, Depends(site.who_may(Deed.EXPORT_LOG))]
    ) -> Response:
        address = read_address(request.query_params)
        wanted = address.filter(visitor.zone)
        ids = {"member": visitor.who.member_id, "filter": address.query()}
        logger.info("the log is exported", extra=ids)
        name = f"packwitness-log-{utc_now().astimezone(visitor.zone):%Y-%m-%d}.csv"
        return StreamingResponse(
            _file(site, visitor, wanted),
            media_type="text/csv; charset=utf-8",
            headers={
                "Content-Disposition": f'attachment; filename="{name}"',
                "Cache-Control": "no-store",
            },
        )

    return router


def _file(site: Site, visitor: Visitor, wanted: LogFilter) -> Iterator[bytes]:
    say = visitor.language.translations.gettext
    yield csv_cells.BYTE_ORDER_MARK.encode() + csv_cells.lines([[say(one) for one in HEADINGS]])
    count = 0
    try:
        for part in log_in_parts(lambda: site.database.read(visitor.scope), wanted):
            tracking = part.tracking_numbers
            yield csv_cells.lines(
                _row(visitor, say, one, tracking.get(one.proof.id, ())) for one in part.entries
            )
            count += len(part.entries)
    except DatabaseError as error:
        # The answer has begun: all that can still be said is said in the file.
        ids = {"member": visitor.who.member_id, "orders": count}
        logger.warning("an export of the log ended early: %s", error, extra=ids)
        yield csv_cells.lines([[say(NOT_COMPLETE) % {"count": count}]])
        return
    yield csv_cells.lines([[say(COMPLETE) % {"count": count}]])


def _row(
    visitor: Visitor, say: Callable[[str], str], entry: LogEntry, tracking: Sequence[str]
) -> Sequence[str]:
    proof, shop, newest = entry.proof, entry.shop, entry.newest
    return (
        csv_cells.code(entry.order.order_number if entry.order else ""),
        csv_cells.code(" ".join(tracking)),
        csv_cells.code(proof.code),
        words.CHANNELS.get(shop.channel, shop.channel) if shop else "",
        csv_cells.text(shop.name if shop else ""),
        csv_cells.text(captured_at(entry, say)),
        csv_cells.text(proof.packer or ""),
        str(entry.photo_count),
        say(words.STATES[entry.state].text),
        say(words.REASONS[entry.reason].text) if entry.reason else "",
        csv_cells.text(newest.detail if newest else ""),
        _time(visitor, proof.packed_at),
        _time(visitor, proof.received_at),
        _time(visitor, newest.updated_at) if newest else "",
        str(newest.sent_count) if newest else "0",
        str(newest.total_count) if newest else "0",
        str(entry.resends),
    )


def _time(visitor: Visitor, at: datetime) -> str:
    """In the reader's zone, with its offset: 2026-11-21 14:00:00+08:00."""
    return at.astimezone(visitor.zone).isoformat(" ", "seconds")
