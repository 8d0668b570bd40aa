"""From templates and values to pages, in each language."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from cloud.dashboard import words
from cloud.dashboard.assets import Assets
from cloud.dashboard.formats import Formats
from cloud.dashboard.languages import Language
from cloud.dashboard.visitors import Reader

FOLDER = Path(__file__).parent / "templates"


class Pages:
    """Renders templates. One environment per language, because each holds its translations."""

    def __init__(self, assets: Assets, languages: Mapping[str, Language]) -> None:
        self._environments = {
            tag: _environment(assets, language, languages) for tag, language in languages.items()
        }

    def render(self, template: str, reader: Reader, **values: Any) -> str:
        """Render for one reader. Raises jinja2's errors: a mistake in the template."""
        language = reader.language
        return (
            self._environments[language.tag]
            .get_template(template)
            .render(formats=Formats(language.locale, reader.zone), zone=reader.zone, **values)
        )


def _environment(
    assets: Assets, language: Language, languages: Mapping[str, Language]
) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.policies["ext.i18n.trimmed"] = True
    environment.globals |= {
        "language": language,
        "languages": list(languages.values()),
        "static": assets.address,
        "words": words,
    }
    translations = language.translations
    # Added by the extension, unknown to the type checker.
    environment.install_gettext_callables(  # type: ignore[attr-defined]
        translations.gettext, translations.ngettext, newstyle=True
    )
    return environment
