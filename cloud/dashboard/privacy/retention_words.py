"""Words of the page of retention."""

from collections.abc import Mapping

from cloud.dashboard.marking import _
from cloud.dashboard.words import Badge

NOTICES: Mapping[str, Badge] = {
    "decided": Badge(
        _("That is noted. Nothing more than before is deleted until tomorrow at this time."),
        "check",
        "green",
    ),
    "not-so-many-days": Badge(
        _("Nothing was changed: photos are kept from 30 to 3,650 days, or for ever."),
        "ban",
        "yellow",
    ),
}
"""What a visit ended with, by the word in the address."""

CAUSES: Mapping[str, str] = {"photos": _("Their age"), "buyer": _("A buyer's data deleted")}
"""Why photos were deleted, by the kind of the run."""

FIXED: tuple[tuple[str, str], ...] = (
    (
        _("Orders, messages and what became of them"),
        _(
            "Kept until somebody deletes the buyer's data. The log opens an order whose photos were"
            " deleted, and says so."
        ),
    ),
    (
        _("Copies of photos at the tables"),
        _(
            "Deleted there some days after they were received here, or earlier where room is short."
            " Your IT sets it at each table (spool.retention_days)."
        ),
    ),
    (_("Audit log"), _("Kept for ever: nobody can change or delete an entry.")),
    (_("Sign-ins"), _("A browser stays signed in for 14 days; then its sign-in is deleted.")),
    (_("Mails from here"), _("Deleted 30 days after they were sent.")),
    (_("What marketplaces tell us"), _("Deleted 5 days after it was dealt with.")),
    (
        _("Evidence and exports"),
        _("Made when you ask for them, and not kept here. What you downloaded is yours to delete."),
    ),
)
"""What else is kept, and for how long: nothing of it can be decided here."""
