"""Packets that were under way when a connection ended, and how large slices may be. Pure.

A broker that hates one packet ends the connection each time it comes (edge-hardware 5.1, 9), and a
bad line ends it in the middle of any. Both are met alike: the packet travels alone and in smaller
slices, which cures a bad line and a size limit nobody named; what still fails is set aside.
"""

from wire.slices import DEFAULT_SLICE_BYTES, MIN_SLICE_BYTES

_SLICES_BEFORE_GROWING = 64


class Suspects:
    """Counts strikes by packet, and gives the payload size of the next slice."""

    def __init__(self) -> None:
        self._strikes: dict[str, int] = {}
        self._base_bytes = self._payload_bytes = DEFAULT_SLICE_BYTES
        self._good_slices = 0

    @property
    def payload_bytes(self) -> int:
        """How large the next slice may be."""
        return self._payload_bytes

    def connected(self, base_bytes: int) -> None:
        """The broker's limit allows slices of this size."""
        self._base_bytes = base_bytes
        self._payload_bytes = min(self._payload_bytes, base_bytes) if self._strikes else base_bytes

    def is_suspect(self, key: str) -> bool:
        """The packet broke a connection, and was not taken since."""
        return key in self._strikes

    def strike(self, key: str, slice_bytes: int | None) -> int:
        """Count one more strike and give their number; a slice's size halves."""
        self._strikes[key] = self._strikes.get(key, 0) + 1
        if slice_bytes is not None:
            self._good_slices = 0
            half = max(MIN_SLICE_BYTES, slice_bytes // 2)
            self._payload_bytes = min(self._payload_bytes, half)
        return self._strikes[key]

    def last_chance(self, key: str, strikes: int) -> None:
        """It is set aside: when it is tried again, one more strike is enough."""
        self._strikes[key] = strikes - 1
        self._payload_bytes = self._base_bytes

    def taken(self, key: str, *, is_slice: bool) -> None:
        """The broker took it; after many good slices they may grow again."""
        self._strikes.pop(key, None)
        if not is_slice or self._payload_bytes >= self._base_bytes:
            return
        self._good_slices += 1
        if self._good_slices >= _SLICES_BEFORE_GROWING:
            self._payload_bytes = min(self._base_bytes, self._payload_bytes * 2)
            self._good_slices = 0

    def forget(self, owner: str) -> None:
        """Nothing of this photo or manifest goes out any more."""
        self._strikes = {
            key: count for key, count in self._strikes.items() if not key.startswith(owner)
        }
