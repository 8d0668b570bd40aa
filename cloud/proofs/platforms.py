"""What proofs are captured with, and the switches of each. Pure."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Platform(StrEnum):
    """A capture platform: where Order Fulfillment Assistant runs."""

    TABLE = "table"
    WEBCAM = "webcam"
    PHONE = "phone"


class Switch(StrEnum):
    """What a seller switches on ParcelGuard's pages; all are on until somebody switches them."""

    SEND_TABLE = "send-table"
    SEND_WEBCAM = "send-webcam"
    SEND_PHONE = "send-phone"
    WEBCAM = "webcam"
    """Webcam ParcelGuard itself: whether scanning an order opens the camera (S0-09 to S0-11)."""


def browser_devices(member_id: int) -> dict[Platform, str]:
    """What a member's browsers are called, as tables are by their devices; no device is."""
    return {one: f"{one}-{member_id}" for one in (Platform.WEBCAM, Platform.PHONE)}


SENDING: Mapping[Platform, Switch] = MappingProxyType(
    {
        Platform.TABLE: Switch.SEND_TABLE,
        Platform.WEBCAM: Switch.SEND_WEBCAM,
        Platform.PHONE: Switch.SEND_PHONE,
    }
)
"""Whether packing images of a platform go to buyers (S0-05, S0-07)."""
