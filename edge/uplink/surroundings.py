"""What of a table outlives each of its connections, and its presence, which is said on each."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from edge.clock import Clock
from edge.events import Post
from edge.uplink.questions import HearTime
from edge.uplink.queue_view import Queue, Receipts
from edge.uplink.requests import Requests
from edge.uplink.settings import UplinkSettings
from edge.uplink.transfer import Transfer
from wire.messages import Health, Presence, PresenceState
from wire.topics import Address


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What outlives a connection."""

    address: Address
    settings: UplinkSettings
    spool: Queue
    receipts: Receipts
    transfer: Transfer
    requests: Requests
    post: Post
    clock: Clock
    health: Callable[[], Health]
    boot_count: int
    hear_time: HearTime
    control_strikes: Counter[str]
    """How often a connection ended while a message of this kind was under way."""
    said_codes: set[int]
    """Reasons of refused messages that are in the log since the broker last took one."""


def presence(around: Surroundings, state: PresenceState, connection: int) -> bytes:
    """Payload of birth, clean stop or will."""
    return Presence(
        state=state,
        boot_count=around.boot_count,
        connection=connection,
        software=around.settings.software,
    ).to_bytes()
