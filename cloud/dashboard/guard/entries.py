"""ParcelGuard's own page: its three entries, each with Manage (S0-03, S0-04)."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from cloud.accounts.roles import Deed
from cloud.dashboard.guard.places import CHAT_PATH, PATH, WEBCAM_PATH
from cloud.dashboard.site import Site
from cloud.dashboard.visitors import Visitor
from cloud.proofs.platforms import Platform, Switch
from cloud.proofs.switches import sends_from, switches


def guard_routes(site: Site) -> APIRouter:
    """The route of the page."""
    router = APIRouter()

    @router.get(PATH)
    def entries(
        request: Request, visitor: Annotated[Visitor, Depends(site.who_may(Deed.SEE_PROOFS))]
    ) -> Response:
        with site.database.read(visitor.scope) as session:
            webcam = switches(session)[Switch.WEBCAM]
            sending = {platform: sends_from(session, platform) for platform in Platform}
        return site.page(
            request,
            visitor,
            "guard/entries.html",
            webcam=webcam,
            sending=sending,
            chat_path=CHAT_PATH,
            webcam_path=WEBCAM_PATH,
        )

    return router
