"""The sellers' words for states, reasons and signs. English here; translations by these keys.

Never our own words: no dispatch, receipt or uncertain on a page.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from cloud.conversations.states import AttemptOutcome, MessageKind, MessageState
from cloud.dashboard.marking import _
from cloud.dashboard.reasons import REASONS as REASONS  # noqa: PLC0414  templates find it here
from cloud.dashboard.signs import SIGNS as SIGNS  # noqa: PLC0414
from cloud.proofs.platforms import Platform
from cloud.proofs.states import ProofState


@dataclass(frozen=True, slots=True)
class Badge:
    """How a state is shown: never by its colour alone, each has its own icon and word."""

    text: str
    icon: str
    colour: str
    """Of Tabler: green, blue, yellow, red, secondary."""


STATES: Mapping[ProofState, Badge] = {
    ProofState.SENT: Badge(_("Image Sent to Customer's Chat"), "checks", "green"),
    ProofState.SENDING: Badge(_("Sending"), "send", "blue"),
    ProofState.QUEUED: Badge(_("Waiting to be sent"), "clock", "blue"),
    ProofState.WAITING_FOR_ORDER: Badge(_("Waiting for the order"), "circle-dashed", "blue"),
    ProofState.HELD: Badge(_("On hold"), "player-pause", "yellow"),
    ProofState.NOT_CONFIRMED: Badge(_("Not confirmed: check the chat"), "help-circle", "yellow"),
    ProofState.NEEDS_PERSON: Badge(_("Needs a person"), "user-question", "yellow"),
    ProofState.PARTLY_SENT: Badge(_("Partly sent"), "check", "yellow"),
    ProofState.FAILED: Badge(_("Failed"), "x", "red"),
    ProofState.NOT_SHOWN: Badge(_("Hidden by the marketplace"), "eye-off", "red"),
    ProofState.SAVED_NOT_SENT: Badge(_("Saved, not sent"), "photo", "secondary"),
    ProofState.UNSENT: Badge(_("Unsent"), "photo-off", "secondary"),
    ProofState.CANCELLED: Badge(_("Cancelled"), "ban", "secondary"),
}

GROUPS: Mapping[str, tuple[str, tuple[ProofState, ...]]] = {
    "on-its-way": (
        _("On its way"),
        (ProofState.WAITING_FOR_ORDER, ProofState.QUEUED, ProofState.SENDING),
    ),
    "attention": (
        _("Needs attention"),
        (
            ProofState.NOT_CONFIRMED,
            ProofState.NEEDS_PERSON,
            ProofState.HELD,
            ProofState.FAILED,
            ProofState.PARTLY_SENT,
            ProofState.NOT_SHOWN,
        ),
    ),
    "not-sent": (
        _("Not sent"),
        (ProofState.UNSENT, ProofState.SAVED_NOT_SENT, ProofState.CANCELLED),
    ),
}
"""Groups of states that the log can be filtered by, besides each state alone."""

PLATFORMS: Mapping[Platform, str] = {
    Platform.TABLE: _("Packing table"),
    Platform.WEBCAM: _("Browser webcam"),
    Platform.PHONE: _("Phone"),
}
"""What photos are captured with, where it is not a table with a name."""

NO_PACKER = _("No badge scanned")
"""In the place of a packer's name."""

MESSAGE_KINDS: Mapping[MessageKind, str] = {
    MessageKind.TEXT: _("Text"),
    MessageKind.IMAGE: _("Photo"),
    MessageKind.ORDER_CARD: _("Order card"),
}

MESSAGE_STATES: Mapping[MessageState, Badge] = {
    MessageState.QUEUED: Badge(_("Waiting to be sent"), "clock", "blue"),
    MessageState.CLAIMED: Badge(_("Waiting to be sent"), "clock", "blue"),
    MessageState.SENDING: Badge(_("Sending"), "send", "blue"),
    MessageState.SENT: Badge(_("In the chat"), "check", "green"),
    MessageState.UNCERTAIN: Badge(_("Not confirmed: check the chat"), "help-circle", "yellow"),
    MessageState.FAILED: Badge(_("Failed"), "x", "red"),
    MessageState.CANCELLED: Badge(_("Cancelled"), "ban", "secondary"),
    MessageState.NOT_SHOWN: Badge(_("Hidden by the marketplace"), "eye-off", "red"),
}

OUTCOMES: Mapping[str, str] = {
    AttemptOutcome.SENT: _("The marketplace has it"),
    AttemptOutcome.REFUSED: _("The marketplace refused it"),
    AttemptOutcome.UNKNOWN: _("No answer came back"),
    AttemptOutcome.NOT_SENT: _("It did not go out"),
    "": _("No answer yet"),
}

BULK_FILTERS = frozenset(
    {"attention", "not-sent", "failed", "partly-sent", "needs-person", "saved-not-sent", "unsent"}
)
"""Filters of the log beside which "Send again what failed" stands."""

READ_BACKS: Mapping[str, str] = {
    "found": _("We looked in the chat: it is there"),
    "absent": _("We looked in the chat: it is not there"),
    "incomplete": _("We could not look through the chat"),
}

CHANNELS: Mapping[str, str] = {"shopee": "Shopee", "lazada": "Lazada", "tiktok": "TikTok Shop"}
"""Names of marketplaces are the same in every language."""

PHOTO_WARNINGS: Mapping[str, str] = {
    "blurred": _("Looks blurred"),
    "dark": _("Looks dark"),
    "covered": _("Something covers the camera"),
    "frozen": _("Same picture as the one before"),
    "unreadable": _("Could not be checked"),
    "recovered-from-file": _("Recovered after a power cut"),
    "another-photo-lost": _("Another photo of this order was lost at the table"),
}

CLOSINGS: Mapping[str, str] = {
    "send": _("Closed with F4, to be sent"),
    "unsent": _("Not closed with F4: another order was scanned, or the table was left"),
    "cancelled": _("Cancelled at the table"),
    "withdrawn": _("Taken back at the table after F4"),
}

MODES: Mapping[str, str] = {
    "packing": _("Packing"),
    "training": _("Training"),
    "return": _("Return"),
}

DELETED_FOR: Mapping[str, str] = {
    "retention": _("Deleted on %(day)s by retention"),
    "buyer": _("Deleted on %(day)s with all that was known of the buyer"),
}
"""Why a photo is not kept any more, with the day."""

NOTICES: Mapping[str, Badge] = {
    "resend-asked": Badge(_("The photos are being sent again."), "send", "green"),
    "bulk-asked": Badge(
        _("They are being sent again, one after the other. Follow them here."), "send", "green"
    ),
    "still-being-sent": Badge(
        _("Nothing was sent: an earlier send is still under way. Wait until it has ended."),
        "clock",
        "yellow",
    ),
    "not-confirmed": Badge(
        _("Nothing was sent: an earlier send is not confirmed. Check the chat and answer below."),
        "help-circle",
        "yellow",
    ),
    "settled": Badge(_("Thank you. That is noted."), "check", "green"),
    "reason-missing": Badge(
        _("Nothing was sent: say why everything should go again."), "help-circle", "yellow"
    ),
    "by-hand-noted": Badge(
        _("Noted as sent by hand. Nothing of it is sent from here any more."), "check", "green"
    ),
    "sent-already": Badge(
        _("Nothing was changed: the buyer has these photos from us."), "info-circle", "blue"
    ),
    "photos-deleted": Badge(
        _("Nothing was sent: the photos of this order are deleted."), "photo-off", "yellow"
    ),
    "answers-taken": Badge(_("Thank you. That is noted."), "check", "green"),
    "nothing-chosen": Badge(
        _("Nothing was chosen: tick some orders first."), "info-circle", "blue"
    ),
    "held": Badge(_("The photos are kept from deletion."), "lock", "green"),
    "released": Badge(_("The hold is ended."), "lock-open", "green"),
    "view-saved": Badge(_("The view is saved."), "check", "green"),
    "view-deleted": Badge(_("The view is deleted."), "check", "green"),
    "view-not-saved": Badge(
        _("The view was not saved: give it a name, and delete some if you have 50."),
        "help-circle",
        "yellow",
    ),
    "settled-already": Badge(
        _("Nothing was changed: the outcome is known by now."), "info-circle", "blue"
    ),
}
"""What a page says after a form was sent, by the word in its address."""
