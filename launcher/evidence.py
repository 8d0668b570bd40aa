"""Compares what a buyer got with what lies on the table's disk."""

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from launcher.errors import NotAsPromised
from launcher.looking import KnownPhotos
from launcher.marketplace import Chat

PRESET = "Your order [order number] is packed. Thank you!"
"""What the demo's shop writes before the photos."""


@dataclass(frozen=True, slots=True)
class TablePhoto:
    """A photo in the table's own folder."""

    data: bytes = field(repr=False)

    @property
    def sha256(self) -> str:
        """What it is known by."""
        return hashlib.sha256(self.data).hexdigest()

    @property
    def size_bytes(self) -> int:
        """Of the file."""
        return len(self.data)


def photos_of(spool: Path, code: str) -> list[TablePhoto]:
    """The photos of a code on the table's disk, found by their names as a person would."""
    return [
        TablePhoto(path.read_bytes()) for path in sorted((spool / "photos").glob(f"*/{code}_*.jpg"))
    ]


def preset_for(number: str) -> str:
    """The text that the buyer of an order should get."""
    return PRESET.replace("[order number]", number)


def require_exactly(chat: Chat, number: str, photos: list[TablePhoto]) -> None:
    """The chat holds the text, then every photo exactly once, and nothing else.

    Several photos may stand in one picture; each counts by itself.

    Raises:
        NotAsPromised: the text says what is missing, twice, or too much.
    """
    problems = list(_problems(chat, number, photos))
    if problems:
        raise NotAsPromised(f"the chat of order {number}: {'; '.join(problems)}")


def photos_seen(chat: Chat, photos: list[TablePhoto]) -> list[str]:
    """SHA-256 of the photos that a chat shows, in order; "unknown" for what is none of them."""
    known = KnownPhotos({photo.sha256: photo.data for photo in photos})
    return [name for one in chat.pictures for name in known.seen_in(one) or ("unknown",)]


def _problems(chat: Chat, number: str, photos: list[TablePhoto]) -> list[str]:
    wanted, got = Counter(photo.sha256 for photo in photos), Counter(photos_seen(chat, photos))
    texts = Counter(chat.texts)
    text = preset_for(number)
    found = {
        "photos missing": (wanted - got).total(),
        "photos twice or not of this order": (got - wanted).total(),
        "times the text is missing": max(0, 1 - texts[text]),
        "texts too many": max(0, texts.total() - 1),
        "other messages": chat.others,
        "messages hidden from the buyer": chat.not_shown,
    }
    problems = [f"{count} {what}" for what, count in found.items() if count]
    if not photos:
        problems.append("no photo on the table's disk")
    return problems
