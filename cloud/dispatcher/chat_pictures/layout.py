"""Where photos stand in one picture: alone, in a row, in a column, or two and one. Pure.

All get the same scale, so that what was larger in the camera is larger in the chat. Of the ways to
arrange them the one is taken that shrinks them least: wide photos end up below each other, tall
ones side by side.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

GAP_PX = 8
"""Between two photos of one picture."""

Size = tuple[int, int]
"""Width and height, px."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a photo stands, px from the picture's top left corner."""

    left: int
    top: int
    size: Size
    """What the photo is scaled to."""


@dataclass(frozen=True, slots=True)
class Arrangement:
    """A picture's size, and where its photos stand, in their order."""

    size: Size
    places: tuple[Place, ...]


def arranged(photos: Sequence[Size], room: Size) -> Arrangement:
    """Arrange one to three photos within ``room``; none is made larger than it is.

    Raises:
        ValueError: no photo, or no room.
    """
    if not photos or min(room) < 1:
        raise ValueError(f"{len(photos)} photos cannot be arranged in {room[0]} x {room[1]} pixels")
    cell = max(width for width, _ in photos), max(height for _, height in photos)
    best = max(_rows(len(photos)), key=lambda rows: _scale(rows, cell, room))
    return _placed(photos, best, cell, _scale(best, cell, room))


def _rows(count: int) -> Iterator[tuple[int, ...]]:
    """How many photos stand in each row; of equally good ways the first is taken."""
    yield (count,)
    yield (1,) * count
    if count == 3:
        yield (2, 1)


def _scale(rows: Sequence[int], cell: Size, room: Size) -> float:
    across, down = max(rows), len(rows)
    for_width = (room[0] - GAP_PX * (across - 1)) / (across * cell[0])
    for_height = (room[1] - GAP_PX * (down - 1)) / (down * cell[1])
    return min(1.0, for_width, for_height)


def _placed(photos: Sequence[Size], rows: Sequence[int], cell: Size, scale: float) -> Arrangement:
    """Each photo in the middle of its cell, and a shorter row in the middle of the picture."""
    cell_width, cell_height = _scaled(cell, scale)
    width = _length(max(rows), cell_width)
    places: list[Place] = []
    for row, count in enumerate(rows):
        left = (width - _length(count, cell_width)) // 2
        top = row * (cell_height + GAP_PX)
        for column in range(count):
            size = _scaled(photos[len(places)], scale)
            across = left + column * (cell_width + GAP_PX) + (cell_width - size[0]) // 2
            places.append(Place(across, top + (cell_height - size[1]) // 2, size))
    return Arrangement((width, _length(len(rows), cell_height)), tuple(places))


def _length(count: int, cell_px: int) -> int:
    return count * cell_px + GAP_PX * (count - 1)


def _scaled(size: Size, scale: float) -> Size:
    return max(1, int(size[0] * scale + 1e-6)), max(1, int(size[1] * scale + 1e-6))
