"""Orders > Fulfillment > ParcelGuard > Marketplace Platform Chat Log."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy.orm import Session

from cloud.accounts.roles import Deed
from cloud.dashboard.chat_log.address import (
    LOG_PATH,
    MOST_PHOTOS,
    USUAL_COLUMNS,
    Column,
    LogAddress,
    read_address,
)
from cloud.dashboard.parameters import RowInQuery
from cloud.dashboard.site import Site
from cloud.dashboard.visitors import Visitor
from cloud.fleet.queries import table_names
from cloud.proofs.entries import LogEntry
from cloud.proofs.log_filter import Window
from cloud.proofs.log_queries import count_above, log_entries
from cloud.proofs.log_views import views_for
from cloud.proofs.models import ProofPhoto
from cloud.proofs.queries import photos_of_each
from cloud.shops.queries import shop_names

ROWS_PER_PAGE = 50
MOST_COUNTED = 99
"""New entries are counted up to here."""


@dataclass(frozen=True, slots=True)
class LogPart:
    """The entries of one page of the log, and whether there are more on either side."""

    entries: list[LogEntry]
    has_newer: bool
    has_older: bool
    photos: Mapping[int, Sequence[ProofPhoto]] = field(default_factory=dict)
    """Of each proof, where pictures are shown."""
    new_count: int = 0
    """Entries above the page that came since it was opened."""
    stopped_at: int | None = None
    """Only so far was looked: go on from this id."""
    stopped_upwards: bool = False

    @property
    def top(self) -> int | None:
        """Id of the first entry."""
        return self.entries[0].proof.id if self.entries else None

    @property
    def packers(self) -> list[str]:
        """Who packed what is on the page."""
        return sorted({one.proof.packer for one in self.entries if one.proof.packer})

    @property
    def bottom(self) -> int | None:
        """Id of the last entry."""
        return self.entries[-1].proof.id if self.entries else None


def log_routes(site: Site) -> APIRouter:
    """Routes of the log."""
    router = APIRouter()

    @router.get(LOG_PATH)
    def log(
        request: Request, visitor: Annotated[Visitor, Depends(site.who_may(Deed.SEE_PROOFS))]
    ) -> Response:
        address = read_address(request.query_params)
        live_after = site.deps.feed.position()
        with site.database.read(visitor.scope) as session:
            values = _values(session, visitor, address)
            tables, shops = table_names(session), shop_names(session)
            views = views_for(session, visitor.who.member_id)
            retired_tables = table_names(session, retired=True)
        return site.page(
            request,
            visitor,
            "log.html",
            live_after=live_after,
            notice=request.query_params.get("notice", ""),
            tables=tables,
            retired_tables=retired_tables,
            shops=shops,
            views=views,
            every_column=tuple(Column),
            usual_columns=USUAL_COLUMNS,
            most_photos=MOST_PHOTOS,
            **values,
        )

    @router.get(f"{LOG_PATH}/rows")
    def rows(
        request: Request,
        visitor: Annotated[Visitor, Depends(site.who_may(Deed.SEE_PROOFS))],
        upto: RowInQuery = None,
    ) -> Response:
        """The rows alone, for live updates; with ``upto`` nothing is put above that entry."""
        address = read_address(request.query_params)
        with site.database.read(visitor.scope) as session:
            values = _values(session, visitor, address, upto)
        return site.page(request, visitor, "parts/log_rows.html", **values)

    return router


def _values(
    session: Session, visitor: Visitor, address: LogAddress, upto: int | None = None
) -> dict[str, Any]:
    return {"address": address, "part": log_part(session, visitor, address, upto)}


def log_part(session: Session, visitor: Visitor, address: LogAddress, upto: int | None) -> LogPart:
    """One page of the log."""
    part = _entries(session, visitor, address, upto)
    if Column.PICTURES not in address.columns:
        return part
    return replace(part, photos=photos_of_each(session, [one.proof.id for one in part.entries]))


def _entries(session: Session, visitor: Visitor, address: LogAddress, upto: int | None) -> LogPart:
    wanted = address.filter(visitor.zone)
    shift = visitor.shift
    if shift is not None:
        wanted = shift.within(wanted)
    # One more than is shown tells whether there are more.
    window = Window(ROWS_PER_PAGE + 1, before=address.before, after=address.after, upto=upto)
    found = log_entries(session, wanted, window)
    entries, stopped_at = found.entries, found.stopped_at
    has_more = len(entries) > ROWS_PER_PAGE
    if address.after is not None:
        return LogPart(
            entries[-ROWS_PER_PAGE:],
            has_newer=has_more,
            has_older=True,
            stopped_at=stopped_at,
            stopped_upwards=True,
        )
    new_count = 0 if upto is None else count_above(session, wanted, upto, MOST_COUNTED + 1)
    return LogPart(
        entries[:ROWS_PER_PAGE],
        has_newer=address.before is not None,
        has_older=has_more,
        new_count=new_count,
        stopped_at=None if has_more else stopped_at,
    )
