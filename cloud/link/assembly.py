"""Putting slices of photos together in memory. No I/O; one lock, because inventories look in.

Memory is bounded twice: a device has few photos open (a table sends at most four at a time), and
all together keep within a budget. What gives way is the photo that was untouched for longest; its
table learns from the next inventory what is missing.
"""

import hashlib
import threading
from collections import OrderedDict
from dataclasses import dataclass, field

from wire.slices import Range, add_range, missing_ranges

_Key = tuple[str, str]

_MOST_OPEN_PER_DEVICE = 8
_MOST_RANGES = 256
"""A table sends a photo from its beginning, and again from its gaps; more pieces are mischief."""


@dataclass(slots=True)
class _Open:
    data: bytearray
    have: list[Range] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Complete:
    """All bytes are there and the hash is right."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Incomplete:
    """More slices are needed."""


@dataclass(frozen=True, slots=True)
class WrongHash:
    """All bytes are there and are not the photo that the topic names; nothing is kept."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The slice can never be part of a photo."""

    reason: str


AddResult = Complete | Incomplete | WrongHash | Refused


class Assembly:
    """Slices of any order, repeated or missing, of several photos per device."""

    def __init__(self, *, budget_bytes: int, max_photo_bytes: int) -> None:
        self._budget_bytes = budget_bytes
        self._max_photo_bytes = max_photo_bytes
        self._open: OrderedDict[_Key, _Open] = OrderedDict()
        self._of_device: dict[str, list[str]] = {}
        self._held_bytes = 0
        self._lock = threading.Lock()

    def add(
        self, device_id: str, sha256: str, offset: int, size_bytes: int, payload: bytes
    ) -> AddResult:
        """Take one slice. A photo that is complete is handed out and forgotten."""
        reason = self._reason_against(offset, size_bytes, payload)
        if reason:
            return Refused(reason)
        with self._lock:
            photo = self._photo(device_id, sha256, size_bytes)
            end = offset + len(payload)
            photo.data[offset:end] = payload
            photo.have = add_range(photo.have, (offset, end))
            if len(photo.have) > _MOST_RANGES:
                self._drop((device_id, sha256))
                return Refused("the slices lie too far apart; send the photo from its beginning")
            if missing_ranges(photo.have, size_bytes):
                return Incomplete()
            self._drop((device_id, sha256))
        data = bytes(photo.data)
        return Complete(data) if hashlib.sha256(data).hexdigest() == sha256 else WrongHash()

    def missing(self, device_id: str, sha256: str, size_bytes: int) -> list[Range] | None:
        """Ranges still wanted of a photo; None when no slice of it is here."""
        with self._lock:
            photo = self._open.get((device_id, sha256))
            if photo is None or len(photo.data) != size_bytes:
                return None
            return missing_ranges(photo.have, size_bytes)

    def _reason_against(self, offset: int, size_bytes: int, payload: bytes) -> str:
        if not payload:
            return "the slice is empty"
        if not 0 < size_bytes <= self._max_photo_bytes:
            return f"a photo may have 1 to {self._max_photo_bytes} bytes, not {size_bytes}"
        if offset + len(payload) > size_bytes:
            return "the slice ends behind the photo's end"
        return ""

    def _photo(self, device_id: str, sha256: str, size_bytes: int) -> _Open:
        key = (device_id, sha256)
        photo = self._open.get(key)
        if photo is not None and len(photo.data) != size_bytes:
            self._drop(key)
            photo = None
        if photo is None:
            self._make_room(device_id, size_bytes)
            photo = self._open[key] = _Open(bytearray(size_bytes))
            self._of_device.setdefault(device_id, []).append(sha256)
            self._held_bytes += size_bytes
        self._open.move_to_end(key)
        return photo

    def _make_room(self, device_id: str, size_bytes: int) -> None:
        opened = self._of_device.get(device_id, [])
        if len(opened) >= _MOST_OPEN_PER_DEVICE:
            self._drop((device_id, opened[0]))
        while self._open and self._held_bytes + size_bytes > self._budget_bytes:
            self._drop(next(iter(self._open)))

    def _drop(self, key: _Key) -> None:
        device_id, sha256 = key
        self._held_bytes -= len(self._open.pop(key).data)
        self._of_device[device_id].remove(sha256)
        if not self._of_device[device_id]:
            del self._of_device[device_id]
