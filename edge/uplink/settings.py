"""What an operator may change about the uplink, with units. Plain values; no file is read here."""

from dataclasses import dataclass, field
from pathlib import Path

from wire.slices import DEFAULT_SLICE_BYTES, MIN_SLICE_BYTES

MINIMUM_KEEPALIVE_S = 60
"""A ping waits behind a large packet (edge-hardware 5.1, 10), so shorter ones cut slow lines."""


@dataclass(frozen=True, slots=True)
class BackOff:
    """Doubling waits between ``first_s`` and ``longest_s`` (seconds)."""

    first_s: float
    longest_s: float


@dataclass(frozen=True, slots=True)
class TransferLimits:
    """How much may be under way, and how long answers may take. Times in seconds."""

    unreceipted_photos: int = 4
    unreceipted_manifests: int = 4
    answer_timeout_s: float = 20.0
    """Without an answer for this long, the table asks again (one probe at a time)."""
    probe: BackOff = BackOff(first_s=5.0, longest_s=120.0)
    """Between probes, and between repeats of one manifest or of a photo that made no progress."""
    pause: BackOff = BackOff(first_s=2.0, longest_s=120.0)
    """After the broker said that nobody listens or that a quota is used up."""
    poison_strikes: int = 4
    """A packet that was under way at this many ends of a connection is set aside."""
    wrong_hash_tries: int = 3
    unreadable_s: float = 60.0
    """A photo that could not be read from the disk is tried again after this."""
    quarantine_s: float = 1800.0
    """A packet set aside for breaking the link is tried again after this; nothing is given up."""


@dataclass(frozen=True, slots=True)
class UplinkSettings:
    """Settings of the connection."""

    ca_file: Path | None = None
    """Private certificate authority; None means the system's."""
    proxy_url: str = ""
    """HTTP proxy, http://host:port; empty for none."""
    proxy_credentials_file: Path | None = None
    """One line, user:password."""
    keepalive_s: int = MINIMUM_KEEPALIVE_S
    connect_timeout_s: float = 10.0
    """For TCP and TLS, and again for the broker's CONNACK and SUBACK."""
    puback_timeout_s: float = 2.0 * MINIMUM_KEEPALIVE_S
    """A broker that acknowledges nothing for this long is left, even if it answers pings."""
    reconnect: BackOff = BackOff(first_s=1.0, longest_s=60.0)
    refused: BackOff = BackOff(first_s=15.0, longest_s=300.0)
    """After a refusal, or after another device took over: hurrying would only make it worse."""
    spread_s: float = 5.0
    """After the end of a connection that stood, the first try comes at any moment within this."""
    stable_s: float = 30.0
    """A connection that stood this long starts the back-off anew."""
    slice_bytes: int = DEFAULT_SLICE_BYTES
    health_interval_s: float = 60.0
    health_shortest_s: float = 1.0
    """Changes closer together than this are reported together."""
    follow_interval_s: float = 300.0
    """How often the end of receipted proofs is asked for while it is unknown."""
    refresh_interval_s: float = 30.0
    """How often the spool is read even if nothing woke the uplink."""
    lookup_age_s: float = 30.0
    """A scanned code is not asked about any more when the connection returns later than this."""
    software: str = ""
    transfer: TransferLimits = field(default_factory=TransferLimits)

    def __post_init__(self) -> None:
        if self.keepalive_s < MINIMUM_KEEPALIVE_S:
            raise ValueError(f"keepalive_s is {self.keepalive_s}; it must be at least 60")
        if self.slice_bytes < MIN_SLICE_BYTES:
            raise ValueError(f"slice_bytes is {self.slice_bytes}; it must be at least 1024")
