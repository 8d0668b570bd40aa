"""Reading a call's parameters as generously as real clients need, and no more. Pure.

Ids may come as numbers or as strings, lists comma-joined or as repeated keys, empty pairs are
skipped (marketplace-apis 1.1, 2.1, 3.1).
"""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from sandbox.market.refusal import Refusal

Query = dict[str, str | list[str]]


class Parameters:
    """The business parameters of one call. `error` names the refusal of bad ones."""

    def __init__(self, values: Mapping[str, Any], *, error: str) -> None:
        self._values = values
        self._error = error

    def has(self, name: str) -> bool:
        """Whether it was given at all, be it empty."""
        return self._values.get(name) is not None

    def text(self, name: str) -> str:
        """A string that must be there."""
        value = self.optional_text(name)
        if not value:
            raise self.bad(name, "is required")
        return value

    def optional_text(self, name: str) -> str:
        """A string, empty when it is not given. Numbers are taken as their digits."""
        value = _single(self._values.get(name))
        if value is None:
            return ""
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise self.bad(name, "must be a string")
        return str(value)

    def whole(self, name: str) -> int:
        """A whole number that must be there."""
        value = self.optional_whole(name)
        if value is None:
            raise self.bad(name, "is required")
        return value

    def optional_whole(self, name: str) -> int | None:
        """A whole number, None when it is not given."""
        text = self.optional_text(name)
        if not text:
            return None
        if not is_whole(text):
            raise self.bad(name, "must be a whole number")
        return int(text)

    def choice(self, name: str, allowed: Iterable[str]) -> str:
        """One of the allowed strings; it must be there."""
        value = self.text(name)
        if value not in allowed:
            raise self.bad(name, f"must be one of {', '.join(allowed)}")
        return value

    def page_size(self, default: int | None, most: int) -> int:
        """The page size, from 1 to `most`; without a default it must be there."""
        size = self.whole("page_size") if default is None else self.optional_whole("page_size")
        if size is None:
            size = default or most
        if not 1 <= size <= most:
            raise self.bad("page_size", f"must be from 1 to {most}")
        return size

    def listing(self, name: str) -> list[str]:
        """A list of strings, comma-joined, as repeated keys or as a JSON list."""
        value = self._values.get(name)
        given = value if isinstance(value, list) else [value]
        parts = [part for one in given if one is not None for part in str(one).split(",")]
        return [part.strip() for part in parts if part.strip()]

    def mapping(self, name: str) -> "Parameters":
        """A JSON object that must be there."""
        value = self._values.get(name)
        if not isinstance(value, dict):
            raise self.bad(name, "must be an object")
        return Parameters(value, error=self._error)

    def optional_mapping(self, name: str) -> "Parameters":
        """A JSON object, an empty one when it is not given."""
        if self._values.get(name) is None:
            return Parameters({}, error=self._error)
        return self.mapping(name)

    def bad(self, name: str, why: str) -> Refusal:
        """The refusal of this parameter."""
        return Refusal(self._error, f"{name} {why}.")


def is_whole(text: str) -> bool:
    """Whether the text is a plain decimal number of a size that an id or a time can have."""
    return text.isascii() and text.isdigit() and len(text) <= 19


def read_query(query_string: str) -> Query:
    """The query as a mapping; a repeated key becomes a list, an empty pair nothing."""
    values: Query = {}
    for name, value in parse_qsl(query_string, keep_blank_values=True):
        earlier = values.get(name)
        if earlier is None:
            values[name] = value
        elif isinstance(earlier, list):
            earlier.append(value)
        else:
            values[name] = [earlier, value]
    return values


def _single(value: Any) -> Any:
    """The first of a repeated key."""
    return value[0] if isinstance(value, list) and value else value
