"""Draws what a camera above a packing table sees: a parcel being packed, its label, a clock.

Same inputs, same picture; everything that may differ between two presses comes from the random
generator given. All lengths are given for a picture 2304 pixels wide and scaled to the real one.
"""

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from PIL import Image, ImageChops, ImageDraw

from edge.camera.label import draw_label, text_mask

DESIGN_WIDTH = 2304
DESIGN_HEIGHT = 1296

Colour = tuple[int, int, int]
Corner = tuple[float, float]

_WOOD: Colour = (176, 148, 116)
_WOOD_GRAIN: Colour = (148, 120, 90)
_MAT: Colour = (62, 98, 84)
_MAT_LINE: Colour = (82, 120, 104)
_MAT_X, _MAT_Y = 1100, 690
_CARDBOARD: Colour = (178, 134, 84)
_FLAP: Colour = (192, 150, 98)
_INSIDE: Colour = (122, 88, 54)
_TAPE: Colour = (206, 178, 130)
_SHADOW: Colour = (44, 66, 58)
_INK: Colour = (28, 30, 32)

_TILE = 512
_NOISE_SIGMA = 4.0
_ITEM_COLOURS: Sequence[Colour] = (
    (196, 60, 58),
    (58, 92, 160),
    (228, 196, 84),
    (236, 232, 224),
    (74, 74, 82),
    (108, 160, 92),
)


@dataclass(frozen=True, slots=True)
class Pose:
    """Where a thing lies: centre, turned clockwise, and pixels per unit of its own lengths."""

    x: float
    y: float
    degrees: float
    scale: float

    def place(self, corner: Corner) -> Corner:
        """Pixel of a point of the thing, which has its own origin at its centre."""
        angle = math.radians(self.degrees)
        x, y = corner[0] * self.scale, corner[1] * self.scale
        return (
            self.x + x * math.cos(angle) - y * math.sin(angle),
            self.y + x * math.sin(angle) + y * math.cos(angle),
        )


class PackingScene:
    """A table of one size, drawn again and again on one canvas. Not for several threads at once.

    The empty table is kept at half its size, and everything that covers the whole picture is done
    tile by tile: one canvas is all the memory a photo takes (12 MB at 2304 x 1296).
    """

    def __init__(self, width: int, height: int) -> None:
        self._size = (width, height)
        self._scale = min(width / DESIGN_WIDTH, height / DESIGN_HEIGHT)
        self._noise = Image.effect_noise((_TILE, _TILE), _NOISE_SIGMA)
        self._table = self._draw_table(max(1, width // 2), max(1, height // 2))
        # Made with the first picture: a table that waits for work need not hold it.
        self._canvas: Image.Image | None = None
        self._label = ("", Image.new("RGBA", (1, 1)))

    def draw(self, code: str, wall: datetime, chance: random.Random) -> Image.Image:
        """The table at a moment, RGB; valid until the next call.

        An empty ``code`` means that nothing has been scanned.
        """
        picture = self._canvas = self._canvas or Image.new("RGB", self._size)
        self._lay_table(picture)
        self._draw_clock(picture, wall)
        if code:
            goods = random.Random(code)  # noqa: S311 - a picture, not a secret
            self._draw_parcel(picture, goods, chance)
            self._draw_label(picture, code, chance)
        self._add_noise(picture, chance)
        return picture

    def _pose(self, x: float, y: float, degrees: float) -> Pose:
        """A pose given in lengths of the design, centred when the shape of the picture differs."""
        left = (self._size[0] - DESIGN_WIDTH * self._scale) / 2
        top = (self._size[1] - DESIGN_HEIGHT * self._scale) / 2
        return Pose(left + x * self._scale, top + y * self._scale, degrees, self._scale)

    def _draw_table(self, width: int, height: int) -> Image.Image:
        size = (width, height)
        grain = Image.effect_noise((max(2, width // 24), max(2, height)), 26)
        grain = grain.resize(size, Image.Resampling.BICUBIC)
        table = Image.new("RGB", size, _WOOD_GRAIN)
        table.paste(_WOOD, None, grain)
        half = self._pose(_MAT_X, _MAT_Y, 0)
        _draw_mat(ImageDraw.Draw(table), Pose(half.x / 2, half.y / 2, half.degrees, half.scale / 2))
        lamp = Image.radial_gradient("L").resize(size, Image.Resampling.BICUBIC)
        # Darker towards the corners, in place: further pictures of full size would stay in memory.
        table.paste((0, 0, 0), None, lamp.point([value * 2 // 5 for value in range(256)]))
        return table

    def _lay_table(self, picture: Image.Image) -> None:
        """Cover the canvas with the empty table."""
        across = self._table.width / picture.width
        down = self._table.height / picture.height
        for left, top, right, bottom in _tiles(picture.size):
            tile = self._table.resize(
                (right - left, bottom - top),
                Image.Resampling.NEAREST,
                (left * across, top * down, right * across, bottom * down),
            )
            picture.paste(tile, (left, top))

    def _draw_clock(self, picture: Image.Image, wall: datetime) -> None:
        pose = self._pose(1880, 70, 0)
        draw = ImageDraw.Draw(picture)
        _box(draw, pose, (-400, -56, 400, 56), _INK)
        _box(draw, pose, (-386, -44, 386, 44), (150, 164, 146))
        text = text_mask(
            f"{wall:%Y-%m-%d %H:%M:%S} UTC",
            max(8, round(56 * self._scale)),
            round(740 * pose.scale),
        )
        at = (round(pose.x - text.width / 2), round(pose.y - text.height / 2))
        picture.paste(_INK, (*at, at[0] + text.width, at[1] + text.height), text)

    def _draw_parcel(
        self, picture: Image.Image, goods: random.Random, chance: random.Random
    ) -> None:
        pose = self._pose(
            660 + chance.uniform(-24, 24), 700 + chance.uniform(-18, 18), chance.uniform(-5, 5)
        )
        draw = ImageDraw.Draw(picture)
        _box(draw, pose, (-430, -350, 470, 410), _SHADOW)
        for flap in ((-400, -500, 400, -330), (-400, 330, 400, 480), (-560, -330, -400, 330)):
            _box(draw, pose, flap, _FLAP)
        _box(draw, pose, (-420, -350, 420, 350), _CARDBOARD)
        _box(draw, pose, (-390, -320, 390, 320), _INSIDE)
        _box(draw, pose, (-40, -500, 40, -350), _TAPE)
        for place in range(goods.randint(2, 4)):
            self._draw_item(draw, pose, place, goods, chance)

    def _draw_item(
        self,
        draw: ImageDraw.ImageDraw,
        parcel: Pose,
        place: int,
        goods: random.Random,
        chance: random.Random,
    ) -> None:
        """One piece in its corner of the box; it slides a little between two photos."""
        corner = ((-190, -150), (190, 150), (190, -150), (-190, 150))[place]
        x, y = parcel.place((corner[0] + chance.uniform(-14, 14), corner[1]))
        pose = Pose(x, y, parcel.degrees + chance.uniform(-14, 14), self._scale)
        colour = goods.choice(_ITEM_COLOURS)
        half_width, half_height = goods.uniform(90, 160), goods.uniform(70, 125)
        dark = _shaded(colour, 0.5)
        _box(
            draw,
            pose,
            (-half_width + 14, -half_height + 16, half_width + 14, half_height + 16),
            _shaded(_INSIDE, 0.6),
        )
        _box(draw, pose, (-half_width, -half_height, half_width, half_height), colour)
        for line in range(goods.randint(2, 5)):
            top = -half_height + 18 + line * 26
            length = goods.uniform(0.4, 1.7) * half_width
            _box(draw, pose, (-half_width + 16, top, -half_width + 16 + length, top + 9), dark)

    def _draw_label(self, picture: Image.Image, code: str, chance: random.Random) -> None:
        if self._label[0] != code:
            self._label = (code, draw_label(code, self._scale))
        turned = self._label[1].rotate(
            chance.uniform(-3, 3), Image.Resampling.BILINEAR, expand=True, fillcolor=(0, 0, 0, 0)
        )
        pose = self._pose(1620 + chance.uniform(-24, 24), 720 + chance.uniform(-60, 60), 0)
        at = (round(pose.x - turned.width / 2), round(pose.y - turned.height / 2))
        drop = round(10 * self._scale)
        shape = turned.getchannel("A")
        picture.paste(_SHADOW, (at[0] + drop, at[1] + drop), shape)
        picture.paste(turned, at, shape)

    def _add_noise(self, picture: Image.Image, chance: random.Random) -> None:
        """Sensor noise, shifted anew in each photo."""
        grey = ImageChops.offset(self._noise, chance.randrange(_TILE), chance.randrange(_TILE))
        noise = Image.merge("RGB", (grey, grey, grey))
        for area in _tiles(picture.size):
            part = picture.crop(area)
            picture.paste(ImageChops.add(part, noise, 1, -128), area[:2])


def _tiles(size: tuple[int, int]) -> Iterator[tuple[int, int, int, int]]:
    """Areas (left, top, right, bottom) that cover a picture."""
    width, height = size
    for top in range(0, height, _TILE):
        for left in range(0, width, _TILE):
            yield left, top, min(left + _TILE, width), min(top + _TILE, height)


def _draw_mat(draw: ImageDraw.ImageDraw, pose: Pose) -> None:
    """A cutting mat with its lines, 2000 x 1120."""
    _box(draw, pose, (-1000, -560, 1000, 560), _MAT)
    for x in range(-950, 1000, 100):
        _box(draw, pose, (x - 2, -560, x + 2, 560), _MAT_LINE)
    for y in range(-500, 560, 100):
        _box(draw, pose, (-1000, y - 2, 1000, y + 2), _MAT_LINE)


def _box(
    draw: ImageDraw.ImageDraw,
    pose: Pose,
    sides: tuple[float, float, float, float],
    colour: Colour,
) -> None:
    """A filled rectangle (left, top, right, bottom) of a thing lying in ``pose``."""
    left, top, right, bottom = sides
    corners = ((left, top), (right, top), (right, bottom), (left, bottom))
    draw.polygon([pose.place(corner) for corner in corners], fill=colour)


def _shaded(colour: Colour, light: float) -> Colour:
    red, green, blue = (round(part * light) for part in colour)
    return red, green, blue
