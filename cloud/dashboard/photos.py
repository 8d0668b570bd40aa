"""Photos for signed-in members: the original, and a small picture of it.

A photo's address is its hash. It is served only to members of its organisation, so that an address
alone opens nothing; and since its bytes never change, browsers keep it for a while.
"""

import io
import logging
from functools import lru_cache
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Path, Response
from PIL import Image, ImageOps

from cloud import metrics
from cloud.accounts.roles import Deed
from cloud.dashboard.errors import PhotoNotShown
from cloud.dashboard.site import Site
from cloud.dashboard.visitors import Visitor
from cloud.photos.errors import PhotoDamaged, PhotoMissing, PhotoStoreError
from cloud.proofs.service import has_photo

logger = logging.getLogger(__name__)

SMALL_SIDE_PX = 320
_SMALL_QUALITY = 72
_MOST_PIXELS = 80_000_000
_SMALL_KEPT = 256
_KEPT_BY_BROWSER = {"Cache-Control": "private, max-age=43200, immutable", "Vary": "Cookie"}
"""No longer than a shift, and for nobody who signs in afterwards with the same browser."""

Sha256 = Annotated[str, Path(pattern="^[0-9a-f]{64}$")]


def photo_routes(site: Site) -> APIRouter:
    """Routes of photos."""
    router = APIRouter()

    @lru_cache(maxsize=_SMALL_KEPT)
    def small_of(organisation_id: int, sha256: str) -> bytes:
        return small_picture(site.deps.photos.read(organisation_id, sha256))

    def owned(visitor: Visitor, sha256: str) -> int:
        with site.database.read(visitor.scope) as session:
            shift = visitor.shift
            is_shown = shift is None or shift.shows(session, sha256)
            if not is_shown or has_photo(session, sha256) is None:
                raise HTTPException(404)
        return visitor.who.organisation_id

    @router.get("/photos/{sha256}")
    def photo(
        visitor: Annotated[Visitor, Depends(site.who_may(Deed.SEE_PROOFS))], sha256: Sha256
    ) -> Response:
        organisation_id = owned(visitor, sha256)
        try:
            data = site.deps.photos.read(organisation_id, sha256)
        except (PhotoMissing, PhotoDamaged) as error:
            raise _not_there(error, sha256) from None
        return Response(data, media_type="image/jpeg", headers=_KEPT_BY_BROWSER)

    @router.get("/photos/{sha256}/small")
    def small(
        visitor: Annotated[Visitor, Depends(site.who_may(Deed.SEE_PROOFS))], sha256: Sha256
    ) -> Response:
        organisation_id = owned(visitor, sha256)
        try:
            data = small_of(organisation_id, sha256)
        except (PhotoMissing, PhotoDamaged) as error:
            raise _not_there(error, sha256) from None
        except PhotoNotShown:
            raise HTTPException(404) from None
        return Response(data, media_type="image/jpeg", headers=_KEPT_BY_BROWSER)

    return router


def _not_there(error: PhotoStoreError, sha256: str) -> HTTPException:
    """A photo that a row names and the store has lost: the visitor's 404 is a matter for IT."""
    metrics.PHOTO_STORE_ERRORS.labels(type(error).__name__).inc()
    logger.error("a photo is lost: %s", error, extra={"photo": sha256})
    return HTTPException(404)


def small_picture(photo: bytes) -> bytes:
    """A JPEG of at most `SMALL_SIDE_PX` a side, upright, without the original's metadata.

    Raises:
        PhotoNotShown: the bytes are no picture, or one of absurd size.
    """
    try:
        with Image.open(io.BytesIO(photo)) as image:
            if image.width * image.height > _MOST_PIXELS:
                raise PhotoNotShown("the picture has too many pixels")
            # The decoder itself scales down, which is many times faster.
            image.draft("RGB", (SMALL_SIDE_PX, SMALL_SIDE_PX))
            picture = ImageOps.exif_transpose(image).convert("RGB")
            picture.thumbnail((SMALL_SIDE_PX, SMALL_SIDE_PX))
    except (OSError, SyntaxError, ValueError) as error:
        raise PhotoNotShown("the photo cannot be read as a picture") from error
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=_SMALL_QUALITY, optimize=True)
    return buffer.getvalue()
