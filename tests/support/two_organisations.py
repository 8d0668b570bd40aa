"""Two organisations with boxes and items, for the tests of the organisation scope."""

from dataclasses import dataclass

from sqlalchemy import ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

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
