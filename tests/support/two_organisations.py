"""Two organisations with boxes and items, for the tests of the organisation scope."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ForeignKey, Select, exists, func, select, union_all
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    aliased,
    mapped_column,
    relationship,
)

from cloud.database.base import BigId, OrganisationOwned, OrganisationRoot, primary_key
from cloud.database.scope import Scope, scoped
from cloud.database.write import Database


class Base(DeclarativeBase):
    """Tables of this test alone."""


class Business(OrganisationRoot, Base):
    __tablename__ = "organisations"
    name: Mapped[str]


class Box(OrganisationOwned, Base):
    __tablename__ = "boxes"
    id: Mapped[int] = primary_key()
    name: Mapped[str]
    items: Mapped[list["Item"]] = relationship(back_populates="box")


class Item(OrganisationOwned, Base):
    __tablename__ = "items"
    id: Mapped[int] = primary_key()
    name: Mapped[str]
    box_id: Mapped[int] = mapped_column(BigId, ForeignKey("boxes.id"))
    box: Mapped[Box] = relationship(back_populates="items")


@dataclass
class Two:
    """Two organisations; the second one's item lies, wrongly, in the first one's box."""

    database: Database
    mine: int
    other: int
    my_box: int
    other_box: int

    @property
    def scope(self) -> Scope:
        return scoped(self.mine)


def fill(session: Session, database: Database) -> Two:
    businesses = [Business(name="mine"), Business(name="other")]
    session.add_all(businesses)
    session.flush()
    mine, other = (business.id for business in businesses)
    boxes = [Box(name="mine", organisation_id=mine), Box(name="other", organisation_id=other)]
    session.add_all(boxes)
    session.flush()
    session.add(Item(name="mine", box_id=boxes[0].id, organisation_id=mine))
    session.add(Item(name="other", box_id=boxes[0].id, organisation_id=other))
    session.add(Item(name="other", box_id=boxes[1].id, organisation_id=other))
    return Two(database, mine, other, boxes[0].id, boxes[1].id)


Other = aliased(Box)
_subquery = select(Box.name).subquery()
_cte = select(Item.name, Item.box_id).cte()

# Each gives only names, and only of one's own rows.
SELECTS: dict[str, Callable[[], Select[Any]]] = {
    "columns": lambda: select(Box.name),
    "aliased": lambda: select(Other.name),
    "join": lambda: select(Item.name).join(Item.box),
    "join to alias": lambda: select(Other.name).join(Item, Item.box_id == Other.id),
    "outer join": lambda: select(func.coalesce(Item.name, "mine")).select_from(Box).outerjoin(Item),
    "cartesian": lambda: select(Box.name).where(Item.box_id == Box.id),
    "exists": lambda: select(Box.name).where(exists().where(Item.box_id == Box.id)),
    "relationship any": lambda: select(Box.name).where(Box.items.any(Item.name == "other")),
    "relationship has": lambda: select(Item.name).where(Item.box.has(Box.name == "other")),
    "in subquery": lambda: select(Box.name).where(
        Box.id.in_(select(Item.box_id).where(Item.name == "other"))
    ),
    "from subquery": lambda: select(_subquery.c.name),
    "cte": lambda: select(_cte.c.name),
    "scalar subquery": lambda: select(
        select(func.max(Box.name)).where(Box.name != "nobody").scalar_subquery()
    ),
    "entity in subquery": lambda: select(aliased(Box, select(Box).subquery()).name),
    "union": lambda: select(union_all(select(Box.name), select(Item.name)).subquery().c.name),
    "distinct and group": lambda: select(Box.name).distinct().group_by(Box.name),
    "window": lambda: select(func.first_value(Box.name).over(order_by=Box.name.desc())).select_from(
        Box
    ),
    "with limit": lambda: select(Box.name).order_by(Box.id.desc()).limit(1),
    "organisation itself": lambda: select(Business.name),
}
