"""What the audit log calls what was done."""

from collections.abc import Mapping

from cloud.accounts.audit import Event
from cloud.accounts.roles import Deed
from cloud.dashboard.marking import _

EVENTS: Mapping[str, str] = {
    Event.SIGN_IN: _("Signed in"),
    Event.SIGN_IN_REFUSED: _("Wrong password"),
    Event.CODE_REFUSED: _("Wrong code"),
    Event.SIGN_OUT: _("Signed out"),
    Event.PASSWORD_CHOSEN: _("Password chosen by a link"),
    Event.OWN_SIGN_IN: _("Own sign-in changed"),
    Event.EXPORT: _("Export"),
    Event.RETENTION: _("Deleted by its age"),
    Deed.SEND_AGAIN: _("Sent again or settled"),
    Deed.TAKE_EVIDENCE: _("Evidence taken"),
    Deed.HOLD_PHOTOS: _("Deletion held or allowed"),
    Deed.CONNECT_SHOPS: _("Shops"),
    Deed.DECIDE_SENDING: _("Settings of sending"),
    Deed.DECIDE_PLATFORMS: _("Settings of capturing"),
    Deed.MANAGE_TABLES: _("Tables changed"),
    Deed.REQUIRE_CODES: _("Codes of members"),
    Deed.DECIDE_RETENTION: _("How long photos are kept"),
    Deed.EXPORT_BUYER: _("A buyer was looked for"),
    Deed.ERASE_BUYER: _("A buyer's data deleted"),
    Deed.MANAGE_MEMBERS: _("Members changed"),
}
"""What can be filtered by. Other deeds are shown by their names."""
