"""Webcam ParcelGuard: whether scanning an order opens the camera (S0-09 to S0-11)."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from cloud.accounts.roles import Deed
from cloud.dashboard.guard import guard_words
from cloud.dashboard.guard.places import WEBCAM_PATH
from cloud.dashboard.guard.saving import save_switches
from cloud.dashboard.site import Site
from cloud.dashboard.visitors import Visitor
from cloud.proofs.platforms import Switch
from cloud.proofs.switches import switches


def webcam_routes(site: Site) -> APIRouter:
    """Routes of the page and its form."""
    router = APIRouter()

    @router.get(WEBCAM_PATH)
    def webcam(
        request: Request,
        visitor: Annotated[Visitor, Depends(site.who_may(Deed.SEE_CHANNELS))],
        notice: str = "",
    ) -> Response:
        with site.database.read(visitor.scope) as session:
            stands = switches(session)[Switch.WEBCAM]
        said = guard_words.NOTICES.get(notice)
        return site.page(request, visitor, "guard/webcam.html", stands=stands, said=said)

    @router.post(WEBCAM_PATH)
    def save(
        visitor: Annotated[Visitor, Depends(site.who_may(Deed.DECIDE_PLATFORMS))],
        on: Annotated[bool, Form()] = False,
    ) -> Response:
        """Keep the switch; leaving the page keeps nothing (S0-06)."""
        changed = save_switches(site.database, visitor, {Switch.WEBCAM: on})
        return RedirectResponse(f"{WEBCAM_PATH}?notice={'saved' if changed else 'unchanged'}", 303)

    return router
