"""What somebody wants to see of the log. Pure."""

from dataclasses import dataclass
from datetime import datetime

from cloud.proofs.states import ProofState

LARGEST_ID = 2**63 - 1


@dataclass(frozen=True, slots=True)
class LogFilter:
    """What the log shows. Empty: everything."""

    states: tuple[ProofState, ...] = ()
    channel: str = ""
    """A marketplace: all of its shops."""
    shop_id: int | None = None
    table_id: int | None = None
    packer: str = ""
    photo_count: int | None = None
    packed_from: datetime | None = None
    packed_before: datetime | None = None
    code: str = ""
    """Order number, tracking number, or the code as it was scanned."""

    @property
    def has_shops(self) -> bool:
        """Whether it names a shop, or a marketplace with its shops."""
        return self.shop_id is not None or bool(self.channel)

    @property
    def has_dates(self) -> bool:
        """Whether it names days."""
        return self.packed_from is not None or self.packed_before is not None


@dataclass(frozen=True, slots=True)
class Stretch:
    """Ids between two others, both exclusive."""

    above: int = 0
    below: int = LARGEST_ID

    def within(self, other: "Stretch") -> "Stretch":
        """What of it lies in another one."""
        return Stretch(max(self.above, other.above), min(self.below, other.below))


@dataclass(frozen=True, slots=True)
class Window:
    """Which part of the log: below ``before``, above ``after``, or not above ``upto``."""

    limit: int
    before: int | None = None
    after: int | None = None
    upto: int | None = None

    @property
    def stretch(self) -> Stretch:
        """The ids that may be shown."""
        below = LARGEST_ID if self.before is None else self.before
        if self.upto is not None:
            below = min(below, self.upto + 1)
        return Stretch(self.after or 0, below)
