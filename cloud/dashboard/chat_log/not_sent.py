"""Not sent: what each table left without F4, how old it is, and a way to send it all."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from cloud.accounts.roles import Deed
from cloud.dashboard.chat_log.address import LogAddress
from cloud.dashboard.site import Site
from cloud.dashboard.visitors import Visitor
from cloud.database.base import utc_now
from cloud.fleet.queries import table_names
from cloud.proofs.states import ProofState
from cloud.proofs.unsent import UnsentAtTable, unsent_by_table

PATH = "/parcelguard/not-sent"
OLD = timedelta(hours=24)
"""Older than that the buyer has likely got the parcel: such rows are marked."""


@dataclass(frozen=True, slots=True)
class Row:
    """One table of the page."""

    table_name: str
    unsent: UnsentAtTable
    oldest_age: timedelta
    address: LogAddress

    @property
    def is_old(self) -> bool:
        """Whether something has been left for long."""
        return self.oldest_age > OLD

    @property
    def can_be_sent(self) -> int:
        """How many have a photo."""
        return self.unsent.count - self.unsent.without_photo


def not_sent_routes(site: Site) -> APIRouter:
    """Routes of the page and of the part of it that changes."""
    router = APIRouter()

    def values(visitor: Visitor) -> dict[str, Any]:
        now = utc_now()
        with site.database.read(visitor.scope) as session:
            unsent = unsent_by_table(session)
            names = table_names(session) + table_names(session, retired=True)
        of_tables = {one.table_id: one for one in unsent.tables}
        rows = [
            Row(
                name,
                of_tables[table_id],
                now - of_tables[table_id].oldest_at,
                LogAddress(state=ProofState.UNSENT.value, table=table_id),
            )
            for table_id, name in names
            if table_id in of_tables
        ]
        total = sum(row.can_be_sent for row in rows)
        every = LogAddress(state=ProofState.UNSENT.value)
        return {"rows": rows, "total": total, "every": every, "has_more": unsent.has_more}

    @router.get(PATH)
    def page(
        request: Request, visitor: Annotated[Visitor, Depends(site.who_may(Deed.SEE_ALL_PROOFS))]
    ) -> Response:
        live_after = site.deps.feed.position()
        return site.page(
            request, visitor, "not_sent.html", live_after=live_after, **values(visitor)
        )

    @router.get(f"{PATH}/rows")
    def rows(
        request: Request, visitor: Annotated[Visitor, Depends(site.who_may(Deed.SEE_ALL_PROOFS))]
    ) -> Response:
        return site.page(request, visitor, "parts/not_sent.html", **values(visitor))

    return router
