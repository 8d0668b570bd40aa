"""The one thing the spool asks of a photo: that it is whole. Pure."""

from edge.spool.errors import BadJpeg

_START = b"\xff\xd8\xff"
_END = b"\xff\xd9"


def is_complete(data: bytes) -> bool:
    """Whether it begins and ends as a JPEG does; a frame cut short has no end marker."""
    return len(data) > len(_START) + len(_END) and data.startswith(_START) and data.endswith(_END)


def require_complete(data: bytes) -> None:
    """Refuse what is cut short.

    Raises:
        BadJpeg: the start or end marker is missing.
    """
    if not is_complete(data):
        raise BadJpeg(f"{len(data)} bytes are no complete JPEG: start or end marker is missing")
