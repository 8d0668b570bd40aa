"""Settings of packing: how it behaves, and how barcodes look."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from edge.scanner.codes import Letters
from edge.settings.section import Section
from wire.messages import MAX_PHOTOS_PER_PROOF


def _is_pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"is no regular expression: {error}") from None
    return text


Pattern = Annotated[str, AfterValidator(_is_pattern)]


class PackingSection(Section):
    """How packing behaves."""

    max_photos: int = Field(
        MAX_PHOTOS_PER_PROOF, ge=1, le=MAX_PHOTOS_PER_PROOF, description="photos of one order"
    )
    photo_bounce_ms: int = Field(600, ge=0, description="ms in which a second F1 is a bounce")
    send_bounce_ms: int = Field(2000, ge=0, description="ms after a close in which F4 is a bounce")
    double_read_ms: int = Field(
        1000, ge=0, description="ms in which the same code again is a double read"
    )
    idle_unsent_s: float = Field(
        180.0, gt=0, description="s without scan or press after which an open order is unsent"
    )
    packer_idle_s: float = Field(
        3600.0,
        ge=0,
        description="s without scan or press after which the packer is signed out; 0: never",
    )
    shift_s: float = Field(
        43_200.0,
        ge=0,
        description="s after a badge was scanned when its packer is signed out; 0: never",
    )
    send_delay_s: float = Field(
        5.0, ge=0, description="s for which a closed order can be taken back before it leaves"
    )
    withdraw_s: float = Field(
        120.0, ge=0, description="s after F4 in which Esc asks the cloud to take it back"
    )
    capture_deadline_ms: int = Field(4000, ge=200, description="ms from the press to the frame")
    save_deadline_ms: int = Field(20_000, ge=500, description="ms from the frame to the disk")
    refused_sign_ms: int = Field(2000, ge=200, description="ms for which the sign refused stands")
    saved_sign_ms: int = Field(4000, ge=200, description="ms for which the sign saved stands")
    label_check: bool = Field(
        True,
        description="stop once at F4 when the label in a photo is another order's; needs the extra "
        "codes and the setting codes.order_patterns",
    )
    offline_sign_after_s: float = Field(
        120.0, ge=0, description="s a proof waits for the cloud before offline is shown"
    )


class CodesSection(Section):
    """How this organisation's barcodes look."""

    order_patterns: tuple[Pattern, ...] = Field(
        (),
        description="regular expressions of order and tracking numbers, each for a whole code; "
        "empty: any plausible code that is no goods barcode",
    )
    command_prefix: str = Field(
        "PW-", min_length=1, max_length=20, description="beginning of command barcodes"
    )
    badge_prefix: str = Field(
        "PW-BADGE-", max_length=20, description="beginning of packers' badges; empty for none"
    )
    strip_aim: bool = Field(False, description="whether scanners send the AIM prefix, such as ]C1")
    letters: Letters = Field(
        Letters.AS_SCANNED, description="case of order numbers: as-scanned, upper or lower"
    )
