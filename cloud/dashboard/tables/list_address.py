"""The list's filters as they stand in its address. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from cloud.dashboard.parameters import LARGEST_ID
from cloud.dashboard.tables.table_words import GROUPS
from cloud.fleet.naming import LONGEST_NAME
from cloud.fleet.overview import TableFilter

PATH = "/tables"


@dataclass(frozen=True, slots=True)
class ListAddress:
    """What an address of the list asks for; what means nothing is left out."""

    state: str = ""
    name: str = ""
    after: int | None = None
    """Tables behind this one."""
    before: int | None = None

    @property
    def is_filtered(self) -> bool:
        """Whether only some tables are asked for."""
        return bool(self.state or self.name)

    @property
    def wanted(self) -> TableFilter:
        """The filter."""
        return TableFilter(self.state, self.name)

    def address(self, **changes: Any) -> str:
        """The address with some parameters changed; it begins with the first tables again."""
        changed = replace(self, **({"before": None, "after": None} | changes))
        return changed._written(PATH)  # noqa: SLF001  its own class

    def rows_address(self) -> str:
        """The address of the rows alone, for live updates."""
        return self._written(f"{PATH}/rows")

    def _written(self, path: str) -> str:
        values = {
            "state": self.state,
            "name": self.name,
            "after": self.after,
            "before": self.before,
        }
        query = urlencode({name: one for name, one in values.items() if one not in ("", None)})
        return f"{path}?{query}" if query else path


def read_list_address(parameters: Mapping[str, str]) -> ListAddress:
    """Understand the parameters of an address."""
    state = parameters.get("state", "")
    return ListAddress(
        state=state if state in GROUPS else "",
        name=" ".join(parameters.get("name", "").replace("\0", "").split())[:LONGEST_NAME],
        after=_number(parameters.get("after", "")),
        before=_number(parameters.get("before", "")),
    )


def _number(text: str) -> int | None:
    is_id = text.isascii() and text.isdecimal() and len(text) < 20 and int(text) <= LARGEST_ID
    return int(text) if is_id else None
