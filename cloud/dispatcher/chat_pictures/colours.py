"""Bringing a picture to sRGB, which is what a picture without a profile is taken for."""

import io

from PIL import Image, ImageCms

_WHITE = (255, 255, 255)
_SEE_THROUGH = frozenset({"RGBA", "LA", "PA"})
_DEEP = frozenset({"I", "I;16", "I;16L", "I;16B"})


def in_usual_colours(picture: Image.Image) -> Image.Image:
    """The same as RGB in sRGB; what is see-through stands on white."""
    if picture.mode in _SEE_THROUGH or "transparency" in picture.info:
        return _on_white(picture.convert("RGBA"))
    if picture.mode in _DEEP:
        return picture.convert("I").point(lambda grey: grey / 256).convert("L").convert("RGB")
    profile = picture.info.get("icc_profile")
    return _converted(picture, profile) if profile else picture.convert("RGB")


def _on_white(picture: Image.Image) -> Image.Image:
    paper = Image.new("RGB", picture.size, _WHITE)
    paper.paste(picture, mask=picture.getchannel("A"))
    return paper


def _converted(picture: Image.Image, profile: bytes) -> Image.Image:
    try:
        own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        usual = ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(picture, own, usual, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):  # a profile that is wrong says nothing
        return picture.convert("RGB")
    return converted or picture.convert("RGB")
