"""The page of Order Fulfillment Assistant for a computer with a webcam (S0-26 to S0-36)."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from cloud.accounts.roles import Deed
from cloud.dashboard.fulfillment.places import ASSISTANT_PATH
from cloud.dashboard.site import Site
from cloud.dashboard.visitors import Visitor
from cloud.proofs.models import PACKER_LENGTH
from cloud.proofs.platforms import Platform, Switch
from cloud.proofs.switches import is_switched_on, sends_from

MOST_PHOTOS = 3
"""Of one order (S0-31, S0-42)."""
CAMERA_ALLOWED = "camera=(self), microphone=(), geolocation=()"


def assistant_routes(site: Site) -> APIRouter:
    """The route of the page."""
    router = APIRouter()

    @router.get(ASSISTANT_PATH)
    def assistant(
        request: Request, visitor: Annotated[Visitor, Depends(site.who_may(Deed.PACK))]
    ) -> Response:
        return assistant_page(site, request, visitor, Platform.WEBCAM)

    return router


def assistant_page(site: Site, request: Request, visitor: Visitor, platform: Platform) -> Response:
    """The page for one capture platform. Only here may a page of ours use the camera."""
    live_after = site.deps.feed.position()
    with site.database.read(visitor.scope) as session:
        sends = sends_from(session, platform)
        is_webcam_on = is_switched_on(session, Switch.WEBCAM)
    response = site.page(
        request,
        visitor,
        f"fulfillment/{platform.value}.html",
        live_after=live_after,
        platform=platform,
        is_phone=platform is Platform.PHONE,
        sends=sends,
        uses_camera=is_webcam_on or platform is not Platform.WEBCAM,
        packer=visitor.who.email[:PACKER_LENGTH],
        most_photos=MOST_PHOTOS,
    )
    response.headers["Permissions-Policy"] = CAMERA_ALLOWED
    return response
