"""What a browser brings in: photos, and the record that closes an order.

A browser is taken in as a table is. A photo's receipt ends its transmission and nothing more; the
receipt of the record, which names every photo, lets the browser free its copies. All of it may be
sent again after any doubt.
"""

import logging
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response
from fastapi.responses import JSONResponse
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cloud import metrics
from cloud.accounts.models import Member
from cloud.accounts.roles import Deed
from cloud.dashboard.errors import UploadRefused
from cloud.dashboard.fulfillment.checking import check_photo
from cloud.dashboard.fulfillment.places import PATH
from cloud.dashboard.photos import Sha256
from cloud.dashboard.site import Site
from cloud.dashboard.visitors import Visitor
from cloud.database.base import utc_now
from cloud.database.scope import scoped
from cloud.dispatcher.errors import ManifestRefused
from cloud.dispatcher.intake import ask_for_dispatch
from cloud.dispatcher.taking_in import ManifestTaking, Origin, read_manifest
from cloud.proofs.models import PACKER_LENGTH
from cloud.proofs.platforms import Platform, browser_devices
from cloud.proofs.service import Outcome, Verdict, add_photo

logger = logging.getLogger(__name__)

ProofKey = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]
CapturedFor = Annotated[int, Header(alias="X-Organisation")]
"""Whose parcel it was. The sign-in may have changed since, in another window of the browser."""
BrowserPlatform = Annotated[Literal[Platform.WEBCAM, Platform.PHONE], Query()]


async def _body(request: Request) -> bytes:
    """The body as received; its length was checked before."""
    return await request.body()


def coming_in_routes(site: Site) -> APIRouter:
    """Routes for photos and records."""
    router = APIRouter()
    taking = ManifestTaking(site.database, site.deps.photos, ask_for_dispatch)

    @router.put(f"{PATH}/photos/{{sha256}}")
    def photo(
        visitor: Annotated[Visitor, Depends(site.who_may(Deed.PACK))],
        sha256: Sha256,
        captured_for: CapturedFor,
        data: Annotated[bytes, Depends(_body)],
    ) -> Response:
        if captured_for != visitor.who.organisation_id:
            return _others()
        try:
            check_photo(data, sha256)
        except UploadRefused as error:
            return _refused(visitor, str(error))
        site.deps.photos.put(visitor.who.organisation_id, sha256, data)
        now = utc_now()
        device_id = browser_devices(visitor.who.member_id)[Platform.WEBCAM]

        def unit(session: Session) -> None:
            add_photo(session, sha256, len(data), device_id, now)

        # A photo is of no shop yet, so that a member of some shops could not tell a repeat.
        site.database.write(unit, scoped(visitor.who.organisation_id))
        metrics.PHOTOS_STORED.inc()
        return JSONResponse({"result": "receipted"})

    @router.put(f"{PATH}/orders/{{proof_key}}")
    def order(
        visitor: Annotated[Visitor, Depends(site.who_may(Deed.PACK))],
        proof_key: ProofKey,
        platform: BrowserPlatform,
        captured_for: CapturedFor,
        payload: Annotated[bytes, Depends(_body)],
    ) -> Response:
        if captured_for != visitor.who.organisation_id:
            return _others()
        try:
            manifest = read_manifest(proof_key, payload)
            _check_packer(site, visitor, manifest.packer)
        except (ManifestRefused, UploadRefused) as error:
            return _refused(visitor, str(error))
        device_id = browser_devices(visitor.who.member_id)[platform]
        origin = Origin(visitor.who.organisation_id, device_id, None, platform)
        verdict = taking.take(origin, manifest, payload)
        ids = {"member": visitor.who.member_id, "proof": proof_key}
        log = logger.warning if verdict.outcome is Outcome.CONFLICT else logger.info
        log("manifest of a browser %s", verdict.outcome, extra=ids)
        return _answer(verdict)

    return router


def _check_packer(site: Site, visitor: Visitor, packer: str | None) -> None:
    """The next shift's sign-in may bring what the last one packed; nobody else's name is taken."""
    named = func.substr(Member.email, 1, PACKER_LENGTH) == packer
    with site.database.read(visitor.scope) as session:
        found = session.scalar(select(Member.id).where(named).limit(1))
    if found is None:
        raise UploadRefused("the packer is no member of this organisation")


def _answer(verdict: Verdict) -> Response:
    if verdict.receipted:
        return JSONResponse({"result": "receipted"})
    if verdict.outcome is Outcome.MISSING_PHOTOS:
        return JSONResponse({"result": "missing", "missing": list(verdict.missing)})
    return JSONResponse({"result": "conflict", "reason": verdict.reason}, 409)


def _others() -> Response:
    """To the browser the same as nobody signed in: it keeps what it has, and tries again later."""
    return JSONResponse({"result": "signed-out"}, 401)


def _refused(visitor: Visitor, reason: str) -> Response:
    ids = {"member": visitor.who.member_id}
    logger.warning("a browser's upload was refused: %s", reason, extra=ids)
    return JSONResponse({"result": "refused", "reason": reason}, 422)
