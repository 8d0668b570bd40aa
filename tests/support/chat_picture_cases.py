"""Photos of a label as a camera above a table takes them, and what is read from chat pictures."""

import io
import random
from collections.abc import Sequence
from datetime import UTC, datetime

import zxingcpp
from PIL import Image, ImageFilter

from cloud.dispatcher.chat_pictures.making import Form, Source, chat_picture
from edge.camera import barcode
from edge.camera.label import draw_label
from edge.camera.scene import PackingScene
from tests.support.labelled_pictures import as_jpeg

SIZE = (1920, 1080)
WORDS = ("26112245ABCDEF", "2026-11-22 18:30 UTC+08:00", "Table 3")


def label_photo(code: str, module_px: float, chance: int = 1) -> bytes:
    """A packing table with a label whose finest bars are so wide: turned, unsharp, noisy, JPEG."""
    luck = random.Random(chance)
    scene = PackingScene(*SIZE).draw("", datetime(2026, 11, 22, 10, 30, tzinfo=UTC), luck)
    label = _label(code, module_px)
    turned = label.rotate(
        luck.uniform(-4, 4), Image.Resampling.BICUBIC, expand=True, fillcolor=(0, 0, 0, 0)
    )
    at = (SIZE[0] - turned.width) // 2, (SIZE[1] - turned.height) // 2
    scene.paste(turned, at, turned.getchannel("A"))
    lens = scene.filter(ImageFilter.GaussianBlur(0.6))
    grain = Image.effect_noise(SIZE, 8).convert("RGB")
    return as_jpeg(Image.blend(lens, grain, 0.06))


def _label(code: str, module_px: float) -> Image.Image:
    """Drawn large with whole pixels and then shrunk, as a lens shrinks it."""
    fine = 8
    modules = sum(barcode.encode(code)) + 2 * barcode.QUIET_ZONE_MODULES
    drawn = draw_label(code, (modules * fine + 1) / 860)
    scale = module_px / fine
    size = round(drawn.width * scale), round(drawn.height * scale)
    return drawn.resize(size, Image.Resampling.BICUBIC)


def made(photos: Sequence[bytes], side_px: int, *, strip: bool) -> bytes:
    """The chat picture of some photos at a setting."""
    form = Form(max_bytes=900_000, max_side_px=side_px, words=WORDS if strip else ())
    return chat_picture([Source(photo) for photo in photos], form)


def codes_in(jpeg: bytes) -> set[str]:
    """What a reader of barcodes finds in a picture."""
    with Image.open(io.BytesIO(jpeg)) as picture:
        grey = picture.convert("L")
    return {one.text for one in zxingcpp.read_barcodes(grey)}
