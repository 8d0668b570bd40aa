"""Words of the page of members."""

from collections.abc import Mapping

from cloud.accounts.roles import Role
from cloud.dashboard.marking import _
from cloud.dashboard.words import Badge
from cloud.mail.models import MailState

ROLES: Mapping[str, str] = {
    Role.OWNER: _("Owner"),
    Role.MANAGER: _("Manager"),
    Role.AGENT: _("Agent"),
    Role.PACKER: _("Packer"),
    Role.IT: _("Warehouse IT"),
}

MEANINGS: Mapping[str, str] = {
    Role.OWNER: _("Everything, and who else may sign in."),
    Role.MANAGER: _("Orders, photos, sending, shops and tables."),
    Role.AGENT: _("Orders and photos; sends again; sees how the shops stand."),
    Role.PACKER: _("Packs, and sees orders and photos of the own shift."),
    Role.IT: _("Tables; no orders and no photos."),
}

MAILS: Mapping[MailState, str] = {
    MailState.WAITING: _("Mail is waiting to be sent"),
    MailState.CLAIMED: _("Mail is waiting to be sent"),
    MailState.HANDING_OVER: _("Mail is waiting to be sent"),
    MailState.SENT: _("Mail was handed to the mail server"),
    MailState.FAILED: _("Mail was not sent"),
    MailState.UNKNOWN: _("Mail may not have arrived"),
}

NOTICES: Mapping[str, Badge] = {
    "role-changed": Badge(_("The role was changed."), "check", "green"),
    "badge-ended": Badge(_("The badge was ended: tables take it for nobody's."), "check", "green"),
    "shops-changed": Badge(_("The shops were changed."), "check", "green"),
    "no-shop": Badge(
        _("Nothing was changed: tick at least one shop, or choose all shops."), "ban", "yellow"
    ),
    "invited": Badge(
        _("An invitation is on its way. Until its link is used nobody can sign in with it."),
        "send",
        "green",
    ),
    "link-mailed": Badge(
        _("A link to choose a password is on its way, unless three good ones are already."),
        "send",
        "green",
    ),
    "no-mail": Badge(_("Nothing was sent: no mail server is set up."), "ban", "yellow"),
    "let-go": Badge(_("The member cannot sign in any more."), "check", "green"),
    "signed-out": Badge(_("All browsers of the member were signed out."), "check", "green"),
    "last-owner": Badge(
        _("Nothing was changed: this is the only owner. Make somebody else an owner first."),
        "ban",
        "yellow",
    ),
    "no-address": Badge(
        _("Nothing was changed: an address looks like name@example.com."), "ban", "yellow"
    ),
    "member-exists": Badge(
        _("Nothing was changed: this address cannot be added. It may be a member already."),
        "ban",
        "yellow",
    ),
    "gone": Badge(_("Nothing was changed: the member has left meanwhile."), "ban", "yellow"),
}
"""What a visit ended with, by the word in the address."""

CODE_NOTICES: Mapping[str, Badge] = {
    "required": Badge(_("All members need a code from now on."), "shield-check", "green"),
    "not-required": Badge(_("Each member decides about a code."), "info-circle", "blue"),
    "reset": Badge(
        _("The code was reset, and all browsers of the member were signed out."), "check", "green"
    ),
    "owners-only": Badge(
        _("Nothing was changed: only an owner resets the code of an owner."), "ban", "yellow"
    ),
    "gone": Badge(_("Nothing was changed: the member has left meanwhile."), "ban", "yellow"),
}
"""The same on the page of codes."""
