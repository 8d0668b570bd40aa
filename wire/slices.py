"""Cutting photos into slices and knowing which bytes are still missing. Pure."""

from collections.abc import Iterable, Iterator

DEFAULT_SLICE_BYTES = 96 * 1024
# topic, user property, fixed header and packet id, with room for a longer device id
OVERHEAD_BYTES = 512
MIN_SLICE_BYTES = 1024
SIZE_PROPERTY = "size"  # MQTT user property of each slice: size of the whole photo in bytes

Range = tuple[int, int]
"""Bytes from the first number up to, not including, the second."""


def slice_bytes(configured_bytes: int, broker_maximum_packet_bytes: int | None) -> int:
    """Payload of a slice that the broker accepts.

    Raises:
        ValueError: the broker's packet limit leaves no useful room.
    """
    if broker_maximum_packet_bytes is None:
        return configured_bytes
    room = broker_maximum_packet_bytes - OVERHEAD_BYTES
    if room < MIN_SLICE_BYTES:
        raise ValueError(
            f"the broker accepts packets of {broker_maximum_packet_bytes} bytes; "
            f"photos need at least {MIN_SLICE_BYTES + OVERHEAD_BYTES}"
        )
    return min(configured_bytes, room)


def cut(wanted: Iterable[Range], payload_bytes: int) -> Iterator[Range]:
    """Cut ranges into slices of at most ``payload_bytes``, in order."""
    for start, end in wanted:
        for offset in range(start, end, payload_bytes):
            yield offset, min(offset + payload_bytes, end)


def add_range(have: list[Range], new: Range) -> list[Range]:
    """Merge a received range into sorted, disjoint ranges."""
    start, end = new
    kept = []
    for known_start, known_end in have:
        if known_end < start or known_start > end:
            kept.append((known_start, known_end))
        else:
            start, end = min(start, known_start), max(end, known_end)
    return sorted([*kept, (start, end)])


def missing_ranges(have: Iterable[Range], size_bytes: int) -> list[Range]:
    """What is not in sorted, disjoint ``have``."""
    missing = []
    position = 0
    for start, end in have:
        if start > position:
            missing.append((position, start))
        position = max(position, end)
    if position < size_bytes:
        missing.append((position, size_bytes))
    return missing
