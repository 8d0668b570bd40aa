"""Which pictures may be uploaded (marketplace-apis 2.4). Pure."""

from sandbox.lazada import errors
from sandbox.market import pictures
from sandbox.market.entities import Picture
from sandbox.market.refusal import Refusal

FORMATS = {"JPEG": "image/jpeg", "PNG": "image/png"}


def judge(body: bytes | None, *, limit_bytes: int, shop_id: str, now: float) -> Picture:
    """The picture that these bytes are; None: no file part came."""
    if body is None:
        raise Refusal(errors.PICTURE_NOT_SUPPORTED, "image must be a byte stream")
    if not body:
        raise Refusal(errors.PICTURE_EMPTY, "The picture is empty")
    if len(body) > limit_bytes:
        raise Refusal(errors.PICTURE_TOO_LARGE, f"The picture has more than {limit_bytes} bytes")
    try:
        return pictures.describe(body, formats=FORMATS, shop_id=shop_id, now=now)
    except pictures.BadPicture as problem:
        raise Refusal(errors.PICTURE_NOT_SUPPORTED, str(problem)) from problem
