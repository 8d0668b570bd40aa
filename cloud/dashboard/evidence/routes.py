"""Evidence in one click: pictures that a marketplace takes, and one file with everything."""

import io
import logging
import zipfile
from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Path, Response

from cloud import metrics
from cloud.accounts.roles import Deed
from cloud.dashboard.evidence.papers import Case, manifest, original_name, sums, timeline
from cloud.dashboard.parameters import RowInPath
from cloud.dashboard.proof import view_of
from cloud.dashboard.proof_forms import PATH
from cloud.dashboard.site import Site
from cloud.dashboard.visitors import Visitor
from cloud.database.base import utc_now
from cloud.dispatcher.chat_pictures.making import Form, Source, chat_picture
from cloud.dispatcher.errors import PictureRefused
from cloud.marketplaces.registry import capabilities_of
from cloud.photos.errors import PhotoDamaged, PhotoMissing
from cloud.proofs.log_parts import tracking_numbers
from cloud.proofs.models import ProofPhoto

logger = logging.getLogger(__name__)

_SAFE_BYTES, _SAFE_SIDE_PX = 900_000, 1_920
"""Of a picture, where the marketplace is not known."""
_NOT_KEPT = {"Cache-Control": "no-store"}
_OLDEST_IN_ZIP = 1980


def evidence_routes(site: Site) -> APIRouter:
    """Routes of the evidence of a proof."""
    router = APIRouter()

    @router.get(f"{PATH}/{{proof_id}}/evidence/{{number}}.jpg")
    def picture(
        visitor: Annotated[Visitor, Depends(site.who_may(Deed.TAKE_EVIDENCE))],
        proof_id: RowInPath,
        number: Annotated[int, Path(ge=1, le=999_999)],
    ) -> Response:
        """One photo, small enough to upload, with order, tracking number and time below it."""
        case = _case(site, visitor, proof_id)
        photo = next((one for one in case.view.kept_photos if one.position == number - 1), None)
        original = photo and _original(site, visitor, photo)
        printed = photo and original and _printed(case, photo, original)
        if not printed:
            raise HTTPException(404)
        _note(visitor, case, "picture")
        return _file(printed, "image/jpeg", f"{_name(case)}-{number}.jpg")

    @router.get(f"{PATH}/{{proof_id}}/evidence.zip")
    def everything(
        visitor: Annotated[Visitor, Depends(site.who_may(Deed.TAKE_EVIDENCE))], proof_id: RowInPath
    ) -> Response:
        """Originals, pictures to upload, hashes, timeline and what it all is about."""
        case = _case(site, visitor, proof_id)
        say = visitor.language.translations.gettext
        data = _packed(case, lambda photo: _original(site, visitor, photo), say, utc_now())
        _note(visitor, case, "file")
        return _file(data, "application/zip", f"{_name(case)}.zip")

    return router


def _case(site: Site, visitor: Visitor, proof_id: int) -> Case:
    view = view_of(site, visitor, proof_id)
    with site.database.read(visitor.scope) as session:
        numbers = tracking_numbers(session, [proof_id]).get(proof_id, [])
    return Case(view, numbers, visitor.zone)


def _original(site: Site, visitor: Visitor, photo: ProofPhoto) -> bytes | None:
    """The photo as it was taken; None where the store has lost it, which is a matter for IT."""
    try:
        return site.deps.photos.read(visitor.who.organisation_id, photo.sha256)
    except (PhotoMissing, PhotoDamaged) as error:
        metrics.PHOTO_STORE_ERRORS.labels(type(error).__name__).inc()
        logger.error("a photo is lost: %s", error, extra={"photo": photo.sha256})  # noqa: TRY400  the error's text is all there is to say
        return None


def _printed(case: Case, photo: ProofPhoto, original: bytes) -> bytes | None:
    """Within what the order's marketplace takes; None for what is no picture."""
    shop = case.view.entry.shop
    limits = capabilities_of(shop.channel, shop.country) if shop else None
    form = Form(
        max_bytes=limits.image_max_bytes if limits else _SAFE_BYTES,
        max_side_px=limits.image_max_side_px if limits else _SAFE_SIDE_PX,
        words=case.printed(photo),
    )
    try:
        return chat_picture([Source(original)], form)
    except PictureRefused as refusal:
        logger.warning("no evidence of a photo: %s", refusal, extra={"photo": photo.sha256})
        return None


def _packed(
    case: Case,
    original_of: Callable[[ProofPhoto], bytes | None],
    say: Callable[[str], str],
    now: datetime,
) -> bytes:
    files: dict[str, bytes] = {}
    missing: list[int] = []
    for photo in case.view.photos:
        original = None if photo.deleted_at else original_of(photo)
        if original is None:
            missing.append(photo.position)
            continue
        files[original_name(photo)] = original
        printed = _printed(case, photo, original)
        if printed is not None:
            files[f"upload/photo-{photo.position + 1}.jpg"] = printed
    files["timeline.csv"] = timeline(case, say)
    files["manifest.json"] = manifest(case, missing, now)
    files["SHA256SUMS"] = sums(files)
    return _zipped(files, case.view.entry.proof.packed_at)


def _zipped(files: dict[str, bytes], at: datetime) -> bytes:
    buffer = io.BytesIO()
    # The format knows no year before; a table whose clock was not set may be there.
    date = (max(at.year, _OLDEST_IN_ZIP), at.month, at.day, at.hour, at.minute, at.second)
    with zipfile.ZipFile(buffer, "w") as packed:
        for name, data in files.items():
            # Pictures do not get smaller.
            kind = zipfile.ZIP_STORED if name.endswith(".jpg") else zipfile.ZIP_DEFLATED
            packed.writestr(zipfile.ZipInfo(name, date), data, kind)
    return buffer.getvalue()


def _name(case: Case) -> str:
    """Of the files: the order's number without what a file system refuses."""
    kept = "".join(one if one.isascii() and one.isalnum() else "-" for one in case.order_number)
    return f"packwitness-{kept[:60]}"


def _file(data: bytes, kind: str, name: str) -> Response:
    disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(data, media_type=kind, headers=_NOT_KEPT | disposition)


def _note(visitor: Visitor, case: Case, what: str) -> None:
    ids = {"proof": case.view.entry.proof.proof_key, "member": visitor.who.member_id}
    logger.info("evidence was taken: %s", what, extra=ids)
