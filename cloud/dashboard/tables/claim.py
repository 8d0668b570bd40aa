"""The claim sheet of a table: made on demand, printed, and shown this once (U-22).

Its code is in no address and is not kept; neither is what a person types about the network.
"""

import logging
from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from pydantic import BaseModel, Field

from cloud.accounts.roles import Deed
from cloud.dashboard.barcodes import bar_code, square_code
from cloud.dashboard.parameters import RowInPath
from cloud.dashboard.site import Site
from cloud.dashboard.tables.changing import back_to_table
from cloud.dashboard.tables.table_page import TABLE_PATH, table_or_404
from cloud.dashboard.visitors import Visitor
from cloud.database.base import utc_now
from cloud.fleet.claim_sheet import SheetTexts, can_stand_on_a_sheet
from cloud.fleet.errors import TableDisabled, TableRetired, UnknownTable
from cloud.fleet.overview import TableRow
from cloud.fleet.service import issue_claim, new_claim_code

logger = logging.getLogger(__name__)


class Network(BaseModel):
    """What a person wants on the sheet besides; it goes onto the paper and nowhere else."""

    wifi_name: str = Field(default="", max_length=32)  # of IEEE 802.11
    wifi_password: str = Field(default="", max_length=63, repr=False)  # of WPA


def claim_routes(site: Site) -> APIRouter:
    """Routes of the question and the sheet."""
    router = APIRouter()

    @router.get(f"{TABLE_PATH}/claim")
    def ask(
        request: Request,
        visitor: Annotated[Visitor, Depends(site.who_may(Deed.MANAGE_TABLES))],
        table_id: RowInPath,
    ) -> Response:
        with site.database.read(visitor.scope) as session:
            row = table_or_404(session, table_id, utc_now())
        if row.table.retired_at is not None:
            return back_to_table(table_id, "is-retired")
        if row.table.disabled_at is not None:
            return back_to_table(table_id, "is-disabled")
        return _ask_page(site, request, visitor, row)

    @router.post(f"{TABLE_PATH}/claim")
    def make(
        request: Request,
        visitor: Annotated[Visitor, Depends(site.who_may(Deed.MANAGE_TABLES))],
        table_id: RowInPath,
        network: Annotated[Network, Form()],
    ) -> Response:
        """The sheet itself. Loaded again, it is another one, and the earlier one ends."""
        with site.database.read(visitor.scope) as session:
            row = table_or_404(session, table_id, utc_now())
        if not can_stand_on_a_sheet(site.deps.own_url):
            return _ask_page(site, request, visitor, row)
        return _sheet(site, request, visitor, row, network)

    return router


def _ask_page(site: Site, request: Request, visitor: Visitor, row: TableRow) -> Response:
    can_be_made = can_stand_on_a_sheet(site.deps.own_url)
    return site.page(
        request,
        visitor,
        "tables/claim.html",
        status=200 if can_be_made or request.method == "GET" else 422,
        row=row,
        can_be_made=can_be_made,
        own_url=site.deps.own_url,
    )


def _sheet(
    site: Site, request: Request, visitor: Visitor, row: TableRow, network: Network
) -> Response:
    table_id, code, now = row.table.id, new_claim_code(), utc_now()
    try:
        ends_at = site.database.write(
            lambda session: issue_claim(session, table_id, code, now).expires_at, visitor.scope
        )
    except UnknownTable:
        raise HTTPException(404) from None
    except TableRetired:
        return back_to_table(table_id, "is-retired")
    except TableDisabled:
        return back_to_table(table_id, "is-disabled")
    ids = {"table": table_id, "member": visitor.who.member_id}
    logger.info("claim sheet made", extra=ids)
    texts = SheetTexts.of(site.deps.own_url, code)
    return site.page(
        request,
        visitor,
        "tables/sheet.html",
        row=row,
        texts=texts,
        square=square_code(texts.whole),
        bars=[
            one for one in (bar_code(texts.server_barcode), bar_code(texts.claim_barcode)) if one
        ],
        ends_at=ends_at,
        network=network,
    )
