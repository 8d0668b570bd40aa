"""One table: how it is, its last orders, and who stood there (U-21, U-22)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from sqlalchemy.orm import Session

from cloud.accounts.roles import Deed
from cloud.dashboard.chat_log.address import LogAddress
from cloud.dashboard.parameters import RowInPath
from cloud.dashboard.site import Site
from cloud.dashboard.table_health import TableHealth, read_health
from cloud.dashboard.tables import table_words
from cloud.dashboard.tables.list_address import PATH
from cloud.dashboard.visitors import Visitor
from cloud.database.base import utc_now
from cloud.fleet.models import Device
from cloud.fleet.overview import TableRow, find_table
from cloud.fleet.queries import claim_ends_at, devices_of
from cloud.proofs.entries import LogEntry
from cloud.proofs.log_filter import LogFilter, Window
from cloud.proofs.log_queries import log_entries

_LAST_PROOFS = 10
_MOST_DEVICES = 50

TABLE_PATH = f"{PATH}/{{table_id}}"


@dataclass(frozen=True, slots=True)
class TableView:
    """A table as its page shows it."""

    row: TableRow
    health: TableHealth | None
    devices: Sequence[Device]
    """That stood there, newest first."""
    claim_ends_at: datetime | None
    """Until when its newest claim sheet can be used."""


def table_page_routes(site: Site) -> APIRouter:
    """Routes of the page and its live parts."""
    router = APIRouter()

    @router.get(TABLE_PATH)
    def page(
        request: Request,
        visitor: Annotated[Visitor, Depends(site.who_may(Deed.SEE_TABLES))],
        table_id: RowInPath,
        notice: str = "",
    ) -> Response:
        live_after = site.deps.feed.position()
        now = utc_now()
        with site.database.read(visitor.scope) as session:
            view = _view(session, table_id, now)
            sees_proofs = visitor.may(Deed.SEE_ALL_PROOFS)
            entries = _last_proofs(session, table_id) if sees_proofs else []
        return site.page(
            request,
            visitor,
            "tables/table.html",
            live_after=live_after,
            said=table_words.NOTICES.get(notice),
            entries=entries,
            **_values(view, now),
        )

    @router.get(f"{TABLE_PATH}/state")
    def state(
        request: Request,
        visitor: Annotated[Visitor, Depends(site.who_may(Deed.SEE_TABLES))],
        table_id: RowInPath,
    ) -> Response:
        now = utc_now()
        with site.database.read(visitor.scope) as session:
            view = _view(session, table_id, now)
        return site.page(request, visitor, "tables/state.html", **_values(view, now))

    @router.get(f"{TABLE_PATH}/proofs")
    def proofs(
        request: Request,
        visitor: Annotated[Visitor, Depends(site.who_may(Deed.SEE_ALL_PROOFS))],
        table_id: RowInPath,
    ) -> Response:
        with site.database.read(visitor.scope) as session:
            row = table_or_404(session, table_id, utc_now())
            entries = _last_proofs(session, table_id)
        return site.page(
            request,
            visitor,
            "tables/proofs.html",
            row=row,
            entries=entries,
            log_address=LogAddress(table=table_id).address(),
        )

    return router


def table_or_404(session: Session, table_id: int, now: datetime) -> TableRow:
    """The table. Raises HTTPException 404 for one that is not there, or another's."""
    row = find_table(session, table_id, now)
    if row is None:
        raise HTTPException(404)
    return row


def _view(session: Session, table_id: int, now: datetime) -> TableView:
    row = table_or_404(session, table_id, now)
    return TableView(
        row=row,
        health=read_health(row.device.health) if row.device else None,
        devices=devices_of(session, table_id, _MOST_DEVICES),
        claim_ends_at=claim_ends_at(session, table_id, now),
    )


def _values(view: TableView, now: datetime) -> dict[str, Any]:
    return {
        "view": view,
        "row": view.row,
        "now": now,
        "table_words": table_words,
        "log_address": LogAddress(table=view.row.table.id).address(),
    }


def _last_proofs(session: Session, table_id: int) -> list[LogEntry]:
    return log_entries(session, LogFilter(table_id=table_id), Window(_LAST_PROOFS)).entries
