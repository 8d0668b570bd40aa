"""What stands in the evidence of a proof, as text. Pure."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from cloud.dashboard import words
from cloud.dashboard.captured import captured_at
from cloud.dashboard.chat_log import csv_cells
from cloud.dashboard.marking import _
from cloud.dashboard.proof import Part, ProofView, Sending
from cloud.proofs.models import ProofPhoto

TIMELINE_HEADINGS = (_("Time"), _("What happened"), _("State"), _("Details"))
_Say = Callable[[str], str]
_Event = tuple[datetime, str, str, str]


@dataclass(frozen=True, slots=True)
class Case:
    """A proof as evidence needs it."""

    view: ProofView
    tracking_numbers: Sequence[str]
    zone: ZoneInfo

    @property
    def order_number(self) -> str:
        """The order; while it is not known, the code that was scanned."""
        entry = self.view.entry
        return entry.order.order_number if entry.order else entry.proof.code

    def time(self, at: datetime) -> str:
        """To the second, with the zone: 2026-11-21 14:00:00+08:00."""
        return at.astimezone(self.zone).isoformat(" ", "seconds")

    def printed(self, photo: ProofPhoto) -> tuple[str, ...]:
        """What is printed below a photo. In Latin letters, which every machine can draw."""
        time = self.time(photo.taken_at)
        count = len(self.view.photos)
        return (
            f"Order {self.order_number}",
            f"Tracking {' '.join(self.tracking_numbers)}" if self.tracking_numbers else "",
            f"Taken {time}{'' if photo.clock_synced else ' (clock of the table was not set)'}",
            f"Photo {photo.position + 1} of {count}",
            f"SHA-256 of the original {photo.sha256[:16]}",
        )


def manifest(case: Case, missing: Sequence[int], made_at: datetime) -> bytes:
    """What the file is about; times in UTC. ``missing``: positions of originals that are lost."""
    entry = case.view.entry
    shop = entry.shop
    about = {
        "made_at": _utc(made_at),
        "order_number": entry.order.order_number if entry.order else None,
        "tracking_numbers": list(case.tracking_numbers),
        "code_as_scanned": entry.proof.code,
        "marketplace": shop.channel if shop else None,
        "country": shop.country if shop else None,
        "shop": shop.name if shop else None,
        "shop_id": shop.external_id if shop else None,
        "proof": entry.proof.proof_key,
        "table": entry.table_name or None,
        "packer": entry.proof.packer,
        "state": entry.state.value,
        "opened_at": _utc(entry.proof.opened_at),
        "closed_at": _utc(entry.proof.closed_at),
        "received_at": _utc(entry.proof.received_at),
        "clock_was_set": entry.proof.clock_synced,
        "photos": [_photo(one, missing) for one in case.view.photos],
    }
    return json.dumps(about, ensure_ascii=False, indent=2).encode()


def timeline(case: Case, say: _Say) -> bytes:
    """All that happened, oldest first, as a file for spreadsheets."""
    rows = sorted(_events(case, say), key=lambda event: event[0])
    lines = [tuple(say(one) for one in TIMELINE_HEADINGS)]
    lines += [(case.time(at), *map(csv_cells.text, told)) for at, *told in rows]
    return csv_cells.BYTE_ORDER_MARK.encode() + csv_cells.lines(lines)


def sums(files: Mapping[str, bytes]) -> bytes:
    """The hash of each file, as ``sha256sum --check`` reads them."""
    lines = [f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in files.items()]
    return "".join(lines).encode()


def _photo(photo: ProofPhoto, missing: Sequence[int]) -> dict[str, object]:
    return {
        "file": original_name(photo),
        "is_missing": photo.position in missing,
        "deleted_at": _utc(photo.deleted_at) if photo.deleted_at else None,
        "sha256": photo.sha256,
        "size_bytes": photo.size_bytes,
        "taken_at": _utc(photo.taken_at),
        "clock_was_set": photo.clock_synced,
        "camera": photo.source,
        "warnings": photo.warnings.split("\n") if photo.warnings else [],
    }


def original_name(photo: ProofPhoto) -> str:
    """Name of an original in the file."""
    return f"originals/photo-{photo.position + 1}.jpg"


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds")


def _events(case: Case, say: _Say) -> Iterator[_Event]:
    proof = case.view.entry.proof
    place = captured_at(case.view.entry, say)
    yield proof.opened_at, say(_("Order scanned at %(table)s")) % {"table": place}, "", proof.code
    for photo in case.view.photos:
        number = {"number": photo.position + 1}
        yield photo.taken_at, say(_("Photo %(number)s")) % number, "", photo.sha256
    closing = words.CLOSINGS.get(proof.closing, proof.closing)
    yield proof.closed_at, say(closing), "", ""
    yield proof.received_at, say(_("Received with all photos")), "", ""
    for sending in case.view.sendings:
        yield from _sent(sending, say)


def _sent(sending: Sending, say: _Say) -> Iterator[_Event]:
    dispatch = sending.dispatch
    asked = say(_("Asked for at the table"))
    if sending.asked_by:
        asked = say(_("Resend, asked for by %(name)s")) % {"name": sending.asked_by}
    yield dispatch.created_at, asked, "", dispatch.note
    for part in sending.parts:
        yield from _tried(part, say)
    state = say(words.STATES[sending.state].text)
    why = say(words.REASONS[sending.reason].text) if sending.reason else ""
    yield dispatch.updated_at, say(_("Last change")), state, why


def _tried(part: Part, say: _Say) -> Iterator[_Event]:
    message = part.message
    kind = say(words.MESSAGE_KINDS[message.kind])
    for attempt in part.attempts:
        told = say(_("Try %(number)s")) % {"number": attempt.number}
        outcome = say(words.OUTCOMES.get(attempt.outcome, attempt.outcome))
        yield attempt.started_at, f"{kind}: {told}", outcome, attempt.detail
    if message.sent_at is not None:
        state = say(words.MESSAGE_STATES[message.state].text)
        what = message.text or message.photos
        yield message.sent_at, kind, state, f"{message.marketplace_message_id}: {what}"
