"""What a scan does."""

from edge.effects import NoteWithoutPhoto
from edge.events import DiskLevel, ScanIncomplete, Scanned
from edge.indicator.signs import Sign
from edge.rules import presses
from edge.rules.draft import Draft
from edge.rules.enrolment import claim_scanned
from edge.rules.packers import sign_in
from edge.rules.proofs import begin, leave_open, leave_table
from edge.scanner.codes import Code, CodeKind, classify
from wire.claim_sheet import ClaimText
from wire.messages import Mode


def scanned(draft: Draft, event: Scanned) -> None:
    """Classify a code and act on it. A double read changes nothing."""
    previous, previous_ns = draft.state.last_scan or (None, None)
    draft.set(last_scan=(event.text, event.at_ns))
    window_ms = draft.settings.double_read_ms
    if previous == event.text and draft.within(previous_ns, window_ms, event.at_ns):
        return
    code = classify(event.text, draft.settings.codes)
    match code.kind:
        case CodeKind.ORDER:
            _order(draft, code.text)
        case CodeKind.ACTION:
            presses.act(draft, code.action, event.at_ns)
        case CodeKind.MODE:
            _mode(draft, code)
        case CodeKind.CLAIM:
            claim_scanned(draft, code.claim or ClaimText())
        case CodeKind.BADGE:
            sign_in(draft, code.text)
        case CodeKind.GOODS | CodeKind.UNREADABLE:
            draft.refuse(code.reason)


def incomplete(draft: Draft, _event: ScanIncomplete) -> None:
    """Half a code is never used."""
    draft.refuse("the code was cut off: scan it again")


def _order(draft: Draft, code: str) -> None:
    state = draft.state
    if state.open is not None and state.open.code == code:
        return
    if state.disk is DiskLevel.RESERVE:
        draft.call_lead("the disk is full: new orders are not taken")
    elif state.camera_fault:
        _without_photo(draft, code)
    elif not state.room_for(1):
        draft.refuse("the disk is busy: scan again in a moment")
    else:
        leave_open(draft)
        begin(draft, code)


def _without_photo(draft: Draft, code: str) -> None:
    if draft.state.store_fault:
        draft.call_lead("no camera, and the disk refuses: write this order down")
        return
    leave_open(draft)
    leave_table(draft)
    draft.do(NoteWithoutPhoto(code))
    draft.say(Sign.WITHOUT_PHOTO, f"{code}: packed without photo", draft.settings.notice_ms)


def _mode(draft: Draft, code: Code) -> None:
    if draft.state.open is not None:
        draft.refuse("finish the open order first")
        return
    mode = code.mode or Mode.PACKING
    draft.set(mode=mode, overlay=None)
