"""A JPEG that goes into a chat as it is, but for everything in the file that is not the picture.

Most photos of a table fit a chat as they are. To unpack and pack them anew takes ten times as long
as all the rest of an upload, and loses a little of the picture each time.
"""

import io
import re

from PIL import ExifTags, Image

_UPRIGHT = 1
_PLAIN = frozenset({"RGB", "L"})
_START, _END = b"\xff\xd8", 0xD9
# What decoders need to show the colours: JFIF without a thumbnail, and Adobe's one.
_KEPT_APPLICATION = {0xE0: (b"JFIF\0", 16), 0xEE: (b"Adobe", 14)}
_COMMENT = 0xFE
# In the picture's own data, 0xFF is followed by 0 or a restart mark; all else is a next segment.
_NEXT_MARK = re.compile(rb"\xff+([^\x00\xd0-\xd7\xff])")
_SCAN = 0xDA


def bare_jpeg(photo: bytes, *, max_bytes: int, max_side_px: int) -> bytes | None:
    """The photo without its metadata and whatever follows it.

    None where a new picture has to be made: it is no JPEG, or damaged, lying on its side, in
    colours of its own, or too large.
    """
    if not photo.startswith(_START) or not _fits(photo, max_side_px):
        return None
    bare = _stripped(photo)
    return bare if bare is not None and len(bare) <= max_bytes else None


def _fits(photo: bytes, max_side_px: int) -> bool:
    try:
        with Image.open(io.BytesIO(photo), formats=("JPEG",)) as file:
            upright = file.getexif().get(ExifTags.Base.Orientation, _UPRIGHT) == _UPRIGHT
            plain = file.mode in _PLAIN and "icc_profile" not in file.info
            return upright and plain and max(file.size) <= max_side_px
    except Exception:  # noqa: BLE001 - decoders fail in many ways; who makes it anew names the fault
        return False


def _stripped(photo: bytes) -> bytes | None:
    """None: the segments do not follow each other to the end."""
    kept, at = [_START], len(_START)
    while at + 4 <= len(photo):
        if photo[at] != 0xFF:
            return None
        mark, length = photo[at + 1], int.from_bytes(photo[at + 2 : at + 4])
        if mark == _END:
            return b"".join([*kept, b"\xff\xd9"])
        end = at + 2 + length
        if length < 2 or end > len(photo):
            return None
        if _belongs(mark, photo[at + 4 : end]):
            kept.append(photo[at:end])
        at = end
        if mark == _SCAN:
            found = _NEXT_MARK.search(photo, at)
            if found is None:
                return None
            kept.append(photo[at : found.start()])
            at = found.end() - 2
    at_end = photo[at : at + 2] == bytes((0xFF, _END))
    return b"".join([*kept, b"\xff\xd9"]) if at_end else None


def _belongs(mark: int, content: bytes) -> bool:
    if mark in _KEPT_APPLICATION:
        begins, length = _KEPT_APPLICATION[mark]
        return content.startswith(begins) and len(content) + 2 == length
    return not (0xE0 <= mark <= 0xEF or mark == _COMMENT)
