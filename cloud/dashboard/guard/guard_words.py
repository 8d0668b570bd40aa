"""What sellers read on ParcelGuard's pages."""

from collections.abc import Mapping
from dataclasses import dataclass

from cloud.dashboard.marking import _
from cloud.dashboard.words import Badge
from cloud.proofs.platforms import Platform


@dataclass(frozen=True, slots=True)
class PlatformWords:
    """What is said of a capture platform, beside its name."""

    about: str
    icon: str


PLATFORMS: Mapping[Platform, PlatformWords] = {
    Platform.TABLE: PlatformWords(_("Camera, scanner and pedal at a table."), "package"),
    Platform.WEBCAM: PlatformWords(_("Order Fulfillment Assistant on a computer."), "camera"),
    Platform.PHONE: PlatformWords(_("Order Fulfillment Assistant on a phone."), "device-mobile"),
}

NOTICES: Mapping[str, Badge] = {
    "saved": Badge(_("Saved."), "check", "green"),
    "unchanged": Badge(_("Nothing was changed."), "check", "green"),
    "not-entitled": Badge(
        _("Nothing was changed: sending from the webcam is not part of your plan."), "ban", "yellow"
    ),
}
