"""Saving a filter of the log under a name, sharing it, and deleting it."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, HTTPException, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from cloud.accounts.roles import Deed
from cloud.dashboard.chat_log.address import LOG_PATH, read_query
from cloud.dashboard.parameters import RowInPath
from cloud.dashboard.site import Site
from cloud.dashboard.visitors import Visitor
from cloud.database.base import utc_now
from cloud.proofs.log_views import delete_view, save_view
from cloud.proofs.models import VIEW_QUERY_LENGTH

PATH = f"{LOG_PATH}/views"


class ViewForm(BaseModel):
    """The form that saves what the log shows."""

    name: str = Field(max_length=200)
    query: str = Field(default="", max_length=VIEW_QUERY_LENGTH)
    shared: bool = False


def view_routes(site: Site) -> APIRouter:
    """Routes of the forms."""
    router = APIRouter()

    @router.post(PATH)
    def save(
        visitor: Annotated[Visitor, Depends(site.who_may(Deed.SEE_PROOFS))],
        form: Annotated[ViewForm, Form()],
    ) -> Response:
        """Only what a filter of the log can be is kept, however the form was filled in."""
        query = read_query(form.query).query()
        now = utc_now()

        def unit(session: Session) -> bool:
            return save_view(
                session, visitor.who.member_id, form.name, query, is_shared=form.shared, now=now
            )

        is_saved = site.database.write(unit, visitor.scope)
        return _back(query, "view-saved" if is_saved else "view-not-saved")

    @router.post(f"{PATH}/{{view_id}}/delete")
    def forget(
        visitor: Annotated[Visitor, Depends(site.who_may(Deed.SEE_PROOFS))], view_id: RowInPath
    ) -> Response:
        def unit(session: Session) -> bool:
            return delete_view(session, visitor.who.member_id, view_id)

        if not site.database.write(unit, visitor.scope):
            raise HTTPException(404)
        return _back("", "view-deleted")

    return router


def _back(query: str, notice: str) -> Response:
    said = urlencode({"notice": notice})
    return RedirectResponse(f"{LOG_PATH}?{query}&{said}" if query else f"{LOG_PATH}?{said}", 303)
