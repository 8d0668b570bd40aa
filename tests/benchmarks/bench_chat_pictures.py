"""Chat pictures: sizes, time, and whether the labels in them are still read, by setting.

Prints the tables of docs/chat-pictures.md. A photo is 1920 x 1080 of a packing table with a label,
turned, unsharp and noisy; its bars are made finer from row to row. "read" is by zxing-cpp, three
photos of each kind.
"""

import io
import time
from collections.abc import Sequence
from statistics import median

from PIL import Image

from tests.benchmarks.support.figures import say, say_machine
from tests.support.chat_picture_cases import SIZE, codes_in, label_photo, made

CODES = ("26112245ABCDEF", "26112245ABCDEG", "26112245ABCDEH")
SIDES_PX = (2000, 1600, 1280, 1000)
FINEST_PX = (1.5, 1.75, 2.0, 2.5, 3.0, 3.5, 4.0)
ROUNDS = 7


def main() -> None:
    """Both tables."""
    say_machine()
    photos = {finest: _photos(finest) for finest in FINEST_PX}
    some = photos[FINEST_PX[-1]]
    say(f"photos of {SIZE[0]} x {SIZE[1]}, {round(len(some[0]) / 1000)} kB\n")
    say("| photos | strip | longest side | picture | size | CPU |")
    say("|---|---|---|---|---|---|")
    for count in (1, 2, 3):
        for strip in (False, True):
            for side_px in SIDES_PX:
                say(_size_row(some[:count], side_px, strip=strip))
    say("\n| finest bar in the photo | photo | " + " | ".join(_heads()) + " |")
    say("|---|---|" + "---|" * len(_heads()))
    for finest, each in photos.items():
        say(_read_row(finest, each))


def _photos(finest_px: float) -> tuple[bytes, ...]:
    return tuple(label_photo(code, finest_px, chance) for chance, code in enumerate(CODES))


def _size_row(photos: Sequence[bytes], side_px: int, *, strip: bool) -> str:
    took, jpeg = [], b""
    for _ in range(ROUNDS):
        began_s = time.process_time()
        jpeg = made(photos, side_px, strip=strip)
        took.append(time.process_time() - began_s)
    with Image.open(io.BytesIO(jpeg)) as picture:
        size = f"{picture.width} x {picture.height}"
    cells = [str(len(photos)), "yes" if strip else "no", f"{side_px} px", size]
    cells += [f"{round(len(jpeg) / 1000)} kB", f"{1000 * median(took):.1f} ms"]
    return "| " + " | ".join(cells) + " |"


def _heads() -> list[str]:
    return [f"{count} in one, {side_px} px" for count in (1, 2, 3) for side_px in SIDES_PX]


def _read_row(finest_px: float, photos: Sequence[bytes]) -> str:
    of_photos = sum(code in codes_in(photo) for code, photo in zip(CODES, photos, strict=True))
    cells = [f"{finest_px:g} px", f"{of_photos} of 3"]
    cells += [_read(photos, count, side_px) for count in (1, 2, 3) for side_px in SIDES_PX]
    return "| " + " | ".join(cells) + " |"


def _read(photos: Sequence[bytes], count: int, side_px: int) -> str:
    """Of three photos in pictures of so many each; a photo may be in two of them."""
    read = 0
    for first in range(len(photos)):
        places = [(first + step) % len(photos) for step in range(count)]
        jpeg = made([photos[place] for place in places], side_px, strip=True)
        read += CODES[first] in codes_in(jpeg)
    return f"{read} of 3" if read else "-"


if __name__ == "__main__":
    main()
