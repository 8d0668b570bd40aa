"""The badge of a packer: what its barcode says, and what of it may be kept. Pure text.

The barcode is the badge: who can read its text could print it. So nobody keeps the text but the
cloud that prints it; a table makes its mark of it at once, and journals, manifests and logs hold
the mark, from which no badge can be made.
"""

import hashlib
import re

BADGE_PREFIX = "PW-ID-"
MARK_PREFIX = "badge:"
CODE_LENGTH = 20
ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Of the code: 5 bits each, so that nobody guesses one. No 0, 1, I and O."""

_CODE = re.compile(f"[{ALPHABET}]{{{CODE_LENGTH}}}")
_MARK = re.compile(f"{MARK_PREFIX}[0-9a-f]{{32}}")
_SALT = "packwitness-badge:"


class BadBadge(ValueError):
    """A text is no badge; the error's own text is for a person, without the code."""


def badge_text(code: str) -> str:
    """What the barcode of a badge says. Raises BadBadge: it is no code of a badge."""
    if not _CODE.fullmatch(code):
        raise BadBadge("this is no code of a badge")
    return f"{BADGE_PREFIX}{code}"


def is_of_badge(text: str) -> bool:
    """Whether a scanned text claims to be a badge: it is not to be kept."""
    return text.strip().upper().startswith(BADGE_PREFIX)


def mark_of(text: str) -> str:
    """What is kept of a scanned badge. A scanner that follows Caps Lock changes nothing.

    Raises:
        BadBadge: it is none, or was misread.
    """
    code = text.strip().upper().removeprefix(BADGE_PREFIX)
    if not is_of_badge(text) or not _CODE.fullmatch(code):
        raise BadBadge("the badge was misread: scan it again")
    return f"{MARK_PREFIX}{hashlib.sha256(f'{_SALT}{code}'.encode()).hexdigest()[:32]}"


def is_mark(packer: str) -> bool:
    """Whether a manifest names its packer by the mark of a badge, and not by a name."""
    return _MARK.fullmatch(packer) is not None
