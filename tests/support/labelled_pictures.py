"""Photos with labels in them, as JPEG."""

import io
import random
from datetime import UTC, datetime

from PIL import Image

from edge.camera.label import draw_label
from edge.camera.scene import PackingScene

WIDTH, HEIGHT = 1920, 1080
_SCALE = 0.8


def packed(code: str, chance: int = 1) -> bytes:
    """The simulated camera's picture of a parcel with its label; without code the empty table."""
    wall = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)
    return as_jpeg(PackingScene(WIDTH, HEIGHT).draw(code, wall, random.Random(chance)))


def labels(*codes: str) -> bytes:
    """Labels lying one below the other."""
    each = [draw_label(code, _SCALE) for code in codes]
    height = sum(one.height + 60 for one in each) + 60
    picture = Image.new("RGB", (WIDTH, height), (90, 120, 100))
    top = 60
    for one in each:
        picture.paste(one, (200, top))
        top += one.height + 60
    return as_jpeg(picture)


def as_jpeg(picture: Image.Image) -> bytes:
    """Encoded as a table's photos are."""
    kept = io.BytesIO()
    picture.convert("RGB").save(kept, "JPEG", quality=85)
    return kept.getvalue()
