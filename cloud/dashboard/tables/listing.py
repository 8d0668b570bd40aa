"""Tables: all of them, as they are now (U-20, U-21)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy.orm import Session

from cloud.accounts.roles import Deed
from cloud.dashboard.site import Site
from cloud.dashboard.table_health import TableHealth, read_health
from cloud.dashboard.tables import table_words
from cloud.dashboard.tables.list_address import PATH, ListAddress, read_list_address
from cloud.dashboard.visitors import Visitor
from cloud.database.base import utc_now
from cloud.fleet.overview import TableRow, count_tables, tables_of

ROWS_PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class ListPart:
    """One page of the list."""

    rows: list[tuple[TableRow, TableHealth | None]]
    counts: Mapping[str, int]
    """Of all tables that fit the name, by state and group."""
    has_earlier: bool
    has_later: bool

    @property
    def first(self) -> int | None:
        """Id of the first table."""
        return self.rows[0][0].table.id if self.rows else None

    @property
    def last(self) -> int | None:
        """Id of the last table."""
        return self.rows[-1][0].table.id if self.rows else None


def table_list_routes(site: Site) -> APIRouter:
    """Routes of the list."""
    router = APIRouter()

    @router.get(PATH)
    def list_all(
        request: Request,
        visitor: Annotated[Visitor, Depends(site.who_may(Deed.SEE_TABLES))],
        notice: str = "",
    ) -> Response:
        live_after = site.deps.feed.position()
        return site.page(
            request,
            visitor,
            "tables/list.html",
            live_after=live_after,
            said=table_words.NOTICES.get(notice),
            **_values(site, request, visitor),
        )

    @router.get(f"{PATH}/rows")
    def rows(
        request: Request, visitor: Annotated[Visitor, Depends(site.who_may(Deed.SEE_TABLES))]
    ) -> Response:
        """The rows alone, for live updates."""
        return site.page(
            request, visitor, "tables/list_rows.html", **_values(site, request, visitor)
        )

    return router


def _values(site: Site, request: Request, visitor: Visitor) -> dict[str, Any]:
    address, now = read_list_address(request.query_params), utc_now()
    with site.database.read(visitor.scope) as session:
        part = list_part(session, address, now)
    return {"address": address, "part": part, "table_words": table_words, "now": now}


def list_part(session: Session, address: ListAddress, now: datetime) -> ListPart:
    """One page of the list, in two statements whatever the number of tables."""
    # One more than is shown tells whether there are more.
    found = tables_of(
        session,
        address.wanted,
        now,
        most=ROWS_PER_PAGE + 1,
        after=address.after,
        before=address.before,
    )
    has_more = len(found) > ROWS_PER_PAGE
    is_upwards = address.before is not None
    shown = found[-ROWS_PER_PAGE:] if is_upwards else found[:ROWS_PER_PAGE]
    return ListPart(
        rows=[(row, read_health(row.device.health) if row.device else None) for row in shown],
        counts=count_tables(session, address.name, now),
        has_earlier=has_more if is_upwards else address.after is not None,
        has_later=True if is_upwards else has_more,
    )
