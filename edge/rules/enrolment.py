"""How a table becomes one: its claim sheet, and how it stands with the cloud."""

from edge.effects import Enrol
from edge.events import EnrolmentEnded, LinkTrouble, Standing, StandingChanged
from edge.indicator.signs import Sign
from edge.rules.draft import Draft
from edge.rules.state import NOTHING_SCANNED, State
from wire.claim_sheet import ClaimText

_TEXT = {
    Standing.NOT_ENROLLED: "this table is not enrolled: scan its claim sheet",
    Standing.REFUSED: "this table is not let in",
    Standing.REVOKED: "this table was shut out",
}
_KEPT = "photos are kept here meanwhile"


def claim_scanned(draft: Draft, read: ClaimText) -> None:
    """A barcode of a claim sheet. Only a table without valid credentials takes one."""
    state, settings = draft.state, draft.settings
    claim = ClaimText(
        read.server_url or state.claim.server_url, read.claim_code or state.claim.claim_code
    )
    server = settings.server_url or claim.server_url
    if state.open is not None:
        draft.refuse("finish the open order first")
    elif state.standing is Standing.ENROLLED:
        draft.refuse("this table is enrolled already")
    elif state.enrolling_until_ns is not None:
        draft.refuse("the table is being enrolled: wait a moment")
    elif claim.server_url and server != claim.server_url:
        draft.refuse(f"this claim sheet is not of {server}, which the settings name")
    elif not claim.claim_code:
        _ask_for(draft, claim, "now scan the claim code")
    elif not server:
        _ask_for(draft, claim, "now scan the server's address")
    else:
        _enrol(draft, server, claim.claim_code)


def _ask_for(draft: Draft, claim: ClaimText, text: str) -> None:
    draft.set(claim=claim)
    draft.say(Sign.NOT_ENROLLED, text, draft.settings.notice_ms)


def _enrol(draft: Draft, server: str, code: str) -> None:
    draft.do(Enrol(server, code))
    draft.set(claim=NOTHING_SCANNED, enrolling_until_ns=draft.after(draft.settings.enrol_ms))
    draft.say(Sign.NOT_ENROLLED, f"enrolling at {server}", draft.settings.enrol_ms)


def ended(draft: Draft, event: EnrolmentEnded) -> None:
    """It worked, or the packer is told why not."""
    if draft.state.enrolling_until_ns is None and not event.ok:
        return  # it was given up before, and said
    draft.set(enrolling_until_ns=None, overlay=None)
    if event.ok:
        draft.set(standing=Standing.ENROLLED, standing_reason="")
        draft.say(Sign.SAVED, f"this is {event.text} now", draft.settings.saved_ms)
    else:
        draft.say(Sign.REFUSED, event.text, draft.settings.saved_ms)


def give_up(draft: Draft) -> None:
    """No end of an enrolment came."""
    draft.set(enrolling_until_ns=None, overlay=None)
    draft.refuse("the enrolment does not end: scan the claim sheet again")


def standing_changed(draft: Draft, event: StandingChanged) -> None:
    """Shut out or let in: shown in ``ready``, and packing goes on."""
    draft.set(standing=event.standing, standing_reason=event.reason)


def link_trouble(draft: Draft, event: LinkTrouble) -> None:
    """For the light's text and for people elsewhere, as soon as they can hear it."""
    draft.set(link_trouble=event.reason)


def standing_text(state: State) -> str:
    """What is wrong with the table's standing; empty where nothing is."""
    text = _TEXT.get(state.standing, "")
    if not text:
        return ""
    reason = f" ({state.standing_reason})" if state.standing_reason else ""
    return f"{text}{reason}; {_KEPT}"
