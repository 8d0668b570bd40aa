"""What a broker must be able to do for us, by what it announces in CONNACK. Pure.

Only the portable part of MQTT 5 is used (stack A.5), so little can be missing.
"""

from dataclasses import dataclass

SLICE_PACKET_BYTES = 100 * 1024
"""A slice as tables send it unless told otherwise: 96 KiB, its topic and its properties."""
_LEAST_PACKET_BYTES = 16 * 1024
"""An answer to a long inventory needs as much."""
_LEAST_RECEIVE_MAXIMUM = 10


@dataclass(frozen=True, slots=True)
class Announced:
    """What CONNACK says."""

    maximum_qos: int
    wildcards: bool
    packet_bytes: int | None
    """None: no limit."""
    receive_maximum: int
    """How many of our messages may wait for its acknowledgement."""


@dataclass(frozen=True, slots=True)
class Lacks:
    """What is missing, in words for who runs the broker; empty: nothing."""

    unusable: str
    """Without this nothing works."""
    shortcomings: str
    """Everything works, but more slowly or less surely."""


def what_it_lacks(broker: Announced) -> Lacks:
    """Compare what a broker announces with what we need."""
    unusable, shortcomings = [], []
    if not broker.wildcards:
        unusable.append("it allows no wildcards in subscriptions")
    if broker.packet_bytes is not None and broker.packet_bytes < _LEAST_PACKET_BYTES:
        shortcomings.append(
            f"it takes packets of {broker.packet_bytes} bytes, and answers to long inventories "
            f"need {_LEAST_PACKET_BYTES}"
        )
    elif broker.packet_bytes is not None and broker.packet_bytes < SLICE_PACKET_BYTES:
        shortcomings.append(
            f"it takes packets of {broker.packet_bytes} bytes, so photos travel in smaller slices "
            f"than with {SLICE_PACKET_BYTES}"
        )
    if broker.maximum_qos < 1:
        shortcomings.append(
            "it has no QoS 1, so what it loses is only noticed when a table asks again"
        )
    if broker.receive_maximum < _LEAST_RECEIVE_MAXIMUM:
        shortcomings.append(
            f"it takes only {broker.receive_maximum} messages at once, so answers wait for each "
            "other"
        )
    return Lacks("; ".join(unusable), "; ".join(shortcomings))
