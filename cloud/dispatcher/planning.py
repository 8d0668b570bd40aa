"""What a proof becomes in the chat: preset text first, then the photos in order. Pure."""

import re
from collections.abc import Iterator, Sequence

from cloud.conversations.parts import Part
from cloud.conversations.states import MessageKind

# Sellers know the placeholder in these spellings (features S1-41 and Q6).
PLACEHOLDERS = ("[order number]", "[訂單單號]", "[no. pesanan]")
_ORDER_PLACEHOLDER = re.compile("|".join(map(re.escape, PLACEHOLDERS)), re.IGNORECASE)


def parts_of(
    preset: str, order_number: str, photos: Sequence[str], *, text_limit: int | None
) -> list[Part]:
    """The parts of a proof's dispatch, fixed before the first is sent.

    ``photos`` are SHA-256 of stored photos. Without a preset the photos go alone (S0-22). A text
    beyond the marketplace's limit is cut at its end, because a refused text would stop the photos.
    """
    text = fill_in(preset, order_number)
    parts = [Part(MessageKind.IMAGE, photos=(sha256,)) for sha256 in photos]
    if text:
        parts.insert(0, Part(MessageKind.TEXT, text=text[:text_limit]))
    return parts


def without_repeats(parts: Sequence[Part], recent: set[str]) -> list[Part]:
    """The parts without texts that the buyer just got, which the marketplace would refuse."""
    return [part for part in parts if part.kind is not MessageKind.TEXT or part.text not in recent]


def missing_of(parts: Sequence[Part], sent_before: Sequence[Part]) -> list[Part]:
    """The parts of a resend: those that the marketplace lacks. Each photo has a part of its own."""
    photos_sent = {sha256 for part in sent_before for sha256 in part.photos}
    return [part for part in parts if _is_missing(part, photos_sent, sent_before)]


def _is_missing(part: Part, photos_sent: set[str], sent_before: Sequence[Part]) -> bool:
    if part.kind is MessageKind.TEXT:
        return not any(before.kind is MessageKind.TEXT for before in sent_before)
    return not photos_sent.issuperset(part.photos)


def joined(parts: Sequence[Part], room: int | None) -> list[Part]:
    """The parts in at most ``room`` messages, as few photos joined into one picture as will do.

    None: there is room for all. Joined are the later ones, so that the first photo is the last to
    lose sharpness. What cannot fit stays as it is: it waits, and is planned anew before it goes.
    """
    others = [part for part in parts if part.kind is not MessageKind.IMAGE]
    photos = [sha256 for part in parts for sha256 in part.photos]
    pictures = len(photos) if room is None else min(len(photos), room - len(others))
    if pictures < 1:
        return list(parts)
    return [*others, *(Part(MessageKind.IMAGE, photos=one) for one in _shared(photos, pictures))]


def _shared(photos: Sequence[str], pictures: int) -> Iterator[tuple[str, ...]]:
    """As evenly as can be, the larger shares last."""
    begin = 0
    for left in range(pictures, 0, -1):
        end = begin + (len(photos) - begin) // left
        yield tuple(photos[begin:end])
        begin = end


def names_the_order(preset: str) -> bool:
    """Whether the placeholder stands in it: two orders then never get the same text."""
    return _ORDER_PLACEHOLDER.search(preset) is not None


def fill_in(preset: str, order_number: str) -> str:
    """Put the order number wherever the placeholder stands; line breaks stay."""
    return _ORDER_PLACEHOLDER.sub(lambda _: order_number, preset).strip()
