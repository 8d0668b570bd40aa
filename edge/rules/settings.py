"""What an organisation may change about packing. Times in milliseconds."""

from dataclasses import dataclass, field

from edge.scanner.codes import CodeRules
from wire.messages import MAX_PHOTOS_PER_PROOF


@dataclass(frozen=True, slots=True)
class PackingSettings:
    """Settings of the state machine; defaults are the ones of the product."""

    max_photos: int = MAX_PHOTOS_PER_PROOF
    photo_bounce_ms: int = 600
    """A second F1 within this is a bounce of the pedal."""
    send_bounce_ms: int = 2000
    """F4 within this after a close is a bounce."""
    double_read_ms: int = 1000
    """The same text again within this is a double read."""
    idle_ms: int = 180_000
    """Without any scan or press for this long, an open proof becomes unsent and a mode ends."""
    packer_idle_ms: int = 3_600_000
    """Without any scan or press for this long, the packer is signed out; 0: never."""
    shift_ms: int = 43_200_000
    """So long after the badge was scanned, the packer is signed out; 0: never."""
    send_delay_ms: int = 5000
    """How long a closed proof's manifest stays on the table, so that it can be taken back."""
    withdraw_ms: int = 120_000
    """How long after F4 Esc still asks the cloud to take the last proof back."""
    capture_deadline_ms: int = 4000
    """From the press to the frame."""
    save_deadline_ms: int = 20_000
    """From the frame to the durable photo; cards stall for seconds (edge-hardware 6.1)."""
    store_deadline_ms: int = 30_000
    """For opening or closing a proof in the journal."""
    store_retry_ms: int = 5000
    """A close that the disk refused is tried again after this."""
    refused_ms: int = 2000
    saved_ms: int = 4000
    click_ms: int = 400
    notice_ms: int = 3000
    """How long short notices stand: an earlier order's fate, packed without photo, a badge."""
    notice_stale_ms: int = 60_000
    """A notice that could not be shown for this long is left to the log."""
    offline_after_ms: int = 120_000
    """Offline is shown when the oldest waiting proof is older than this."""
    enrol_ms: int = 90_000
    """An enrolment that has not ended after this is not waited for any more."""
    server_url: str = ""
    """The only cloud that a claim sheet may name; empty: any."""
    codes: CodeRules = field(default_factory=CodeRules)

    def __post_init__(self) -> None:
        if not 1 <= self.max_photos <= MAX_PHOTOS_PER_PROOF:
            raise ValueError(
                f"max_photos is {self.max_photos}; it must be 1 to {MAX_PHOTOS_PER_PROOF}"
            )
