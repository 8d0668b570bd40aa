"""Which pictures may be uploaded (marketplace-apis 1.4). Pure."""

from sandbox.market import pictures
from sandbox.market.entities import Picture
from sandbox.market.refusal import Refusal
from sandbox.shopee.errors import PARAM_ERROR

FORMATS = {"JPEG": "image/jpeg", "PNG": "image/png", "GIF": "image/gif"}


def judge(body: bytes, *, limit_bytes: int, shop_id: int, now: float) -> Picture:
    """The picture that these bytes are.

    Refuses what is too big, is no whole JPEG, PNG or GIF, or has an unreasonable size in pixels.
    """
    if not body:
        raise Refusal(PARAM_ERROR, "file is required.")
    if len(body) > limit_bytes:
        raise Refusal(PARAM_ERROR, f"The picture has more than {limit_bytes} bytes.")
    try:
        return pictures.describe(body, formats=FORMATS, shop_id=shop_id, now=now)
    except pictures.BadPicture as problem:
        raise Refusal(PARAM_ERROR, str(problem)) from problem
