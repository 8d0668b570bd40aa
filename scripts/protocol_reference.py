"""Writes the generated part of docs/protocol.md from wire/; `--check` says if it is current."""

import enum
import inspect
import sys
import types
import typing
from pathlib import Path

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from wire import enrolment, messages

PAGE = Path(__file__).parents[1] / "docs" / "protocol.md"
BEGIN = "<!-- generated from wire/: make docs -->"
END = "<!-- end of the generated part -->"


def reference() -> str:
    """The tables of all messages and words."""
    models = [*_classes(messages, BaseModel), *_classes(enrolment, BaseModel)]
    words = _classes(messages, enum.Enum)
    sections = [_message_section(model) for model in models if model.model_fields]
    sections += [_words_section(word) for word in words]
    return "\n".join(sections)


def page_with(text: str, generated: str) -> str:
    """The page with its generated part replaced."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{generated}\n{END}{after}"


def _classes(module: types.ModuleType, base: type) -> list[typing.Any]:
    own = [
        item
        for item in vars(module).values()
        if inspect.isclass(item) and issubclass(item, base) and item.__module__ == module.__name__
    ]
    hidden = {"Part", "Message"}
    return [one for one in own if one.__name__ not in hidden and not one.__name__.startswith("_")]


def _message_section(model: type[BaseModel]) -> str:
    lines = [f"### {model.__name__}", "", _first_line(model), ""]
    lines += ["| field | type | required | meaning |", "|---|---|---|---|"]
    lines += [_row(name, field) for name, field in model.model_fields.items()]
    return "\n".join([*lines, ""])


def _words_section(words: type[enum.Enum]) -> str:
    listed = ", ".join(f"`{word.value}`" for word in words)
    return f"### {words.__name__}\n\n{_first_line(words)} {listed}\n"


def _row(name: str, field: FieldInfo) -> str:
    required = "yes" if field.is_required() else "no"
    return f"| `{name}` | {_type_name(field.annotation)} | {required} | {field.description or ''} |"


def _type_name(annotation: typing.Any) -> str:
    if annotation is type(None):
        return "nothing"
    arguments = typing.get_args(annotation)
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        return _type_name(arguments[0])
    if origin in {types.UnionType, typing.Union}:
        return " or ".join(_type_name(one) for one in arguments)
    if origin is list:
        return f"list of {_type_name(arguments[0])}"
    if origin is tuple:
        kind = "list" if Ellipsis in arguments else "pair"
        return f"{kind} of {_type_name(arguments[0])}"
    plain = {"str": "text", "int": "number", "float": "number", "bool": "true or false"}
    plain |= {"AwareDatetime": "time with zone", "SecretStr": "text"}
    name: str = annotation.__name__
    return plain.get(name, name)


def _first_line(thing: type) -> str:
    return (inspect.getdoc(thing) or "").split("\n\n")[0].replace("\n", " ")


def main() -> int:
    """Write the page, or compare it."""
    text = PAGE.read_text(encoding="utf-8")
    current = page_with(text, reference())
    if "--check" in sys.argv:
        return int(current != text)
    PAGE.write_text(current, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
