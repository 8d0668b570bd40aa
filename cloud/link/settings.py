"""What the link needs to know to work."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from wire.enrolment import BrokerNode

__all__ = ["BrokerNode", "LinkSettings"]


@dataclass(frozen=True, slots=True)
class LinkSettings:
    """Where the broker is and how much may be in work."""

    host: str
    port: int
    username: str
    password: str = field(repr=False)
    tls: bool = False
    ca_file: Path | None = None
    client_id: str = ""
    """Of this process, where several use the same user name; empty: the user name."""
    receive_maximum: int = 64
    """Messages in work at once, more or less; announced to the broker, and held by ourselves."""
    photo_workers: int = 8
    """Each waits for the disk most of the time; what they commit at once shares one flush."""
    message_workers: int = 8
    """As for photos; messages of one table keep their order."""
    max_photo_bytes: int = 12 * 1024 * 1024
    assembly_bytes: int = 512 * 1024 * 1024
    """Memory for photos of which slices are missing; the longest untouched gives way."""
    keepalive_s: int = 60
    further: tuple[BrokerNode, ...] = ()
    """Other nodes of the same cluster of brokers."""

    @property
    def node_count(self) -> int:
        """How many nodes the broker has."""
        return 1 + len(self.further)

    def at_node(self, number: int) -> "LinkSettings":
        """The same with one node of the cluster alone; any number will do, and they take turns."""
        nodes = (BrokerNode(host=self.host, port=self.port), *self.further)
        node = nodes[number % len(nodes)]
        return replace(self, host=node.host, port=node.port, further=())
