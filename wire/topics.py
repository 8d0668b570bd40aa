"""Topic names: building and parsing.

``packwitness/v1/<partition>/<device>/up/<kind>[/...]`` from the table,
``packwitness/v1/<partition>/<device>/down/<kind>`` to it. The device id is the MQTT user name and
client id; the broker's access list lets a device write only its ``up`` and read only its ``down``.
Partitions 00-63 are fixed at enrolment, so that link processes can share the work.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from wire.errors import BadTopic

PREFIX = "packwitness/v1"
PARTITIONS = 64

_DEVICE = re.compile(r"[a-z0-9-]{1,40}")
_PARTITION = re.compile(r"[0-9]{2}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_PROOF_ID = re.compile(r"[0-9a-f]{32}")
_OFFSET = re.compile(r"0|[1-9][0-9]{0,9}")


class Up(StrEnum):
    """Kinds of message a table publishes."""

    PRESENCE = "presence"
    HEALTH = "health"
    INVENTORY = "inventory"
    PHOTO = "photo"
    PROOF = "proof"
    LOOKUP = "lookup"
    REPLY = "reply"


class Down(StrEnum):
    """Kinds of message the cloud publishes to one table."""

    ANSWER = "answer"
    PROGRESS = "progress"
    ADVICE = "advice"
    CONFIG = "config"
    COMMAND = "command"


@dataclass(frozen=True, slots=True)
class Address:
    """Where a device lives in the topic tree."""

    partition: int
    device_id: str

    def __post_init__(self) -> None:
        if not 0 <= self.partition < PARTITIONS:
            raise BadTopic(f"partition {self.partition} is not between 0 and {PARTITIONS - 1}")
        if not _DEVICE.fullmatch(self.device_id):
            raise BadTopic(f"device id {self.device_id!r} is not 1-40 of a-z, 0-9 and '-'")

    @property
    def root(self) -> str:
        """The part of the topic that belongs to this device."""
        return f"{PREFIX}/{self.partition:02d}/{self.device_id}"

    def up(self, kind: Up) -> str:
        """Topic of a message without further levels."""
        return f"{self.root}/up/{kind}"

    def photo_slice(self, sha256: str, offset: int) -> str:
        """Topic of the slice of a photo that begins at ``offset`` (bytes)."""
        return f"{self.root}/up/{Up.PHOTO}/{sha256}/{offset}"

    def proof(self, proof_id: str) -> str:
        """Topic of a proof's manifest."""
        return f"{self.root}/up/{Up.PROOF}/{proof_id}"

    def down(self, kind: Down) -> str:
        """Topic of a message to this device."""
        return f"{self.root}/down/{kind}"

    @property
    def down_filter(self) -> str:
        """What the device subscribes to."""
        return f"{self.root}/down/#"


@dataclass(frozen=True, slots=True)
class UpTopic:
    """A parsed topic of a table's message."""

    address: Address
    kind: Up
    sha256: str | None = None
    offset: int | None = None
    proof_id: str | None = None


def up_filter(partition: int) -> str:
    """What a link process subscribes to for one partition."""
    return f"{PREFIX}/{partition:02d}/+/up/#"


def parse_up(topic: str) -> UpTopic:
    """Parse a table's topic.

    Raises:
        BadTopic: it is not one that a table may use.
    """
    address, rest = _split(topic, "up")
    match rest:
        case [Up.PHOTO, sha256, offset] if _SHA256.fullmatch(sha256) and _OFFSET.fullmatch(offset):
            return UpTopic(address, Up.PHOTO, sha256=sha256, offset=int(offset))
        case [Up.PROOF, proof_id] if _PROOF_ID.fullmatch(proof_id):
            return UpTopic(address, Up.PROOF, proof_id=proof_id)
        case [kind] if kind in set(Up) - {Up.PHOTO, Up.PROOF}:
            return UpTopic(address, Up(kind))
    raise BadTopic(f"{topic[:200]!r} is no topic of a table")


def parse_down(topic: str) -> Down:
    """Kind of a message from the cloud.

    Raises:
        BadTopic: it is not one that the cloud uses.
    """
    _, rest = _split(topic, "down")
    if len(rest) != 1 or rest[0] not in set(Down):
        raise BadTopic(f"{topic[:200]!r} is no topic of the cloud")
    return Down(rest[0])


def _split(topic: str, direction: str) -> tuple[Address, list[str]]:
    levels = topic.split("/")
    if levels[:2] != PREFIX.split("/") or len(levels) < 6 or levels[4] != direction:
        raise BadTopic(f"{topic[:200]!r} is not below {PREFIX}/<partition>/<device>/{direction}")
    if not _PARTITION.fullmatch(levels[2]):
        raise BadTopic(f"partition {levels[2][:20]!r} is not two digits")
    return Address(int(levels[2]), levels[3]), levels[5:]
