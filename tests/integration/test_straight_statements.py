"""Statements that go straight to the driver give and take what SQLAlchemy would."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum

import pytest
from sqlalchemy import Enum, LargeBinary, bindparam, delete, event, func, select, update
from sqlalchemy.exc import MultipleResultsFound, NoResultFound
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from cloud.database.base import UtcDateTime, primary_key
from cloud.database.errors import ConnectionLost, ConstraintViolated
from cloud.database.prepared import Adding, Changing, Reading
from cloud.database.scope import system
from cloud.database.write import Database

TEST = system("test")
AT = datetime(2026, 11, 22, 8, 30, 1, 250, tzinfo=timezone(timedelta(hours=8)))


class Colour(StrEnum):
    """Words that are stored otherwise than Python names them."""

    RED = "deep red"
    BLUE = "light blue"


class Base(DeclarativeBase):
    """Tables of this test alone."""

    type_annotation_map = {datetime: UtcDateTime()}  # noqa: RUF012  read once by SQLAlchemy


class Thing(Base):
    """One column of each type that the product stores."""

    __tablename__ = "things"
    id: Mapped[int] = primary_key()
    name: Mapped[str] = mapped_column(unique=True)
    colour: Mapped[Colour] = mapped_column(
        Enum(Colour, values_callable=lambda kind: [one.value for one in kind], native_enum=False)
    )
    at: Mapped[datetime | None]
    is_new: Mapped[bool] = mapped_column(default=True)
    raw: Mapped[bytes | None] = mapped_column(LargeBinary)
    made_at: Mapped[datetime] = mapped_column(default=lambda: AT)


ADD = Adding(Thing)
ALL = Reading(
    select(Thing.name, Thing.colour, Thing.at, Thing.is_new, Thing.raw).order_by(Thing.id)
)
NAMED = Reading(select(Thing.name).where(Thing.colour.in_((Colour.RED,))).order_by(Thing.id))
LISTED = Reading(
    select(Thing.name).where(Thing.name.in_(bindparam("names", expanding=True))).order_by(Thing.id)
)


@pytest.fixture
def things(database_address: str) -> Iterator[Database]:
    with Database.open(database_address) as database:
        with database.engines.writer.begin() as connection:
            Base.metadata.create_all(connection)
        yield database


def add(database: Database, name: str, colour: Colour = Colour.RED, **more: object) -> int:
    values = {"name": name, "colour": colour, "made_at": AT, **more}
    return database.write(lambda session: ADD.run(session, **values), TEST)


def names(database: Database) -> list[str]:
    with database.read(TEST) as session:
        return [row.name for row in ALL.all(session)]


def test_values_come_back_as_they_went_in(things: Database) -> None:
    add(things, "one", Colour.BLUE, at=AT, is_new=False, raw=b"\0\xff")
    add(things, "two", at=None, raw=None)
    with things.read(TEST) as session:
        one, two = ALL.all(session)
    assert tuple(one) == ("one", Colour.BLUE, AT, False, b"\0\xff")
    assert one.colour is Colour.BLUE
    assert one.at.tzinfo is UTC
    assert tuple(two) == ("two", Colour.RED, None, True, None)


def test_a_time_without_a_zone_is_refused(things: Database) -> None:
    with pytest.raises(ValueError, match="zone"):
        add(things, "one", at=AT.replace(tzinfo=None))


def test_a_new_row_gives_its_id(things: Database) -> None:
    ids = [add(things, "one"), add(things, "two")]
    with things.read(TEST) as session:
        assert list(session.scalars(select(Thing.id).order_by(Thing.id))) == ids


def test_a_computed_default_is_computed(things: Database) -> None:
    things.write(lambda session: ADD.run(session, name="one", colour=Colour.RED), TEST)
    with things.read(TEST) as session:
        assert session.scalar(select(Thing.made_at)) == AT


def test_several_rows_are_added_and_changed_at_once(things: Database) -> None:
    def fill(session: Session) -> None:
        rows: list[dict[str, object]] = [
            {"name": name, "colour": Colour.RED, "made_at": AT} for name in ("a", "b", "c")
        ]
        ADD.run_all(session, rows)

    rename = Changing(
        update(Thing).where(Thing.name == bindparam("before")).values(name=bindparam("after"))
    )
    things.write(fill, TEST)
    changes: list[dict[str, object]] = [
        {"before": "a", "after": "x"},
        {"before": "b", "after": "y"},
    ]
    things.write(lambda session: rename.run_all(session, changes), TEST)
    assert names(things) == ["x", "y", "c"]


def test_lists_in_a_statement_and_among_its_parameters(things: Database) -> None:
    add(things, "red")
    add(things, "blue", Colour.BLUE)
    with things.read(TEST) as session:
        assert [row.name for row in NAMED.all(session)] == ["red"]
        assert [row.name for row in LISTED.all(session, names=["blue", "red"])] == ["red", "blue"]
        assert LISTED.all(session, names=[]) == []


def test_one_row_and_no_other_number_of_them(things: Database) -> None:
    with things.read(TEST) as session:
        assert ALL.first(session) is None
        with pytest.raises(NoResultFound):
            ALL.one(session)
    add(things, "one")
    add(things, "two")
    with things.read(TEST) as session, pytest.raises(MultipleResultsFound):
        ALL.one(session)


def test_a_change_tells_how_many_rows_it_reached(things: Database) -> None:
    add(things, "one")
    add(things, "two")
    paint = Changing(update(Thing).values(colour=bindparam("new_colour")))
    gone = Changing(delete(Thing).where(Thing.name == bindparam("which")))
    painted = things.write(lambda session: paint.run(session, new_colour=Colour.BLUE), TEST)
    assert painted == 2
    assert things.write(lambda session: gone.run(session, which="nobody"), TEST) == 0


def test_a_broken_rule_is_refused_and_writes_nothing(things: Database) -> None:
    add(things, "one")
    with pytest.raises(ConstraintViolated) as caught:
        add(things, "one")
    assert "one" not in str(caught.value)
    assert names(things) == ["one"]


def test_a_straight_statement_is_part_of_the_units_transaction(things: Database) -> None:
    def unit(session: Session) -> None:
        ADD.run(session, name="one", colour=Colour.RED, made_at=AT)
        session.add(Thing(name="two", colour=Colour.RED))
        assert [row.name for row in ALL.all(session)] == ["one", "two"]
        raise LookupError

    with pytest.raises(LookupError):
        things.write(unit, TEST)
    assert names(things) == []


@pytest.mark.parametrize("database_kind", [pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_a_connection_that_ended_is_not_used_again(things: Database) -> None:
    add(things, "one")
    used: list[object] = []
    event.listen(
        things.engines.writer, "begin", lambda one: used.append(one.connection.dbapi_connection)
    )

    def unit(session: Session) -> None:
        ALL.all(session)
        own = session.scalar(select(func.pg_backend_pid()))
        with things.read(TEST) as other:
            other.scalar(select(func.pg_terminate_backend(own, 10_000)))
        ALL.all(session)

    with pytest.raises(ConnectionLost):
        things.write(unit, TEST)
    add(things, "two")
    assert names(things) == ["one", "two"]
    assert used[0] is not used[-1]
