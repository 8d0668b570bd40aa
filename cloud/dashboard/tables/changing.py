"""Creating a table, renaming it, putting it out of work for a time, or for good (U-22)."""

import logging
from collections.abc import Callable, Mapping
from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from cloud.accounts.roles import Deed
from cloud.dashboard.parameters import RowInPath
from cloud.dashboard.site import Site
from cloud.dashboard.tables import table_words
from cloud.dashboard.tables.list_address import PATH
from cloud.dashboard.tables.table_page import TABLE_PATH, table_or_404
from cloud.dashboard.visitors import Visitor
from cloud.database.base import utc_now
from cloud.database.errors import ConstraintViolated
from cloud.fleet.changing import disable_table, enable_table, rename_table, retire_table
from cloud.fleet.errors import BadTableName, TableExists, TableRetired, UnknownTable
from cloud.fleet.service import create_table

logger = logging.getLogger(__name__)

LONGEST_FORM_NAME = 400
"""What a form may bring; what a name may be is said by the fleet."""
Name = Annotated[str, Form(max_length=LONGEST_FORM_NAME)]
_NAME_REFUSALS: Mapping[type[Exception], str] = {
    BadTableName: "name-bad",
    TableExists: "name-taken",
    ConstraintViolated: "name-taken",  # two gave the same name at the same moment
}


def creating_routes(site: Site) -> APIRouter:
    """Routes of a new table. To be added before those of one table by its id."""
    router = APIRouter()

    @router.get(f"{PATH}/new")
    def ask(
        request: Request, visitor: Annotated[Visitor, Depends(site.who_may(Deed.MANAGE_TABLES))]
    ) -> Response:
        return _new_page(site, request, visitor)

    @router.post(f"{PATH}/new")
    def create(
        request: Request,
        visitor: Annotated[Visitor, Depends(site.who_may(Deed.MANAGE_TABLES))],
        name: Name = "",
    ) -> Response:
        now = utc_now()
        try:
            table_id = site.database.write(
                lambda session: create_table(session, name, now).id, visitor.scope
            )
        except tuple(_NAME_REFUSALS) as error:
            return _new_page(site, request, visitor, name, _NAME_REFUSALS[type(error)])
        _note("created", table_id, visitor)
        return back_to_table(table_id, "created")

    return router


def changing_routes(site: Site) -> APIRouter:
    """Routes of what changes a table that is there."""
    router = APIRouter()

    @router.post(f"{TABLE_PATH}/rename")
    def rename(
        visitor: Annotated[Visitor, Depends(site.who_may(Deed.MANAGE_TABLES))],
        table_id: RowInPath,
        name: Name = "",
    ) -> Response:
        return _changed(
            site,
            visitor,
            table_id,
            "renamed",
            lambda session: rename_table(session, table_id, name),
        )

    @router.post(f"{TABLE_PATH}/disable")
    def disable(
        visitor: Annotated[Visitor, Depends(site.who_may(Deed.MANAGE_TABLES))], table_id: RowInPath
    ) -> Response:
        """Can be undone, so it is not asked for twice."""
        now = utc_now()
        return _changed(
            site,
            visitor,
            table_id,
            "disabled",
            lambda session: disable_table(session, table_id, now),
        )

    @router.post(f"{TABLE_PATH}/enable")
    def enable(
        visitor: Annotated[Visitor, Depends(site.who_may(Deed.MANAGE_TABLES))], table_id: RowInPath
    ) -> Response:
        return _changed(
            site, visitor, table_id, "enabled", lambda session: enable_table(session, table_id)
        )

    @router.get(f"{TABLE_PATH}/retire")
    def ask_to_retire(
        request: Request,
        visitor: Annotated[Visitor, Depends(site.who_may(Deed.MANAGE_TABLES))],
        table_id: RowInPath,
    ) -> Response:
        with site.database.read(visitor.scope) as session:
            row = table_or_404(session, table_id, utc_now())
        if row.table.retired_at is not None:
            return back_to_table(table_id, "is-retired")
        return site.page(request, visitor, "tables/retire.html", row=row)

    @router.post(f"{TABLE_PATH}/retire")
    def retire(
        visitor: Annotated[Visitor, Depends(site.who_may(Deed.MANAGE_TABLES))], table_id: RowInPath
    ) -> Response:
        now = utc_now()
        return _changed(
            site, visitor, table_id, "retired", lambda session: retire_table(session, table_id, now)
        )

    return router


def back_to_table(table_id: int, notice: str) -> Response:
    """The table's page, with what is to be said."""
    return RedirectResponse(f"{PATH}/{table_id}?notice={notice}", 303)


def _changed(
    site: Site,
    visitor: Visitor,
    table_id: int,
    done: str,
    change: Callable[[Session], list[str] | None],
) -> Response:
    try:
        put_out = site.database.write(change, visitor.scope)
    except UnknownTable:
        raise HTTPException(404) from None
    except TableRetired:
        return back_to_table(table_id, "is-retired")
    except tuple(_NAME_REFUSALS) as error:
        return back_to_table(table_id, _NAME_REFUSALS[type(error)])
    _note(done, table_id, visitor, put_out or [])
    return back_to_table(table_id, done)


def _note(done: str, table_id: int, visitor: Visitor, put_out: list[str] | None = None) -> None:
    """Who did what to which table, for whoever asks later."""
    ids = {"table": table_id, "member": visitor.who.member_id, "devices": put_out or []}
    logger.info("table %s", done, extra=ids)


def _new_page(
    site: Site, request: Request, visitor: Visitor, name: str = "", refused: str = ""
) -> Response:
    return site.page(
        request,
        visitor,
        "tables/new.html",
        status=422 if refused else 200,
        name=name,
        refused=table_words.NOTICES.get(refused),
    )
