"""The languages of the pages: their catalogues, and which one a browser prefers.

The keys are the English texts. English therefore needs no catalogue.
"""

import gettext
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from babel import Locale, negotiate_locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

FOLDER = Path(__file__).parent / "translations"
DEFAULT = "en"


@dataclass(frozen=True, slots=True)
class Language:
    """A language that people can choose."""

    tag: str
    """As in HTML and in a member's row."""
    name: str
    """In the language itself."""
    locale: Locale
    translations: gettext.NullTranslations


def _load(tag: str, name: str) -> Language:
    locale = Locale.parse(tag, sep="-")
    file = FOLDER / f"{tag}.po"
    if tag == DEFAULT:
        return Language(tag, name, locale, gettext.NullTranslations())
    with file.open("rb") as source:
        catalogue = read_po(source, locale=str(locale), abort_invalid=True)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Language(tag, name, locale, gettext.GNUTranslations(compiled))


def load_languages() -> Mapping[str, Language]:
    """All languages, by their tag, in the order in which they are offered."""
    names = {"en": "English", "zh-TW": "繁體中文", "ms": "Bahasa Melayu"}
    return {tag: _load(tag, name) for tag, name in names.items()}


def preferred(accept_language: str, available: list[str]) -> str:
    """The available language that a browser's header asks for first; English when none fits.

    Of Chinese there is one, which every kind of Chinese gets.
    """
    asked: list[tuple[float, int, str]] = []
    for part in accept_language.split(","):
        tag, _, quality = part.strip().partition(";q=")
        asked.append((-_number(quality), len(asked), tag.strip()))
    tags = [tag for _, _, tag in sorted(asked) if tag]
    widened = [wide for tag in tags for wide in _widened(tag)]
    return negotiate_locale(widened, available, sep="-", aliases={}) or DEFAULT


def _number(quality: str) -> float:
    try:
        return float(quality) if quality else 1.0
    except ValueError:
        return 0.0


def _widened(tag: str) -> list[str]:
    language = tag.split("-", maxsplit=1)[0].lower()
    return [tag, "zh-TW" if language == "zh" else language]
