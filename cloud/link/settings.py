"""What the link needs to know to work."""

from dataclasses import dataclass, field
from pathlib import Path


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
    message_workers: int = 2
    max_photo_bytes: int = 12 * 1024 * 1024
    assembly_bytes: int = 512 * 1024 * 1024
    """Memory for photos of which slices are missing; the longest untouched gives way."""
    keepalive_s: int = 60
