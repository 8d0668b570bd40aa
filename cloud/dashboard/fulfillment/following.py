"""What a packer is told: what is known of a scanned code, and what became of the last orders."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import JSONResponse
from sqlalchemy import select

from cloud.accounts.roles import Deed
from cloud.dashboard import words
from cloud.dashboard.fulfillment.places import PATH
from cloud.dashboard.marking import _
from cloud.dashboard.site import Site
from cloud.dashboard.visitors import Visitor
from cloud.dispatcher.advice import known_about
from cloud.proofs.entries import LogEntry, entries_of
from cloud.proofs.models import Proof
from cloud.proofs.states import ProofState

MOST = 20
_NOT_KEPT = {"Cache-Control": "no-store"}
_LASTING = frozenset(
    {
        ProofState.SENT,
        ProofState.PARTLY_SENT,
        ProofState.NEEDS_PERSON,
        ProofState.FAILED,
        ProofState.SAVED_NOT_SENT,
        ProofState.CANCELLED,
        ProofState.NOT_SHOWN,
        ProofState.UNSENT,
    }
)
"""Nothing more happens by itself."""

ADVICE: Mapping[str, str] = {
    "cancelled": _("This order was cancelled: do not pack it."),
    "refunded": _("This order was refunded: do not pack it."),
    "already-sent": _("Photos of this order were sent before."),
}

ProofKeys = Annotated[list[Annotated[str, Query(pattern="^[0-9a-f]{32}$")]] | None, Query()]


def following_routes(site: Site) -> APIRouter:
    """Routes that Order Fulfillment Assistant asks."""
    router = APIRouter()

    @router.get(f"{PATH}/advice")
    def advice(
        visitor: Annotated[Visitor, Depends(site.who_may(Deed.PACK))],
        code: Annotated[str, Query(min_length=1, max_length=200)],
    ) -> Response:
        with site.database.read(visitor.scope) as session:
            known = known_about(session, code.replace("\0", ""))
        text = ADVICE.get(known, "")
        said = visitor.language.translations.gettext(text) if text else ""
        return JSONResponse({"known": known, "text": said}, headers=_NOT_KEPT)

    @router.get(f"{PATH}/progress")
    def progress(
        visitor: Annotated[Visitor, Depends(site.who_may(Deed.PACK))], order: ProofKeys = None
    ) -> Response:
        wanted = (order or [])[:MOST]
        with site.database.read(visitor.scope) as session:
            ids = session.scalars(select(Proof.id).where(Proof.proof_key.in_(wanted))).all()
            entries = entries_of(session, ids)
        said = {entry.proof.proof_key: _said(visitor, entry) for entry in entries}
        return JSONResponse({"orders": said}, headers=_NOT_KEPT)

    return router


def _said(visitor: Visitor, entry: LogEntry) -> dict[str, Any]:
    say = visitor.language.translations.gettext
    badge = words.STATES[entry.state]
    return {
        "state": entry.state.value,
        "text": say(badge.text),
        "tone": badge.colour,
        "why": say(words.REASONS[entry.reason].text) if entry.reason else "",
        "is_final": entry.state in _LASTING,
    }
