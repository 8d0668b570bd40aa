"""Names of tables: what may be one, and how lists are sorted by them. Pure."""

import re

from cloud.fleet.errors import BadTableName

LONGEST_NAME = 80
LONGEST_SORT_KEY = 400
_DIGITS = 9
"""A number of a name is as wide as this in its sort key, so that 2 comes before 10."""


def table_name_of(text: str) -> str:
    """A name as it is kept: spaces folded, none at its ends.

    Raises:
        BadTableName: it is empty, too long, or has a character that no page and paper shows.
    """
    name = " ".join(text.split())
    if not name:
        raise BadTableName("a table needs a name")
    if len(name) > LONGEST_NAME:
        raise BadTableName(f"the name of a table has at most {LONGEST_NAME} characters")
    if not name.isprintable():
        raise BadTableName("the name has a character that cannot be shown")
    return name


def sort_key(name: str) -> str:
    """The name for sorting: case does not count, and numbers count as numbers."""
    padded = re.sub(r"\d+", lambda found: found[0].zfill(_DIGITS), name.casefold())
    return padded[:LONGEST_SORT_KEY]
