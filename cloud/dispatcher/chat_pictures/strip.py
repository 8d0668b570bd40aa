"""The line below a picture that says which order it is of, when and where it was taken."""

import logging
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from PIL import Image, ImageDraw, ImageFont

logger = logging.getLogger(__name__)

_PAPER, _INK = (255, 255, 255), (0, 0, 0)
_BETWEEN = "   "
_LEAST_TEXT_PX = 14
_TEXT_PART = 48
"""The letters are this part of the picture's longest side; measured in docs/chat-pictures.md."""
_CUT_SHORT = "..."

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


def moment(at: Sequence[datetime], zone: ZoneInfo) -> str:
    """When photos were taken, to the minute, with the zone's offset; a span where they differ."""
    if not at:
        return ""
    first, last = min(at).astimezone(zone), max(at).astimezone(zone)
    offset = f"{last:%z}"
    begin, end = f"{first:%Y-%m-%d %H:%M}", f"{last:%Y-%m-%d %H:%M}"
    if begin != end:
        end = f"{begin} - {end if first.date() != last.date() else f'{last:%H:%M}'}"
    return f"{end} UTC{offset[:3]}:{offset[3:]}"


def is_font(file: Path) -> bool:
    """Whether letters can be drawn from this file."""
    try:
        _font(file, _LEAST_TEXT_PX)
    except (OSError, ValueError):
        return False
    return True


class Strip:
    """Words to be written below a picture."""

    def __init__(self, words: Sequence[str], *, longest_side_px: int, font: Path | None) -> None:
        """``font`` is a file of letters; None: those of Pillow, which are Latin ones."""
        text_px = max(_LEAST_TEXT_PX, longest_side_px // _TEXT_PART)
        self._font = _font(font, text_px)
        self._margin_px = text_px // 3
        self._line_px = text_px + self._margin_px
        self._words = [one for one in words if one and self._can_write(one)]

    def lines_within(self, width_px: int) -> list[str]:
        """The words in as few lines as they fit into; what is longer than a line is cut."""
        lines: list[str] = []
        for words in self._words:
            longer = f"{lines[-1]}{_BETWEEN}{words}" if lines else words
            if lines and self._fits(longer, width_px):
                lines[-1] = longer
            else:
                lines.append(self._shortened(words, width_px))
        return lines

    def height_of(self, lines: int) -> int:
        """How high so many lines are, px; 0 for none."""
        return lines * self._line_px + self._margin_px if lines else 0

    def drawn(self, width_px: int) -> Image.Image | None:
        """The strip of a picture so wide; None where there is nothing to write."""
        lines = self.lines_within(width_px)
        if not lines:
            return None
        strip = Image.new("RGB", (width_px, self.height_of(len(lines))), _PAPER)
        draw = ImageDraw.Draw(strip)
        for place, line in enumerate(lines):
            at = (self._margin_px, self._margin_px // 2 + place * self._line_px)
            draw.text(at, line, fill=_INK, font=self._font)
        return strip

    def _can_write(self, words: str) -> bool:
        """Letters that the font lacks would be boxes, which say nothing and look broken."""
        missing = sorted({letter for letter in words if not _has(self._font, letter)})
        if missing:
            logger.warning(
                "the strip below pictures leaves words out: its font has no letters for them",
                extra={"letters": "".join(missing)[:20]},
            )
        return not missing

    def _shortened(self, words: str, width_px: int) -> str:
        if self._fits(words, width_px):
            return words
        kept = words
        while kept and not self._fits(kept + _CUT_SHORT, width_px):
            kept = kept[:-1]
        return kept + _CUT_SHORT if kept else ""

    def _fits(self, words: str, width_px: int) -> bool:
        return self._font.getlength(words) + 2 * self._margin_px <= width_px


@lru_cache(maxsize=16)
def _font(file: Path | None, size_px: int) -> Font:
    return ImageFont.truetype(file, size_px) if file else ImageFont.load_default(size_px)


@lru_cache(maxsize=1024)
def _has(font: Font, letter: str) -> bool:
    return letter.isspace() or bytes(font.getmask(letter)) != bytes(font.getmask("\U0010ffff"))
