"""A JPEG that goes into a chat as it is, but for everything in the file that is not the picture.

Most photos of a table fit a chat as they are. To unpack and pack them anew takes ten times as long
as all the rest of an upload, and loses a little of the picture each time.
"""

import io
import re

from PIL import ExifTags, Image

_UPRIGHT = 1
_PLAIN = frozenset({"RGB", "L"})
_START, _END = b"\xff\xd8", b"\xff\xd9"
# What decoders need to show the colours: JFIF without a thumbnail, and Adobe's one.
_KEPT_APPLICATION = {0xE0: (b"JFIF\0", 16), 0xEE: (b"Adobe", 14)}
_COMMENT = 0xFE
# In the picture's own data, 0xFF is followed by 0 or a restart mark; all else is a next segment.
_NEXT_MARK = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_SCAN = 0xDA
_BASELINE = frozenset({0xC0, 0xC1})
_COMPONENTS_AT = 5
"""In a frame's content; a scan of as many components holds the whole picture."""
_HAS_CONTENT = frozenset({b"\xc0", b"\xc1", b"\xda"})


def bare_jpeg(photo: bytes, *, max_bytes: int, max_side_px: int) -> bytes | None:
    """The photo without its metadata and whatever follows it.

    The picture itself is not looked at: the store gives the bytes that were taken, or none.
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
    kept, at, components = [_START], len(_START), 0
    while photo[at : at + len(_END)] != _END:
        segment = _segment(photo, at)
        if segment is None:
            return None
        mark, content = segment[1], segment[4:]
        if _belongs(mark, content):
            kept.append(segment)
        at += len(segment)
        if mark in _BASELINE:
            components = content[_COMPONENTS_AT]
        elif mark == _SCAN:
            end = _end_of_scan(photo, at, is_all=content[0] == components)
            kept.append(photo[at:end])
            at = end
    return b"".join([*kept, _END])


def _segment(photo: bytes, at: int) -> bytes | None:
    """Mark, length and content; None where no whole one begins."""
    end = at + 2 + int.from_bytes(photo[at + 2 : at + 4])
    shortest = at + 4 + (_COMPONENTS_AT + 1 if photo[at + 1 : at + 2] in _HAS_CONTENT else 0)
    if photo[at : at + 1] != b"\xff" or not shortest <= end <= len(photo):
        return None
    return photo[at:end]


def _end_of_scan(photo: bytes, at: int, *, is_all: bool) -> int:
    """Where the next segment begins; behind the file where there is none."""
    if is_all:
        found = photo.find(_END, at)  # many times as fast, and nothing else can follow
        return found if found >= 0 else len(photo)
    mark = _NEXT_MARK.search(photo, at)
    return mark.start() if mark else len(photo)


def _belongs(mark: int, content: bytes) -> bool:
    if mark in _KEPT_APPLICATION:
        begins, length = _KEPT_APPLICATION[mark]
        return content.startswith(begins) and len(content) + 2 == length
    return not (0xE0 <= mark <= 0xEF or mark == _COMMENT)
