"""Statements made once and run without the ORM, for work that is done many times a second.

The ORM takes several times as long as the statement itself (docs/benchmarks.md). What is run here
is limited to the session's organisation like everything else: each statement gets a second form
with the organisation's filter on every table it names, and a session with a scope runs only that.

Rows that a unit changes here are not changed in objects that the session loaded before: a unit
works on the same rows either here or through the ORM.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Generic, TypeVarTuple, cast

from sqlalchemy import (
    ClauseElement,
    ColumnElement,
    Connection,
    Delete,
    FromClause,
    Insert,
    Join,
    Row,
    Select,
    Table,
    Update,
    bindparam,
    insert,
    inspect,
)
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.sql import visitors
from sqlalchemy.sql.selectable import Alias

from cloud.database.base import OrganisationOwned, OrganisationRoot
from cloud.database.errors import ScopeViolation, WriteMisuse
from cloud.database.scope import is_read_only, scope_of

Ts = TypeVarTuple("Ts")

_COLUMN = "organisation_id"
_ORGANISATION = "scope_organisation_id"


class Reading(Generic[*Ts]):
    """A SELECT of columns (not of models)."""

    def __init__(self, statement: Select[*Ts]) -> None:
        self._statement = statement
        self._limited: Select[*Ts] | None = None

    def all(self, session: Session, **parameters: object) -> Sequence[Row[*Ts]]:
        """Run it and return all rows. Raises ScopeViolation where it cannot be limited."""
        connection, statement, values = self._run_as(session, parameters)
        return connection.execute(statement, values).all()

    def first(self, session: Session, **parameters: object) -> Row[*Ts] | None:
        """Run it and return the first row."""
        connection, statement, values = self._run_as(session, parameters)
        return connection.execute(statement, values).first()

    def one(self, session: Session, **parameters: object) -> Row[*Ts]:
        """Run it and return its only row; raises SQLAlchemy's NoResultFound without one."""
        connection, statement, values = self._run_as(session, parameters)
        return connection.execute(statement, values).one()

    def _run_as(
        self, session: Session, parameters: dict[str, object]
    ) -> tuple[Connection, Select[*Ts], dict[str, object]]:
        connection, organisation_id = _begin(session)
        if organisation_id is None:
            return connection, self._statement, parameters
        if self._limited is None:
            self._limited = _limited_select(self._statement)
        return connection, self._limited, {**parameters, _ORGANISATION: organisation_id}


class Changing:
    """An UPDATE or DELETE with conditions."""

    def __init__(self, statement: Update | Delete) -> None:
        self._statement = statement
        self._limited: Update | Delete | None = None

    def run(self, session: Session, **parameters: object) -> int:
        """Run it and return how many rows it changed.

        Raises ScopeViolation where it cannot be limited, WriteMisuse in a reading session.
        """
        connection, statement, limits = self._begin(session)
        return int(connection.execute(statement, {**parameters, **limits}).rowcount)

    def run_all(self, session: Session, rows: Sequence[dict[str, object]]) -> None:
        """Run it for each of some sets of the same parameters; raises what `run` does."""
        connection, statement, limits = self._begin(session)
        if rows:
            connection.execute(statement, [{**row, **limits} for row in rows])

    def _begin(self, session: Session) -> tuple[Connection, Update | Delete, dict[str, object]]:
        connection, organisation_id = _begin(session, writes=True)
        if organisation_id is None:
            return connection, self._statement, {}
        if self._limited is None:
            self._limited = _limited_change(self._statement)
        return connection, self._limited, {_ORGANISATION: organisation_id}


class Adding:
    """An INSERT of one row of a model; what is left out gets the model's defaults."""

    def __init__(self, model: type[DeclarativeBase], **expressions: ColumnElement[Any]) -> None:
        """``expressions``: columns that the database computes, with parameters of their own."""
        self._model = model
        self._expressions = expressions
        self._statement: Insert | None = None

    def run(self, session: Session, **values: object) -> int:
        """Add a row and return its id. A scoped session stamps its organisation.

        Raises ScopeViolation for the row of another organisation or of none, WriteMisuse in a
        reading session.
        """
        connection, organisation_id = _begin(session, writes=True)
        self._stamp(values, organisation_id)
        key = connection.execute(self._made(), values).inserted_primary_key
        return int(key[0]) if key is not None else 0

    def run_all(self, session: Session, rows: Sequence[dict[str, object]]) -> None:
        """Add some rows, all with values for the same columns; raises what `run` does."""
        connection, organisation_id = _begin(session, writes=True)
        for row in rows:
            self._stamp(row, organisation_id)
        if rows:
            connection.execute(self._made(), rows)

    def _made(self) -> Insert:
        if self._statement is None:
            self._statement = insert(_table(self._model)).values(**self._expressions)
        return self._statement

    def _stamp(self, row: dict[str, object], organisation_id: int | None) -> None:
        if not issubclass(self._model, OrganisationOwned):
            return
        owner = row.setdefault(_COLUMN, organisation_id)
        if owner is None or organisation_id not in (None, owner):
            raise ScopeViolation(f"a new {self._model.__name__} of organisation {owner}")


def _begin(session: Session, *, writes: bool = False) -> tuple[Connection, int | None]:
    """Give the session's connection and organisation; what the ORM has to write goes first."""
    scope = scope_of(session)
    if writes and is_read_only(session):
        raise WriteMisuse("a reading session writes nothing: use Database.write")
    session.flush()
    return cast("Connection", session.get_bind()), scope.organisation_id


def _limited_select(statement: Select[*Ts]) -> Select[*Ts]:
    _refuse_subqueries(statement)
    for source in (leaf for joined in statement.get_final_froms() for leaf in _leaves(joined)):
        column = _owner_column(source)
        if column is not None:
            statement = statement.where(source.c[column] == bindparam(_ORGANISATION))
    return statement


def _limited_change(statement: Update | Delete) -> Update | Delete:
    _refuse_subqueries(statement)
    column = _owner_column(statement.table)
    if column is None:
        return statement
    return statement.where(statement.table.c[column] == bindparam(_ORGANISATION))


def _refuse_subqueries(statement: ClauseElement) -> None:
    """The tables in one would get no filter."""
    if any(isinstance(one, Select) and one is not statement for one in visitors.iterate(statement)):
        raise ScopeViolation("a prepared statement with a subquery runs in system sessions only")


def _leaves(source: FromClause) -> Iterator[FromClause]:
    if isinstance(source, Join):
        if source.isouter or source.full:
            raise ScopeViolation("the filter would undo an outer join: use the ORM for it")
        yield from _leaves(source.left)
        yield from _leaves(source.right)
    else:
        yield source


def _owner_column(source: FromClause) -> str | None:
    """The column that says whose a row is; None for tables that belong to nobody."""
    if _COLUMN in source.c:
        return _COLUMN
    table = source.element if isinstance(source, Alias) else source
    is_root = any(_table(root) is table for root in OrganisationRoot.__subclasses__())
    return "id" if is_root else None


def _table(model: type[Any]) -> Table:
    return cast("Table", inspect(model).local_table)
