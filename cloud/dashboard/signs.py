"""What a table's light shows, for people who do not stand before it."""

from collections.abc import Mapping
from dataclasses import dataclass

from cloud.dashboard.marking import _


@dataclass(frozen=True, slots=True)
class SignWords:
    """A sign of the table: its colour, and what it means."""

    colour: str
    """As the light: green, blue, yellow, red, white."""
    title: str
    meaning: str


SIGNS: Mapping[str, SignWords] = {
    "ready": SignWords("green", _("Ready"), _("No order is open.")),
    "open": SignWords("blue", _("Order open"), _("The order was scanned and has no photo yet.")),
    "photos-1": SignWords("blue", _("1 photo taken"), _("Of at most three.")),
    "photos-2": SignWords("blue", _("2 photos taken"), _("Of at most three.")),
    "photos-3": SignWords("blue", _("3 photos taken"), _("No more fit.")),
    "saved": SignWords("green", _("Saved"), _("The photos are safe and will be sent.")),
    "refused": SignWords("yellow", _("Refused"), _("The last press or scan was not taken.")),
    "stop": SignWords("red", _("Stop"), _("This box must not be closed yet.")),
    "call-lead": SignWords("red", _("Lead needed"), _("The table cannot take or keep photos.")),
    "click": SignWords("white", _("Photo taken"), _("It is being saved.")),
    "earlier-sent": SignWords(
        "green", _("Earlier order sent"), _("Its photos are in the customer's chat.")
    ),
    "earlier-failed": SignWords(
        "yellow", _("Earlier order not sent"), _("Its photos did not reach the customer.")
    ),
    "without-photo": SignWords(
        "yellow", _("Packed without photo"), _("There is no camera; the order was noted.")
    ),
    "offline": SignWords("white", _("Ready, offline"), _("Photos wait for the network.")),
    "not-enrolled": SignWords(
        "white", _("Ready, not enrolled"), _("The table waits for its claim sheet.")
    ),
    "training": SignWords("white", _("Training"), _("Photos are kept and never sent.")),
    "return": SignWords("white", _("Returns"), _("Photos are kept and never sent.")),
}
"""By the names that tables use in their health messages."""
