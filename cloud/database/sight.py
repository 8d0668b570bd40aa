"""What a member may see of their organisation, where that is not all of it.

A model that can belong to somebody's part says itself which of its rows a sight shows. The scope
(scope.py) and prepared statements (prepared.py) add that to every statement of a session with a
sight, beside the organisation's filter; no page can forget it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, exists


@dataclass(frozen=True)
class Sight:
    """A part of an organisation."""

    shops: frozenset[int]
    """What belongs to other shops, or not yet to any, is not there."""
    own_devices: frozenset[str] = frozenset()
    """Names of the member's own browsers: what these captured is there, whatever the shop."""


class Narrowed:
    """A model whose rows not every member of the organisation may see."""

    @classmethod
    def seen_by(cls, sight: Sight) -> ColumnElement[bool]:
        """Which rows a sight shows, by columns of the model and by subqueries on its parents."""
        raise NotImplementedError


class OfShop(Narrowed):
    """A row of one shop."""

    if TYPE_CHECKING:
        shop_id: Any

    @classmethod
    def seen_by(cls, sight: Sight) -> ColumnElement[bool]:
        """Those of the shops."""
        return in_shops(cls.shop_id, sight)


def in_shops(column: Any, sight: Sight) -> ColumnElement[bool]:
    """Whether a column holds the id of one of the shops."""
    found: ColumnElement[bool] = column.in_(sorted(sight.shops))
    return found


def belongs(child: type[Any], *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether a row of another model fits, for a row of ``child``.

    That other model is looked at anew, also where the statement names it already.
    """
    return exists().where(*conditions).correlate(child)


def narrowed_models() -> Iterator[type[Narrowed]]:
    """All models that a sight narrows."""
    waiting: list[type[Narrowed]] = [Narrowed]
    while waiting:
        for one in waiting.pop().__subclasses__():
            waiting.append(one)
            if hasattr(one, "__mapper__"):
                yield one
