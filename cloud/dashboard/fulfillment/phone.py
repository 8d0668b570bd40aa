"""Order Fulfillment Assistant on a phone: a page that can be installed (S0-37 to S0-43).

Its service worker keeps the page and what it loads, so that it opens without a connection; photos
taken then wait in the browser's storage.
"""

import hashlib
import json
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from cloud.accounts.roles import Deed
from cloud.dashboard.fulfillment.page import assistant_page
from cloud.dashboard.fulfillment.places import PHONE_PATH
from cloud.dashboard.site import Site
from cloud.dashboard.visitors import Visitor
from cloud.proofs.platforms import Platform

MANIFEST_PATH = f"{PHONE_PATH}/app.webmanifest"
WORKER_PATH = f"{PHONE_PATH}/worker.js"
_ICON_SIDES_PX = (192, 512)
_COLOUR = "#066fd1"
SHELL = (
    "theme.js",
    "app.js",
    "live.js",
    "app.css",
    "vendor/tabler.min.css",
    "vendor/htmx.min.js",
    "vendor/idiomorph-ext.min.js",
    "vendor/icons.svg",
    "favicon.svg",
    "phone/phone.js",
    "fulfillment/store.js",
    "fulfillment/uplink.js",
    "fulfillment/camera.js",
    "fulfillment/copies.js",
    "fulfillment/codes.js",
    "fulfillment/mode.js",
    "fulfillment/recent.js",
    "fulfillment/assistant.js",
)
"""Files that the page loads; a test compares them with the page."""
# Neither says anything of an organisation, and a browser asks for both without a sign-in.
_CHECKED_EACH_TIME = {"Cache-Control": "no-cache"}


def phone_routes(site: Site) -> APIRouter:
    """Routes of the page and of what makes it installable."""
    router = APIRouter()

    @router.get(PHONE_PATH)
    def phone(
        request: Request, visitor: Annotated[Visitor, Depends(site.who_may(Deed.PACK))]
    ) -> Response:
        return assistant_page(site, request, visitor, Platform.PHONE)

    @router.get(MANIFEST_PATH)
    def manifest(request: Request) -> Response:
        name = site.visitors.reader(request).language.translations.gettext(
            "Order Fulfillment Assistant"
        )
        described = {
            "id": PHONE_PATH,
            "name": f"Packwitness: {name}",
            "short_name": "Packwitness",
            "start_url": PHONE_PATH,
            "scope": PHONE_PATH,
            "display": "standalone",
            "background_color": "#ffffff",
            "theme_color": _COLOUR,
            "icons": [
                {
                    "src": site.assets.address(f"phone/icon-{side_px}.png"),
                    "sizes": f"{side_px}x{side_px}",
                    "type": "image/png",
                    "purpose": "any maskable",
                }
                for side_px in _ICON_SIDES_PX
            ],
        }
        return Response(
            json.dumps(described, ensure_ascii=False),
            media_type="application/manifest+json",
            headers=_CHECKED_EACH_TIME,
        )

    @router.get(WORKER_PATH)
    def worker() -> Response:
        files = json.dumps([site.assets.address(name) for name in SHELL])
        version = hashlib.sha256(files.encode()).hexdigest()[:16]
        told = f'const FILES = {files};\nconst VERSION = "{version}";\n'
        script = told + site.assets.text("phone/worker.js")
        headers = {**_CHECKED_EACH_TIME, "Service-Worker-Allowed": PHONE_PATH}
        return Response(script, media_type="text/javascript", headers=headers)

    return router
