"""What a proof becomes in the chat: preset text first, then the photos in order. Pure."""

import re
from collections.abc import Sequence

from cloud.conversations.parts import Part
from cloud.conversations.states import MessageKind

# Sellers know the placeholder in these spellings (features S1-41 and Q6).
_ORDER_PLACEHOLDER = re.compile(r"\[(?:訂單單號|order number|no\. pesanan)\]", re.IGNORECASE)


def parts_of(
    preset: str, order_number: str, photos: Sequence[str], *, text_limit: int | None
) -> list[Part]:
    """The parts of a proof's dispatch, fixed before the first is sent.

    ``photos`` are SHA-256 of stored photos. Without a preset the photos go alone (S0-22). A text
    beyond the marketplace's limit is cut at its end, because a refused text would stop the photos.
    """
    text = fill_in(preset, order_number)
    parts = [Part(MessageKind.IMAGE, photo_sha256=sha256) for sha256 in photos]
    if text:
        parts.insert(0, Part(MessageKind.TEXT, text=text[:text_limit]))
    return parts


def without_repeats(parts: Sequence[Part], recent: set[str]) -> list[Part]:
    """The parts without texts that the buyer just got, which the marketplace would refuse."""
    return [part for part in parts if part.kind is not MessageKind.TEXT or part.text not in recent]


def missing_of(parts: Sequence[Part], sent_before: Sequence[Part]) -> list[Part]:
    """The parts of a resend: those that the marketplace lacks."""
    photos_sent = {part.photo_sha256 for part in sent_before if part.photo_sha256}
    return [part for part in parts if _is_missing(part, photos_sent, sent_before)]


def _is_missing(part: Part, photos_sent: set[str], sent_before: Sequence[Part]) -> bool:
    if part.kind is MessageKind.TEXT:
        return not any(before.kind is MessageKind.TEXT for before in sent_before)
    return part.photo_sha256 not in photos_sent


def fill_in(preset: str, order_number: str) -> str:
    """Put the order number wherever the placeholder stands; line breaks stay."""
    return _ORDER_PLACEHOLDER.sub(lambda _: order_number, preset).strip()
