"""File names by which a person finds the photos of an order on the table's disk (S0-34). Pure.

``<day>/<code>_<hhmmss>_<number>_<sha8>.jpg``, for example
``2026-03-02/240302ABCDEF_141503_1042_9f86d081.jpg``: sorting by name groups an order's photos in
the order in which they were taken. Day and time are the table's wall clock in its own time zone,
because people look for them; nothing reads them back as the truth but a rebuild after a damaged
journal. The number is the journal's sequence, which never repeats in a spool, so two photos cannot
get the same name whatever the codes, the clock or the pictures are.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

PHOTOS = "photos"
TEMPORARY = ".tmp"
DAMAGED = ".damaged"
# a file name may have 255 bytes; time, number, hash and the suffixes need about 60
MAX_CODE_CHARS = 150
_PLAIN = re.compile(r"[A-Za-z0-9_.~-]")
_CUT = "+"  # not plain, so at the end it can only mean "the code goes on"
_NAME = re.compile(
    r"photos/(?P<day>\d{4}-\d\d-\d\d)/"
    r"(?P<code>[^/]+)_(?P<time>\d{6})_(?P<number>\d{1,18})_(?P<sha8>[0-9a-f]{8})\.jpg",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class NameParts:
    """What the path of a photo says about it."""

    code: str
    whole_code: bool
    """False when the code was too long for a file name and its end is missing."""
    taken: datetime
    number: int
    sha8: str


def safe_code(code: str) -> str:
    """A code as part of a file name; anything odd is percent-encoded, so it can be read back."""
    parts = [char if _PLAIN.fullmatch(char) else _escape(char) for char in code]
    if parts and parts[0] == ".":
        parts[0] = "%2E"  # not a hidden file
    safe = "".join(parts)
    if len(safe) <= MAX_CODE_CHARS:
        return safe
    room = MAX_CODE_CHARS - len(_CUT)
    while sum(map(len, parts)) > room:
        parts.pop()
    return "".join(parts) + _CUT


def _escape(char: str) -> str:
    return "".join(f"%{byte:02X}" for byte in char.encode("utf-8", "replace"))


def _unescape(safe: str) -> str:
    raw = re.sub(rb"%([0-9A-F]{2})", lambda hit: bytes.fromhex(hit[1].decode()), safe.encode())
    return raw.decode("utf-8", "replace")


def photo_path(code: str, taken: datetime, number: int, sha256: str, zone: tzinfo | None) -> str:
    """Where a photo lies, relative to the spool; ``zone`` None is the machine's own."""
    local = taken.astimezone(zone)
    name = f"{safe_code(code)}_{local:%H%M%S}_{number}_{sha256[:8]}.jpg"
    return f"{PHOTOS}/{local:%Y-%m-%d}/{name}"


def parse(path: str, zone: tzinfo | None) -> NameParts | None:
    """The parts of a photo's path, or None if it is no name of ours."""
    match = _NAME.fullmatch(path)
    if match is None:
        return None
    try:
        local = datetime.strptime(match["day"] + match["time"], "%Y-%m-%d%H%M%S")  # noqa: DTZ007 - the zone is added below
    except ValueError:
        return None
    aware = local.replace(tzinfo=zone) if zone else local.astimezone()
    code = match["code"]
    return NameParts(
        code=_unescape(code.removesuffix(_CUT)),
        whole_code=not code.endswith(_CUT),
        taken=aware.astimezone(UTC),
        number=int(match["number"]),
        sha8=match["sha8"],
    )
