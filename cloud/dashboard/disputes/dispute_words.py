"""Words for the reasons of returns that marketplaces give as names alone."""

from collections.abc import Mapping

from cloud.dashboard.marking import _

REASONS: Mapping[str, str] = {
    "NOT_RECEIPT": _("Not received"),
    "ITEM_MISSING": _("Something is missing"),
    "WRONG_ITEM": _("A wrong item came"),
    "ITEM_DAMAGED": _("It came damaged"),
    "DIFFERENT_DESCRIPTION": _("Not as described"),
    "CHANGE_MIND": _("The buyer does not want it any more"),
    "MUTUAL_AGREE": _("Agreed with the seller"),
    "OTHER": _("Another reason"),
}
"""Of Shopee; others are shown as they come."""
