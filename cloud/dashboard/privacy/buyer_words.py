"""Words of the page of one buyer."""

from collections.abc import Mapping

from cloud.dashboard.marking import _
from cloud.dashboard.words import Badge

NOTICES: Mapping[str, Badge] = {
    "erased": Badge(
        _("All that was known of this buyer is deleted. Numbers, times and states stay."),
        "check",
        "green",
    ),
    "nothing-known": Badge(
        _("Nothing is known of this buyer any more: only numbers, times and states."),
        "info-circle",
        "blue",
    ),
    "buyer-held": Badge(
        _("An order of this buyer is kept from deletion. End the hold first; nothing was deleted."),
        "lock",
        "yellow",
    ),
    "still-sending": Badge(
        _(
            "It cannot be deleted now: something may still be sent to this buyer, or waits for a"
            " person. Wait, or settle it first."
        ),
        "clock",
        "yellow",
    ),
    "not-confirmed": Badge(
        _("Nothing was deleted: type the order number, and tick the box."), "ban", "yellow"
    ),
}
"""What a visit ended with, by the word in the address; and why it cannot be deleted."""
