"""HEIC, as phones take it: unpacked in a process of its own, whose end is a refusal and no more."""

import subprocess
import sys

from cloud.dispatcher.errors import PictureRefused

_PROGRAM = "cloud.dispatcher.chat_pictures.heic_child"
_DEADLINE_S = 30.0


def is_heic(photo: bytes) -> bool:
    """Whether the file says that it is one of HEIC's family."""
    return photo[4:8] == b"ftyp"


def unpacked(photo: bytes) -> bytes:
    """The picture as PPM, upright and in sRGB.

    Raises:
        PictureRefused: it is damaged, too large, or none; or it takes too long.
    """
    try:
        done = subprocess.run(
            # Alone with its library: nothing of this process' surroundings is passed on.
            [sys.executable, "-I", "-m", _PROGRAM],
            input=photo,
            capture_output=True,
            env={},
            timeout=_DEADLINE_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise PictureRefused(f"the stored HEIC photo was not read in {_DEADLINE_S:g} s") from None
    if done.returncode:
        raise PictureRefused(
            "the stored HEIC photo is damaged or too large"
            f" (its decoder ended with {done.returncode})"
        )
    return done.stdout
