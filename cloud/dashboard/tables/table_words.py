"""The words of the pages of tables. English here; translations by these keys."""

from collections.abc import Mapping

from cloud.dashboard.marking import _
from cloud.dashboard.words import Badge
from cloud.fleet.overview import TableGroup, TableState

STATES: Mapping[TableState, Badge] = {
    TableState.ONLINE: Badge(_("Online"), "plug-connected", "green"),
    TableState.OFFLINE: Badge(_("Offline"), "plug-connected-x", "red"),
    TableState.NOT_ENROLLED: Badge(_("Not enrolled"), "circle-dashed", "secondary"),
    TableState.DISABLED: Badge(_("Disabled"), "player-pause", "yellow"),
    TableState.RETIRED: Badge(_("Retired"), "ban", "secondary"),
}

GROUPS: Mapping[str, str] = {
    "": _("All"),
    TableGroup.ATTENTION: _("Needs attention"),
    TableGroup.WAITING: _("Holds orders"),
    **{state: badge.text for state, badge in STATES.items()},
}
"""What the list can be filtered by, in the order of its buttons."""

NOTICES: Mapping[str, Badge] = {
    "created": Badge(_("The table is there. Print its claim sheet next."), "check", "green"),
    "renamed": Badge(_("The table has its new name."), "check", "green"),
    "disabled": Badge(
        _("The table is disabled. Its computer is disconnected now and keeps what it holds."),
        "player-pause",
        "yellow",
    ),
    "enabled": Badge(
        _("The table is enabled. Its computer comes back by itself within a minute."),
        "check",
        "green",
    ),
    "retired": Badge(_("The table is retired. Its orders stay in the log."), "check", "green"),
    "name-taken": Badge(
        _("Nothing was changed: another table has this name."), "alert-triangle", "yellow"
    ),
    "name-bad": Badge(
        _("Nothing was changed: a name has 1 to 80 characters that can be shown."),
        "alert-triangle",
        "yellow",
    ),
    "is-retired": Badge(_("Nothing was changed: the table is retired."), "info-circle", "blue"),
    "is-disabled": Badge(
        _("No claim sheet: the table is disabled. Enable it first."), "player-pause", "yellow"
    ),
}
"""What a page says after a form, by the word in its address."""
