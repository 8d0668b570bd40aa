"""Reads the plain part of YAML that deploy/compose.yaml keeps to, and refuses everything else.

Mappings and lists by indentation, scalars as text, JSON for what stands in brackets or double
quotes, anchors of mappings and their merge (`<<: *name`).
"""

import json
import re
from typing import Any

_ENTRY = re.compile(r"(?P<key>[\w.<-]+):(?: +(?P<value>\S.*))?")
_MERGE = "<<"

Lines = list[tuple[int, str]]


class NotPlain(ValueError):
    """The text uses something that is not understood here."""


def parse(text: str) -> dict[str, Any]:
    """The document as dictionaries, lists and text. Raises NotPlain."""
    lines = [
        (len(line) - len(line.lstrip(" ")), line.strip())
        for line in text.splitlines()
        if line.strip() and not line.lstrip().startswith("#")
    ]
    document = _Reader(lines).block(0)
    if not isinstance(document, dict):
        raise NotPlain("the document is no mapping")
    return document


class _Reader:
    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._at = 0
        self._anchors: dict[str, Any] = {}

    def block(self, indent: int) -> Any:
        """What begins here, with this indentation."""
        block: Any = self._list(indent) if self._text.startswith("- ") else self._mapping(indent)
        if self._at < len(self._lines) and self._indent > indent:
            raise NotPlain(f"unexpected indentation: {self._text}")
        return block

    @property
    def _indent(self) -> int:
        return self._lines[self._at][0] if self._at < len(self._lines) else -1

    @property
    def _text(self) -> str:
        return self._lines[self._at][1]

    def _list(self, indent: int) -> list[Any]:
        items = []
        while self._indent == indent and self._text.startswith("- "):
            inner = self._text[2:]
            if _ENTRY.fullmatch(inner):
                self._lines[self._at] = (indent + 2, inner)
                items.append(self.block(indent + 2))
            else:
                self._at += 1
                items.append(_scalar(inner))
        return items

    def _mapping(self, indent: int) -> dict[str, Any]:
        merged: dict[str, Any] = {}
        own: dict[str, Any] = {}
        while self._indent == indent:
            entry = _ENTRY.fullmatch(self._text)
            if entry is None:
                raise NotPlain(f"no entry of a mapping: {self._text}")
            self._at += 1
            key, value = entry["key"], entry["value"] or ""
            if key == _MERGE:
                merged |= self._anchors[value.removeprefix("*")]
            elif key in own:
                raise NotPlain(f"{key} stands there twice")
            else:
                own[key] = self._value(value, indent)
        return merged | own

    def _value(self, text: str, indent: int) -> Any:
        if text and not text.startswith("&"):
            return _scalar(text)
        value = self.block(self._indent) if self._indent > indent else None
        if text:
            self._anchors[text.removeprefix("&")] = value
        return value


def _scalar(text: str) -> Any:
    if text[0] in '["{':
        try:
            return json.loads(text)
        except ValueError:
            raise NotPlain(f"neither JSON nor plain: {text}") from None
    if text[0] in "'|>*!%@`&" or " #" in text or ": " in text:
        raise NotPlain(f"not plain: {text}")
    return text
