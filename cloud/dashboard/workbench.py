"""The workbench: a table, the buyer's phone and the log, side by side and live."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from sqlalchemy.orm import Session

from cloud.accounts.roles import Deed
from cloud.dashboard.deps import DashboardDeps
from cloud.dashboard.parameters import RowInQuery
from cloud.dashboard.site import Site
from cloud.dashboard.table_health import TableHealth, read_health
from cloud.dashboard.visitors import Visitor
from cloud.database.scope import scope_of
from cloud.fleet.models import Device, PackingTable
from cloud.fleet.queries import liveliest_table, table_names, table_with_device
from cloud.orders.queries import ids_of_orders
from cloud.proofs.entries import LogEntry
from cloud.proofs.log_filter import LogFilter, Window
from cloud.proofs.log_queries import log_entries
from cloud.proofs.queries import stored_among

PATH = "/workbench"
LATEST = 20


@dataclass(frozen=True, slots=True)
class TableView:
    """A table as the workbench shows it."""

    table: PackingTable
    device: Device | None
    health: TableHealth | None
    arrived: frozenset[str]
    """Photos of the open order that can be shown already."""
    is_open_hidden: bool = False
    """The open order is none that the member may see, or not known to be one."""


@dataclass(frozen=True, slots=True)
class Phone:
    """The chat of one buyer, as the buyer sees it."""

    address: str
    buyer_name: str
    order_number: str


def workbench_routes(site: Site) -> APIRouter:
    """Routes of the workbench."""
    router = APIRouter()

    def part(template: str, read: Callable[[Session, int | None], dict[str, Any]]) -> None:
        """Serve one of its parts alone, for live updates."""

        @router.get(f"{PATH}/{template}")
        def live_part(
            request: Request,
            visitor: Annotated[Visitor, Depends(site.who_may(Deed.SEE_ALL_PROOFS))],
            table: RowInQuery = None,
        ) -> Response:
            with site.database.read(visitor.scope) as session:
                values = read(session, table)
            return site.page(request, visitor, f"parts/{template}.html", **values)

    @router.get(PATH)
    def workbench(
        request: Request,
        visitor: Annotated[Visitor, Depends(site.who_may(Deed.SEE_ALL_PROOFS))],
        table: RowInQuery = None,
    ) -> Response:
        live_after = site.deps.feed.position()
        with site.database.read(visitor.scope) as session:
            chosen = liveliest_table(session) if table is None else table
            values = _table(session, chosen) | _latest(session)
            tables = table_names(session)
        return site.page(
            request,
            visitor,
            "workbench.html",
            live_after=live_after,
            tables=tables,
            chosen=chosen,
            phone=phone_of(site.deps, values["entries"]),
            has_phone=bool(site.deps.buyer_view_url),
            **values,
        )

    part("table", _table)
    part("latest", lambda session, _table: _latest(session))
    part(
        "phone",
        lambda session, _table: {"phone": phone_of(site.deps, _latest(session)["entries"])},
    )
    return router


def phone_of(deps: DashboardDeps, entries: Sequence[LogEntry]) -> Phone | None:
    """The phone of the buyer whose order was packed last; None where there is nothing to show."""
    if not deps.buyer_view_url:
        return None
    for entry in entries:
        if entry.order is not None and entry.shop is not None and entry.order.buyer_id:
            return Phone(
                address=deps.buyer_view(entry.shop.external_id, entry.order.buyer_id),
                buyer_name=entry.order.buyer_name,
                order_number=entry.order.order_number,
            )
    return None


def _latest(session: Session) -> dict[str, Any]:
    return {"entries": log_entries(session, LogFilter(), Window(LATEST)).entries}


def _table(session: Session, table_id: int | None) -> dict[str, Any]:
    if table_id is None:
        return {"view": None}
    found = table_with_device(session, table_id)
    if found is None:
        raise HTTPException(404)
    table, device = found
    health = read_health(device.health) if device else None
    is_hidden = health is not None and _is_hidden(session, health.open_code)
    if health is not None and is_hidden:
        health = replace(health, open_code="", open_photos=())
    arrived = stored_among(session, health.open_photos) if health else set()
    return {"view": TableView(table, device, health, frozenset(arrived), is_hidden)}


def _is_hidden(session: Session, open_code: str) -> bool:
    """Whether who looks sees some shops alone, and no order of theirs with this code."""
    narrowed = scope_of(session).sight is not None
    return narrowed and bool(open_code) and not ids_of_orders(session, open_code)
