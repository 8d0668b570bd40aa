"""Looks at a picture in a chat and says which photos it shows, as a person would.

A chat gets pictures made of the photos: in another size, another JPEG, up to three in one. So they
are compared by what they show. Nothing of the cloud is used: how it arranges photos is found out by
trying (docs/chat-pictures.md).
"""

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from PIL import Image, ImageChops, ImageStat

ALIKE = 2.5
"""Mean difference of grey (of 255) up to which two pictures show the same. Measured with the
simulated camera: up to 1.3 for the same photo, from 5.1 on for two of the same parcel."""
_GAP_PX = 8
_LOOKED_AT = (240, 135)
_SHAPES_DIFFER = 0.02

Size = tuple[int, int]
Panel = tuple[float, float, float, float]
"""Left, top, right, bottom."""


@dataclass(frozen=True, slots=True)
class _Guess:
    photos: tuple[str, ...]
    difference: float
    """Of its worst panel."""


class KnownPhotos:
    """Photos to be found again in pictures of a chat."""

    def __init__(self, photos: Mapping[str, bytes]) -> None:
        """``photos`` by their names; what is read of them is small."""
        self._small: dict[str, Image.Image] = {}
        self._sizes: set[Size] = set()
        for name, photo in photos.items():
            grey = _opened(photo)
            self._sizes.add(grey.size)
            self._small[name] = grey.resize(_LOOKED_AT, Image.Resampling.BOX)

    def seen_in(self, picture: bytes) -> tuple[str, ...]:
        """Names of the photos that a picture shows, in its order; empty: anything else is seen.

        The picture has neither a strip nor a part cut away.
        """
        grey = _opened(picture)
        guesses = [
            self._guess(grey, panels)
            for photo in self._sizes
            for panels in _arrangements(grey.size, photo)
        ]
        best = min(guesses, key=lambda guess: guess.difference, default=None)
        return best.photos if best is not None and best.difference <= ALIKE else ()

    def _guess(self, seen: Image.Image, panels: Sequence[Panel]) -> _Guess:
        closest = []
        for left, top, right, bottom in panels:
            box = left, top, min(right, seen.width), min(bottom, seen.height)
            part = seen.resize(_LOOKED_AT, Image.Resampling.BOX, box)
            closest.append(min((_difference(part, one), name) for name, one in self._small.items()))
        return _Guess(tuple(name for _, name in closest), max(far for far, _ in closest))


def _opened(photo: bytes) -> Image.Image:
    """In grey, at full size: decoders that halve it give edges that differ more than photos do."""
    with Image.open(io.BytesIO(photo)) as file:
        file.draft("L", file.size)
        return file.convert("L")


def _arrangements(picture: Size, photo: Size) -> Iterator[list[Panel]]:
    """Where photos of one size may stand in a picture of another, for every way that fits."""
    for rows in ((1,), (2,), (1, 1), (3,), (1, 1, 1), (2, 1)):
        across, down = max(rows), len(rows)
        width = (picture[0] - _GAP_PX * (across - 1)) / across
        height = (picture[1] - _GAP_PX * (down - 1)) / down
        if abs(width / height / (photo[0] / photo[1]) - 1) <= _SHAPES_DIFFER:
            yield list(_panels(rows, picture[0], width, height))


def _panels(rows: Sequence[int], whole: int, width: float, height: float) -> Iterator[Panel]:
    for row, count in enumerate(rows):
        left = (whole - count * width - (count - 1) * _GAP_PX) / 2
        top = row * (height + _GAP_PX)
        for column in range(count):
            x = left + column * (width + _GAP_PX)
            yield x, top, x + width, top + height


def _difference(one: Image.Image, other: Image.Image) -> float:
    return float(ImageStat.Stat(ImageChops.difference(one, other)).mean[0])
