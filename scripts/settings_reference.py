"""Writes the tables of docs/settings.md from the settings themselves; `--check` says if current."""

import sys
import types
import typing
from collections.abc import Iterator
from enum import Enum
from pathlib import Path

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from cloud.main.settings import CloudSettings
from edge.settings import TableSettings

PAGE = Path(__file__).parents[1] / "docs" / "settings.md"
PROGRAMS: dict[str, type[BaseModel]] = {"table": TableSettings, "cloud": CloudSettings}
_HEAD = ("| setting | value | default | meaning |", "|---|---|---|---|")
_PLAIN: dict[type, str] = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "true or false",
    Path: "path",
    SecretStr: "secret text",
}


def begin_mark(program: str) -> str:
    """The line before the generated part of a program."""
    return f"<!-- generated from the settings of the {program}: make docs -->"


def end_mark(program: str) -> str:
    """The line after it."""
    return f"<!-- end of the settings of the {program} -->"


def reference(settings: type[BaseModel]) -> str:
    """One table for each section, the settings outside of sections first."""
    single = list(_rows("", settings))
    parts = ["\n".join([*_HEAD, *single])] if single else []
    for name, field in settings.model_fields.items():
        section = _model_of(field)
        if section is not None:
            title = f"### {name}\n\n{(section.__doc__ or '').splitlines()[0]}\n"
            parts.append("\n".join([title, *_HEAD, *_rows(f"{name}.", section)]))
    return "\n\n".join(parts) + "\n"


def page_with(text: str) -> str:
    """The page with all generated parts replaced."""
    for program, settings in PROGRAMS.items():
        before, _, rest = text.partition(begin_mark(program))
        _, _, after = rest.partition(end_mark(program))
        generated = f"{begin_mark(program)}\n\n{reference(settings)}\n{end_mark(program)}"
        text = f"{before}{generated}{after}"
    return text


def _rows(prefix: str, model: type[BaseModel]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        if _model_of(field) is None:
            cells = (f"`{prefix}{name}`", _value(field), _default(field), field.description or "")
            yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
        part = _part_of(field)
        if part is not None:
            yield from _rows(f"{prefix}{name}.NAME.", part)


def _part_of(field: FieldInfo) -> type[BaseModel] | None:
    """What stands under each name of a table of settings."""
    kind = next(iter(typing.get_args(field.annotation)[1:]), None)
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def _model_of(field: FieldInfo) -> type[BaseModel] | None:
    kind = field.annotation
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def _value(field: FieldInfo) -> str:
    limits = {
        word: limit
        for word in ("gt", "ge", "le")
        for one in field.metadata
        if (limit := getattr(one, word, None)) is not None
    }
    words = {"gt": "above", "ge": "from", "le": "to"}
    spoken = [f"{words[word]} {limit}" for word, limit in limits.items()]
    return " ".join([_kind(field.annotation), *spoken])


def _kind(kind: typing.Any) -> str:
    arguments = [one for one in typing.get_args(kind) if one is not types.NoneType]
    origin = typing.get_origin(kind)
    if origin is typing.Literal:
        return ", ".join(f"`{one}`" for one in arguments)
    if origin is typing.Annotated or origin in {types.UnionType, typing.Union}:
        return _kind(arguments[0])
    if origin is tuple:
        return f"list of {_kind(arguments[0])}"
    if origin is dict:
        return _table(*arguments)
    if issubclass(kind, Enum):
        return ", ".join(f"`{one.value}`" for one in kind)
    return _PLAIN[kind]


def _table(key: typing.Any, value: typing.Any) -> str:
    if isinstance(value, type) and issubclass(value, BaseModel):
        return "table of names to what follows"
    return f"table of {_kind(key)} to {_kind(value)}"


def _default(field: FieldInfo) -> str:
    default = field.default
    if default is PydanticUndefined or default is None:
        return "none"
    if isinstance(default, dict):
        return ", ".join(
            f"`{key}`" if isinstance(one, BaseModel) else f"`{key}` {one}"
            for key, one in default.items()
        )
    if isinstance(default, tuple):
        return ", ".join(f"`{one}`" for one in default) or "empty"
    text = str(default).lower() if isinstance(default, bool) else str(default)
    return f"`{text}`" if text else "empty"


def main() -> int:
    """Write the page, or compare it."""
    text = PAGE.read_text(encoding="utf-8")
    current = page_with(text)
    if "--check" in sys.argv:
        return int(current != text)
    PAGE.write_text(current, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
