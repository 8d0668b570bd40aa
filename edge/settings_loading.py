"""Reads settings and remembers where each value came from.

Command line before environment before file before default. Secrets are no settings: a table's
credentials have a file of their own.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_settings import EnvSettingsSource
from pydantic_settings import SettingsError as SourceError

from edge.errors import SettingsError
from edge.settings import ENVIRONMENT_DELIMITER, ENVIRONMENT_PREFIX, TableSettings

DEFAULT_FILE = Path("/etc/packwitness/table.toml")

Values = dict[str, Any]
Origins = dict[str, str]


@dataclass(frozen=True, slots=True)
class Line:
    """One setting, for people."""

    name: str
    value: str
    origin: str
    description: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings, and the origin of each value that is no default."""

    settings: TableSettings
    origins: Origins

    def lines(self) -> Iterator[Line]:
        """All settings in their order."""
        for section, part in self.settings:
            for name, field in type(part).model_fields.items():
                full = f"{section}.{name}"
                value = _text(getattr(part, name))
                yield Line(full, value, self.origins.get(full, "default"), field.description or "")


def load(file: Path | None, assignments: Sequence[str]) -> Loaded:
    """Read the settings. ``file`` None: the default file, if there is one.

    ``assignments``: ``section.name=value`` of the command line, values as in TOML or plain text.

    Raises:
        SettingsError: one line for each mistake, with field and origin.
    """
    values: Values = {}
    origins: Origins = {}
    for found, origin in (_from_file(file), _from_environment(), _from_command_line(assignments)):
        _merge(values, found)
        origins |= origin
    try:
        return Loaded(TableSettings(**values), origins)
    except ValidationError as error:
        raise SettingsError("\n".join(_explain(error, origins))) from None


def _from_file(file: Path | None) -> tuple[Values, Origins]:
    path = file or DEFAULT_FILE
    if file is None and not path.exists():
        return {}, {}
    try:
        text = path.read_text(encoding="utf-8")
        values = tomllib.loads(text)
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: is no TOML: {error}") from None
    numbers = _line_numbers(text)
    return values, {name: f"{path}:{numbers.get(name, 1)}" for name in _names(values)}


def _line_numbers(text: str) -> dict[str, int]:
    """``section.name`` to line number; the TOML reader of Python does not tell."""
    section = ""
    found: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        header = re.match(r"\s*\[\s*([\w.\"-]+)\s*\]", line)
        key = re.match(r"\s*([\w.\"-]+)\s*=", line)
        if header:
            section = header[1].replace('"', "")
            found.setdefault(section, number)
        elif key:
            name = key[1].replace('"', "")
            found.setdefault(f"{section}.{name}" if section else name, number)
    return found


def _from_environment() -> tuple[Values, Origins]:
    source = EnvSettingsSource(TableSettings)
    try:
        values = source()
    except SourceError as error:
        raise SettingsError(f"environment: {error}") from None
    return values, {name: _variable(name) for name in _names(values)}


def _variable(name: str) -> str:
    return ENVIRONMENT_PREFIX + name.upper().replace(".", ENVIRONMENT_DELIMITER)


def _from_command_line(assignments: Sequence[str]) -> tuple[Values, Origins]:
    values: Values = {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        section, dot, field = name.strip().partition(".")
        if not (equals and dot and field):
            raise SettingsError(f"--set {assignment}: write it as section.name=value")
        values.setdefault(section, {})[field] = _value(text.strip())
    return values, dict.fromkeys(_names(values), "command line")


def _value(text: str) -> Any:
    """Lists, tables and quoted texts as in TOML; the rest is text, which the field converts."""
    if not text.startswith(("[", "{", '"', "'")):
        return text
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _merge(into: Values, more: Mapping[str, Any]) -> None:
    for section, part in more.items():
        if isinstance(part, Mapping) and isinstance(into.get(section), dict):
            into[section] |= part
        else:
            into[section] = dict(part) if isinstance(part, Mapping) else part


def _names(values: Mapping[str, Any]) -> Iterator[str]:
    for section, part in values.items():
        if isinstance(part, Mapping) and part:
            yield from (f"{section}.{name}" for name in part)
        else:
            yield section


def _explain(error: ValidationError, origins: Origins) -> Iterator[str]:
    for one in error.errors(include_url=False, include_input=False, include_context=False):
        place = [str(part) for part in one["loc"]]
        setting = ".".join(place[:2])
        what = "there is no such setting" if one["type"] == "extra_forbidden" else one["msg"]
        yield f"{origins.get(setting, 'settings')}: {'.'.join(place)}: {what}"


def _text(value: object) -> str:
    if value is None:
        return "(not set)"
    if isinstance(value, BaseModel | Mapping):
        return ", ".join(f"{key}={one}" for key, one in dict(value).items())
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "(none)"
    return str(value)
