"""The program that unpacks one HEIC picture: standard input to a PPM on standard output.

A process of its own, because a damaged file can end the one that decodes it: of 300 files with five
wrong bytes each, one was enough (libheif 1.23.0, and its issues 784, 1373 and 1734).
"""

import io
import resource
import sys

import pi_heif  # type: ignore[import-untyped]  # it has no types
from PIL import Image

from cloud.dispatcher.chat_pictures.colours import in_usual_colours
from cloud.dispatcher.chat_pictures.limits import MOST_PIXELS

_MOST_BYTES_OF_MEMORY = 1_500_000_000
_MOST_SECONDS = 30


def main() -> int:
    """Exit status 0: the picture is on standard output, upright and in sRGB."""
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_BYTES_OF_MEMORY, _MOST_BYTES_OF_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_MOST_SECONDS, _MOST_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    pi_heif.register_heif_opener(thumbnails=False)
    with Image.open(io.BytesIO(sys.stdin.buffer.read()), formats=("HEIF",)) as file:
        if file.width * file.height > MOST_PIXELS:
            return 1
        in_usual_colours(file).save(sys.stdout.buffer, "PPM")
    return 0


if __name__ == "__main__":
    sys.exit(main())
