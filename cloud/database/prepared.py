"""Statements made once and run without the ORM, for work that is done many times a second.

The ORM takes several times as long as the statement itself (docs/benchmarks.md). What is run here
is limited to the session's organisation like everything else: each statement gets a second form
with the organisation's filter on every table it names, and a session with a scope runs only that.
For a caller who may see a part of the organisation (sight.py) it gets a third.

Rows that a unit changes here are not changed in objects that the session loaded before: a unit
works on the same rows either here or through the ORM.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, Generic, TypeVarTuple, cast

from sqlalchemy import (
    ClauseElement,
    ColumnDefault,
    ColumnElement,
    Connection,
    Delete,
    FromClause,
    Join,
    Row,
    Select,
    Table,
    Update,
    bindparam,
    insert,
    inspect,
)
from sqlalchemy.exc import MultipleResultsFound, NoResultFound
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.sql import visitors
from sqlalchemy.sql.selectable import Alias

from cloud.database.base import OrganisationOwned, OrganisationRoot
from cloud.database.errors import ScopeViolation, WriteMisuse
from cloud.database.scope import Scope, is_read_only, scope_of
from cloud.database.sight import Narrowed, Sight, narrowed_models
from cloud.database.straight import StraightStatement

Ts = TypeVarTuple("Ts")

_COLUMN = "organisation_id"
_ORGANISATION = "scope_organisation_id"


class Reading(Generic[*Ts]):
    """A SELECT of columns (not of models)."""

    def __init__(self, statement: Select[*Ts], *, is_bound: bool = False) -> None:
        """``is_bound``: it gives ids between which others look, and nothing that anybody sees.

        Such a statement keeps to the organisation, and not to the part of it that a member may see.
        """
        self._statement = statement
        self._is_bound = is_bound
        self._whole = _Ready(statement)
        self._limited: _Ready | None = None

    def all(self, session: Session, **parameters: object) -> Sequence[Row[*Ts]]:
        """Run it and return all rows. Raises ScopeViolation where it cannot be limited."""
        connection, scope = _begin(session)
        if scope.organisation_id is None:
            return self._whole.rows(connection, parameters)
        parameters[_ORGANISATION] = scope.organisation_id
        return self._within(scope).rows(connection, parameters)

    def _within(self, scope: Scope) -> "_Ready":
        if scope.sight is not None and not self._is_bound:
            return _seen_select(self._statement, scope.sight)
        if self._limited is None:
            self._limited = _Ready(_limited_select(self._statement))
        return self._limited

    def first(self, session: Session, **parameters: object) -> Row[*Ts] | None:
        """Run it and return the first row."""
        return next(iter(self.all(session, **parameters)), None)

    def one(self, session: Session, **parameters: object) -> Row[*Ts]:
        """Run it and return its only row; raises SQLAlchemy's NoResultFound without one."""
        rows = self.all(session, **parameters)
        if not rows:
            raise NoResultFound("no row was found where one is wanted")
        if len(rows) > 1:
            raise MultipleResultsFound("several rows were found where one is wanted")
        return rows[0]


class Changing:
    """An UPDATE or DELETE with conditions."""

    def __init__(self, statement: Update | Delete) -> None:
        self._statement = statement
        self._whole = _Ready(statement)
        self._limited: _Ready | None = None

    def run(self, session: Session, **parameters: object) -> int:
        """Run it and return how many rows it changed.

        Raises ScopeViolation where it cannot be limited, WriteMisuse in a reading session.
        """
        connection, ready, limits = self._begin(session)
        return ready.changed(connection, {**parameters, **limits})

    def run_all(self, session: Session, rows: Sequence[dict[str, object]]) -> None:
        """Run it for each of some sets of the same parameters; raises what `run` does."""
        connection, ready, limits = self._begin(session)
        if rows:
            ready.run_all(connection, [{**row, **limits} for row in rows])

    def _begin(self, session: Session) -> tuple[Connection, "_Ready", dict[str, object]]:
        connection, scope = _begin(session, writes=True)
        if scope.organisation_id is None:
            return connection, self._whole, {}
        limits: dict[str, object] = {_ORGANISATION: scope.organisation_id}
        if scope.sight is not None:
            return connection, _seen_change(self._statement, scope.sight), limits
        if self._limited is None:
            self._limited = _Ready(_limited_change(self._statement))
        return connection, self._limited, limits


class Adding:
    """An INSERT of one row of a model; what is left out gets the model's defaults."""

    def __init__(self, model: type[DeclarativeBase], **expressions: ColumnElement[Any]) -> None:
        """``expressions``: columns that the database computes, with parameters of their own."""
        self._model = model
        self._expressions = expressions
        self._made: tuple[_Ready, dict[str, object]] | None = None

    def run(self, session: Session, **values: object) -> int:
        """Add a row and return its id, 0 where an expression gives it.

        A scoped session stamps its organisation. Raises ScopeViolation for the row of another
        organisation or of none, WriteMisuse in a reading session.
        """
        connection, scope = _begin(session, writes=True)
        self._stamp(values, scope.organisation_id)
        ready, defaults = self._ready()
        return ready.added(connection, {**defaults, **values})

    def run_all(self, session: Session, rows: Sequence[dict[str, object]]) -> None:
        """Add some rows, all with values for the same columns; raises what `run` does."""
        connection, scope = _begin(session, writes=True)
        for row in rows:
            self._stamp(row, scope.organisation_id)
        if rows:
            ready, defaults = self._ready()
            ready.run_all(connection, [{**defaults, **row} for row in rows])

    def _ready(self) -> tuple["_Ready", dict[str, object]]:
        if self._made is None:
            table = _table(self._model)
            ready = _Ready(insert(table).values(**self._expressions))
            self._made = ready, _plain_defaults(table)
        return self._made

    def _stamp(self, row: dict[str, object], organisation_id: int | None) -> None:
        if not issubclass(self._model, OrganisationOwned):
            return
        owner = row.setdefault(_COLUMN, organisation_id)
        if owner is None or organisation_id not in (None, owner):
            raise ScopeViolation(f"a new {self._model.__name__} of organisation {owner}")


class _Ready:
    """A statement, made ready for each kind of database and set of parameter names it meets."""

    def __init__(self, statement: Any) -> None:
        self._statement = statement
        self._straight: dict[tuple[object, ...], StraightStatement | None] = {}

    def rows(self, connection: Connection, values: dict[str, object]) -> Sequence[Row[Any]]:
        straight = self._for(connection, values)
        if straight is None:
            return connection.execute(self._statement, values).all()
        return straight.rows(connection, values)

    def changed(self, connection: Connection, values: dict[str, object]) -> int:
        straight = self._for(connection, values)
        if straight is None:
            return int(connection.execute(self._statement, values).rowcount)
        return int(straight.run(connection, values).rowcount)

    def added(self, connection: Connection, values: dict[str, object]) -> int:
        straight = self._for(connection, values)
        if straight is None:
            key = connection.execute(self._statement, values).inserted_primary_key
            return int(key[0]) if key is not None else 0
        return straight.added(connection, values)

    def run_all(self, connection: Connection, rows: Sequence[dict[str, object]]) -> None:
        straight = self._for(connection, rows[0], for_many=True)
        if straight is None:
            connection.execute(self._statement, rows)
        else:
            straight.run_all(connection, rows)

    def _for(
        self, connection: Connection, values: dict[str, object], *, for_many: bool = False
    ) -> StraightStatement | None:
        dialect = connection.dialect
        key = (dialect.name, for_many, *values)
        if key not in self._straight:
            self._straight[key] = StraightStatement.of(
                self._statement, dialect, values, for_many=for_many
            )
        return self._straight[key]


def _plain_defaults(table: Table) -> dict[str, object]:
    """What a row gets that names no value; what is computed stays SQLAlchemy's."""
    return {
        column.key: column.default.arg
        for column in table.columns
        if isinstance(column.default, ColumnDefault) and column.default.is_scalar
    }


def _begin(session: Session, *, writes: bool = False) -> tuple[Connection, Scope]:
    """Give the session's connection and scope; what the ORM has to write goes first."""
    scope = scope_of(session)
    if writes and is_read_only(session):
        raise WriteMisuse("a reading session writes nothing: use Database.write")
    session.flush()
    return cast("Connection", session.get_bind()), scope


@lru_cache(maxsize=512)
def _seen_select(statement: Select[*Ts], sight: Sight) -> _Ready:
    """The statement for a part of an organisation, made once for each."""
    limited = _limited_select(statement)
    for source in (leaf for joined in statement.get_final_froms() for leaf in _leaves(joined)):
        model = _narrowed_model(source)
        if model is not None:
            limited = limited.where(model.seen_by(sight))
    return _Ready(limited)


@lru_cache(maxsize=64)
def _seen_change(statement: Update | Delete, sight: Sight) -> _Ready:
    limited = _limited_change(statement)
    model = _narrowed_model(statement.table)
    return _Ready(limited if model is None else limited.where(model.seen_by(sight)))


def _narrowed_model(source: FromClause) -> type[Narrowed] | None:
    """The model that says which rows of a table are seen; None: all of them."""
    table = source.element if isinstance(source, Alias) else source
    model = next((one for one in narrowed_models() if _table(one) is table), None)
    if model is not None and table is not source:
        raise ScopeViolation("a prepared statement cannot narrow a table under another name")
    return model


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
