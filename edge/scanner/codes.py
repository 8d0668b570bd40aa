"""What a scanned text is: order, command, badge, goods or unreadable. Pure, and works offline."""

import re
from dataclasses import dataclass
from enum import StrEnum

from edge.events import Action
from wire.badges import BadBadge, is_of_badge, mark_of
from wire.claim_sheet import BadClaimSheet, ClaimText, is_of_claim_sheet, read_claim_text
from wire.messages import MAX_CODE_LENGTH, Mode

_ANY_ORDER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{4,59}")
"""Taken for an order or tracking number while the organisation names no patterns of its own."""
_NOT_READ = frozenset({"NOREAD", "NO READ", "NR", "ERROR"})
"""What scanners send instead of a code when they could not read it."""
_AIM = re.compile(r"\]([A-Za-z])([0-9A-Za-z])")
_GOODS_SYMBOLOGY = "E"  # AIM ]E0-]E4: EAN and UPC (edge-hardware 3.3)
_GOODS_LENGTHS = (8, 12, 13)  # EAN-8, UPC-A, EAN-13


class CodeKind(StrEnum):
    """Classes of scanned texts."""

    ORDER = "order"
    ACTION = "action"
    MODE = "mode"
    BADGE = "badge"
    CLAIM = "claim"
    GOODS = "goods"
    UNREADABLE = "unreadable"


class Letters(StrEnum):
    """What is done with the case of letters, because a scanner may follow Caps Lock."""

    AS_SCANNED = "as-scanned"
    UPPER = "upper"
    LOWER = "lower"


@dataclass(frozen=True, slots=True)
class CodeRules:
    """How this organisation's codes look."""

    order_patterns: tuple[re.Pattern[str], ...] = ()
    """Order and tracking numbers, each to be matched whole. Empty: any plausible code that is not
    a goods code. They come before the check digit of goods: a carrier's 12-digit number may look
    like a UPC."""
    command_prefix: str = "PW-"
    badge_prefix: str = "PW-BADGE-"
    strip_aim: bool = False
    """Whether scanners send the AIM prefix. Never guessed: a code may begin with ``]``."""
    letters: Letters = Letters.AS_SCANNED


@dataclass(frozen=True, slots=True)
class Code:
    """A classified text."""

    kind: CodeKind
    text: str
    """Normalised order number, or the packer of a badge (of one that the cloud printed: its mark);
    empty for what is refused."""
    action: Action | None = None
    mode: Mode | None = None
    claim: ClaimText | None = None
    """What a barcode of a claim sheet said."""
    reason: str = ""
    """Why it is refused, for the light's text."""


def classify(scanned: str, rules: CodeRules) -> Code:
    """Say what ``scanned`` (terminator removed) is. Total: refuses by kind, never raises."""
    text, symbology = _without_aim(_trimmed(scanned), rules)
    problem = _unreadable(text)
    if problem:
        return Code(CodeKind.UNREADABLE, "", reason=problem)
    if is_of_claim_sheet(text):
        return _of_claim_sheet(text)
    if is_of_badge(text):
        return _of_badge(text)
    special = _special(text, rules)
    if special is not None:
        return special
    if symbology == _GOODS_SYMBOLOGY:
        return _goods()
    return _order_or_goods(_with_case(text, rules.letters), rules)


def order_number(text: str, rules: CodeRules) -> str:
    """The order or tracking number that ``text`` is by the organisation's own patterns, or empty.

    Without patterns nothing is: any sticker on the goods could be one.
    """
    code = classify(text, rules)
    return code.text if code.kind is CodeKind.ORDER and rules.order_patterns else ""


def are_alike(one: str, other: str, rules: CodeRules) -> bool:
    """Whether one of the organisation's patterns fits both: two order numbers, or two tracking
    numbers of one carrier.
    """
    patterns = rules.order_patterns
    return any(pattern.fullmatch(one) and pattern.fullmatch(other) for pattern in patterns)


def is_goods_number(text: str) -> bool:
    """Whether ``text`` is an EAN-8, UPC-A or EAN-13 with a valid check digit."""
    if len(text) not in _GOODS_LENGTHS or not (text.isascii() and text.isdigit()):
        return False
    digits = [int(digit) for digit in reversed(text)]
    return (sum(digits[0::2]) + 3 * sum(digits[1::2])) % 10 == 0


def _trimmed(scanned: str) -> str:
    """Without blanks and control characters at the ends, such as a group separator or CR."""
    start, end = 0, len(scanned)
    while start < end and _is_margin(scanned[start]):
        start += 1
    while end > start and _is_margin(scanned[end - 1]):
        end -= 1
    return scanned[start:end]


def _is_margin(character: str) -> bool:
    return character.isspace() or not character.isprintable()


def _without_aim(text: str, rules: CodeRules) -> tuple[str, str]:
    match = _AIM.match(text) if rules.strip_aim else None
    return (text[match.end() :], match[1]) if match else (text, "")


def _unreadable(text: str) -> str:
    if not text or text.upper() in _NOT_READ:
        return "the scanner could not read the code"
    if len(text) > MAX_CODE_LENGTH:
        return f"the code is longer than {MAX_CODE_LENGTH} characters"
    if not text.isprintable():
        return "the code holds control characters"
    return ""


def _special(text: str, rules: CodeRules) -> Code | None:
    upper = text.upper()
    badge, command = rules.badge_prefix.upper(), rules.command_prefix.upper()
    if badge and upper.startswith(badge) and len(text) > len(badge):
        return Code(CodeKind.BADGE, text[len(badge) :][:80])
    if not upper.startswith(command):
        return None
    word = upper[len(command) :].lower()
    if word in set(Action):
        return Code(CodeKind.ACTION, "", action=Action(word))
    if word in set(Mode):
        return Code(CodeKind.MODE, "", mode=Mode(word))
    if any(pattern.fullmatch(text) for pattern in rules.order_patterns):
        return None
    # A misread command must not open an order of that name.
    return Code(CodeKind.UNREADABLE, "", reason="there is no such command barcode")


def _of_claim_sheet(text: str) -> Code:
    """Before all patterns: what is secret in it must never become an order's number."""
    try:
        return Code(CodeKind.CLAIM, "", claim=read_claim_text(text))
    except BadClaimSheet as error:
        return Code(CodeKind.UNREADABLE, "", reason=str(error))


def _of_badge(text: str) -> Code:
    """Whatever this table calls its own badges: these are made and printed by the cloud."""
    try:
        return Code(CodeKind.BADGE, mark_of(text))
    except BadBadge as error:
        return Code(CodeKind.UNREADABLE, "", reason=str(error))


def _with_case(text: str, letters: Letters) -> str:
    match letters:
        case Letters.UPPER:
            return text.upper()
        case Letters.LOWER:
            return text.lower()
        case Letters.AS_SCANNED:
            return text


def _order_or_goods(text: str, rules: CodeRules) -> Code:
    if not text.isascii():
        return Code(CodeKind.UNREADABLE, "", reason="order numbers hold plain letters and digits")
    if any(pattern.fullmatch(text) for pattern in rules.order_patterns):
        return Code(CodeKind.ORDER, text)
    if is_goods_number(text):
        return _goods()
    if not rules.order_patterns and _ANY_ORDER.fullmatch(text):
        return Code(CodeKind.ORDER, text)
    return Code(CodeKind.UNREADABLE, "", reason="this is no order or tracking number")


def _goods() -> Code:
    return Code(CodeKind.GOODS, "", reason="this is a goods barcode: scan the order's label")
