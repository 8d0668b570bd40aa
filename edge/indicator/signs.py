"""The one table of signs: colour, rhythm, buzzer, meaning and what to do. Pure data.

Seven signs belong to the order on the table; overlays say something else for a moment, or stand in
for "ready". Each rhythm differs from every other, so that signs are told apart without colour (8 %
of men do not tell red from green, edge-hardware 4). Colours follow IEC 60073. No rhythm blinks
faster than 2.8 Hz; what waits for a person (refused, STOP, call the lead) flashes at 1.4 to 2.8 Hz,
as IEC 60204-1 has it for what is not acknowledged.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Sign(StrEnum):
    """Names of what a light can show."""

    READY = "ready"
    OPEN = "open"
    PHOTOS_1 = "photos-1"
    PHOTOS_2 = "photos-2"
    PHOTOS_3 = "photos-3"
    SAVED = "saved"
    REFUSED = "refused"
    STOP = "stop"
    CALL_LEAD = "call-lead"
    CLICK = "click"
    EARLIER_SENT = "earlier-sent"
    EARLIER_FAILED = "earlier-failed"
    WITHOUT_PHOTO = "without-photo"
    OFFLINE = "offline"
    NOT_ENROLLED = "not-enrolled"
    TRAINING = "training"
    RETURN = "return"


class Colour(StrEnum):
    """Colours an RGB light or a stack light can give."""

    WHITE = "white"
    GREEN = "green"
    BLUE = "blue"
    YELLOW = "yellow"
    RED = "red"


@dataclass(frozen=True, slots=True)
class Look:
    """How a sign looks and sounds, and what it tells a person."""

    group: str
    """Which of the seven signs it is, or ``overlay``."""
    title: str
    colour: Colour
    rhythm_ms: tuple[int, ...]
    """Light on, off, on, off ...; repeated while the sign is shown. One number: steady light."""
    buzzer_ms: tuple[int, ...]
    """Buzzer on, off, on ...; played once when the sign appears. Empty: silent."""
    meaning: str
    what_to_do: str

    @property
    def pattern(self) -> tuple[tuple[bool, int], ...]:
        """One cycle as (light on?, milliseconds); the light is on in the 1st, 3rd, ... part."""
        return tuple((place % 2 == 0, length) for place, length in enumerate(self.rhythm_ms))

    @property
    def cycle_ms(self) -> int:
        """Length of one cycle."""
        return sum(self.rhythm_ms)


OVERLAY = "overlay"


def _photos(count: int) -> Look:
    flashes = (200, 250) * count
    return Look(
        group="photos",
        title=f"{count} photo{'s' if count > 1 else ''}",
        colour=Colour.BLUE,
        rhythm_ms=(*flashes[:-1], 1300),
        buzzer_ms=(),
        meaning=f"{count} of at most 3 photos {'are' if count > 1 else 'is'} on the table's disk.",
        what_to_do="Press F1 for another photo, or F4 to send."
        if count < 3
        else "Press F4 to send; F2 takes the last photo back.",
    )


SIGNS: Mapping[Sign, Look] = MappingProxyType(
    {
        Sign.READY: Look(
            group="ready",
            title="Ready",
            colour=Colour.GREEN,
            rhythm_ms=(150, 3850),
            buzzer_ms=(),
            meaning="No order is open.",
            what_to_do="Scan the next order.",
        ),
        Sign.OPEN: Look(
            group="open",
            title="Order open",
            colour=Colour.BLUE,
            rhythm_ms=(1000,),
            buzzer_ms=(60,),
            meaning="The order was scanned and has no photo yet.",
            what_to_do="Press F1 for the first photo.",
        ),
        Sign.PHOTOS_1: _photos(1),
        Sign.PHOTOS_2: _photos(2),
        Sign.PHOTOS_3: _photos(3),
        Sign.SAVED: Look(
            group="saved",
            title="Saved, go on",
            colour=Colour.GREEN,
            rhythm_ms=(1500, 300),
            buzzer_ms=(60, 60, 200),
            meaning="The photos are safe on the table's disk and will be sent.",
            what_to_do="Close the box and scan the next order.",
        ),
        Sign.REFUSED: Look(
            group="refused",
            title="Refused",
            colour=Colour.YELLOW,
            rhythm_ms=(180, 180),
            buzzer_ms=(250, 100, 250),
            meaning="The last press or scan was not taken. Nothing changed.",
            what_to_do="Look at the order: scan first, photo first, or three photos are enough.",
        ),
        Sign.STOP: Look(
            group="stop",
            title="STOP",
            colour=Colour.RED,
            rhythm_ms=(500, 180),
            buzzer_ms=(600, 200, 600),
            meaning="Do not close this box: the order is cancelled, refunded or already sent,"
            " or the label in the photo is another order's.",
            what_to_do="Press Esc to put the order aside, or F4 twice to go on all the same.",
        ),
        Sign.CALL_LEAD: Look(
            group="call-lead",
            title="Call the lead",
            colour=Colour.RED,
            rhythm_ms=(1500, 300, 200, 300, 200, 300),
            buzzer_ms=(1000,),
            meaning="The table cannot take or keep photos: no camera, or the disk refuses.",
            what_to_do="Call the lead. What was saved is safe.",
        ),
        Sign.CLICK: Look(
            group=OVERLAY,
            title="Click",
            colour=Colour.WHITE,
            rhythm_ms=(100, 600),
            buzzer_ms=(30,),
            meaning="The camera has the picture; it is being saved.",
            what_to_do="You may move the parcel.",
        ),
        Sign.EARLIER_SENT: Look(
            group=OVERLAY,
            title="An earlier order: sent",
            colour=Colour.GREEN,
            rhythm_ms=(600, 200, 200, 1500),
            buzzer_ms=(),
            meaning="The photos of an earlier order are in the customer's chat.",
            what_to_do="Nothing. Scan the next order.",
        ),
        Sign.EARLIER_FAILED: Look(
            group=OVERLAY,
            title="An earlier order: not sent",
            colour=Colour.YELLOW,
            rhythm_ms=(200, 200, 600, 1500),
            buzzer_ms=(),
            meaning="The photos of an earlier order did not reach the customer; it is in the log.",
            what_to_do="Nothing. The office takes care of it.",
        ),
        Sign.WITHOUT_PHOTO: Look(
            group=OVERLAY,
            title="Packed without photo",
            colour=Colour.YELLOW,
            rhythm_ms=(1000, 1000),
            buzzer_ms=(250,),
            meaning="The order was noted as packed without photo, because there is no camera.",
            what_to_do="Go on packing and call the lead.",
        ),
        Sign.OFFLINE: Look(
            group=OVERLAY,
            title="Ready, offline",
            colour=Colour.WHITE,
            rhythm_ms=(150, 250, 150, 3450),
            buzzer_ms=(),
            meaning="Proofs have waited for the network for more than two minutes.",
            what_to_do="Go on packing; they are sent when the network is back.",
        ),
        Sign.NOT_ENROLLED: Look(
            group=OVERLAY,
            title="Ready, not enrolled",
            colour=Colour.WHITE,
            rhythm_ms=(150, 250, 1000, 2600),
            buzzer_ms=(60, 60, 250),
            meaning="The cloud does not know this table, or has shut it out. Photos are kept here"
            " and not sent yet.",
            what_to_do="Go on packing, and have the lead scan a claim sheet.",
        ),
        Sign.TRAINING: Look(
            group=OVERLAY,
            title="Training",
            colour=Colour.WHITE,
            rhythm_ms=(3000, 400),
            buzzer_ms=(60, 60, 60),
            meaning="Training: photos are kept and never sent.",
            what_to_do="Scan PW-PACKING to pack for customers again.",
        ),
        Sign.RETURN: Look(
            group=OVERLAY,
            title="Returns",
            colour=Colour.WHITE,
            rhythm_ms=(3000, 300, 300, 300),
            buzzer_ms=(60, 60, 60),
            meaning="Returned parcels: photos are kept and never sent.",
            what_to_do="Scan PW-PACKING to pack for customers again.",
        ),
    }
)


def photos_sign(count: int) -> Sign:
    """The sign of an open order with ``count`` (0-3) photos."""
    return (Sign.OPEN, Sign.PHOTOS_1, Sign.PHOTOS_2, Sign.PHOTOS_3)[count]
