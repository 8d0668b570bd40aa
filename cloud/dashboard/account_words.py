"""Words of a member's own page."""

from collections.abc import Mapping

from cloud.dashboard.marking import _
from cloud.dashboard.words import Badge

NOTICES: Mapping[str, Badge] = {
    "code-on": Badge(
        _("From now on a code is asked for when you sign in."), "shield-check", "green"
    ),
    "code-off": Badge(_("No code is asked for when you sign in."), "info-circle", "blue"),
    "code-is-on": Badge(
        _("Nothing was changed: codes are on. Turn them off first to use another app."),
        "ban",
        "yellow",
    ),
    "code-wrong": Badge(
        _("Nothing was changed: the code is not right. Begin again, and check the phone's clock."),
        "ban",
        "yellow",
    ),
    "password-wrong": Badge(_("Nothing was changed: the password is not right."), "ban", "yellow"),
    "too-many": Badge(
        _("Nothing was changed: too many attempts. Wait 15 minutes, then try again."),
        "hand-stop",
        "yellow",
    ),
    "device-forgotten": Badge(
        _("This browser is asked for a code at its next sign-in."), "check", "green"
    ),
}
