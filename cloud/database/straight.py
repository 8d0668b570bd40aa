"""Runs a statement on the driver itself, with its SQL and the conversions of values made once.

SQLAlchemy makes a context for each execution, which takes several times as long as SQLite does
for the statement (docs/benchmarks.md). It still writes the SQL and names the conversions here.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Self

from sqlalchemy import Connection, Delete, Insert, Row, Select, Update
from sqlalchemy.engine import Dialect, result_tuple
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

Statement = Select[Any] | Insert | Update | Delete
Values = Mapping[str, object]
_Convert = Callable[[Any], Any] | None


class StraightStatement:
    """One statement for one kind of database and one set of parameter names."""

    def __init__(self, statement: Statement, compiled: SQLCompiler, values: Values) -> None:
        expanded = compiled.construct_expanded_state({**values})
        dialect = compiled.dialect
        self.sql = expanded.statement
        self._is_by_place = expanded.positiontup is not None
        names = expanded.positiontup or list(expanded.additional_parameters)
        self._inputs = [
            (name, _to_driver(compiled, name, dialect))
            if name in values
            else (None, _constant(expanded.additional_parameters[name], expanded.processors, name))
            for name in names
        ]
        self._names = names
        self._returns_id = bool(compiled.effective_returning)
        columns = statement.column_descriptions if isinstance(statement, Select) else []
        self._outputs = [_from_driver(column["type"], dialect) for column in columns]
        self._converts = any(self._outputs)
        self._row = result_tuple([str(column["name"]) for column in columns])

    @classmethod
    def of(
        cls, statement: Statement, dialect: Dialect, values: Values, *, for_many: bool = False
    ) -> Self | None:
        """The statement made ready, or None where SQLAlchemy has to run it itself.

        That is a list of any length among the parameters, and a default that is computed.
        """
        compiled = statement.compile(
            dialect=dialect, column_keys=list(values), for_executemany=for_many
        )
        lists = any(one.expanding for name, one in compiled.binds.items() if name in values)
        computes = compiled.insert_prefetch or compiled.update_prefetch
        return None if lists or computes else cls(statement, compiled, values)

    def rows(self, connection: Connection, values: Values) -> list[Row[Any]]:
        """Run a SELECT. Raises what ``Connection.execute`` raises."""
        cursor = self.run(connection, values)
        try:
            found = cursor.fetchall()  # SQLite reads from the disk here too
        except connection.dialect.loaded_dbapi.Error as error:
            raise _wrapped(connection, _driver_of(connection), self.sql, error) from error
        if self._converts:
            return [self._row(self._converted(row)) for row in found]
        return [self._row(row) for row in found]

    def added(self, connection: Connection, values: Values) -> int:
        """Run an INSERT of one row and return its id. Raises what ``Connection.execute`` raises."""
        cursor = self.run(connection, values)
        return int(cursor.fetchone()[0] if self._returns_id else cursor.lastrowid)

    def run(self, connection: Connection, values: Values) -> Any:
        """Run it and return the driver's cursor. Raises what ``Connection.execute`` raises."""
        driver = _driver_of(connection)
        inputs = self.inputs(values)
        try:
            return driver.execute(self.sql, inputs)
        except connection.dialect.loaded_dbapi.Error as error:
            raise _wrapped(connection, driver, self.sql, error) from error

    def run_all(self, connection: Connection, rows: Sequence[Values]) -> None:
        """Run it for each set of values. Raises what ``Connection.execute`` raises."""
        driver = _driver_of(connection)
        inputs = [self.inputs(row) for row in rows]
        try:
            driver.cursor().executemany(self.sql, inputs)
        except connection.dialect.loaded_dbapi.Error as error:
            raise _wrapped(connection, driver, self.sql, error) from error

    def inputs(self, values: Values) -> Sequence[Any] | Mapping[str, Any]:
        """What the driver gets for these values: by place or by name."""
        made = tuple(
            [
                how if name is None else values[name] if how is None else how(values[name])
                for name, how in self._inputs
            ]
        )
        return made if self._is_by_place else dict(zip(self._names, made, strict=True))

    def _converted(self, row: Sequence[Any]) -> Iterable[Any]:
        return [
            value if convert is None else convert(value)
            for value, convert in zip(row, self._outputs, strict=True)
        ]


def _to_driver(compiled: SQLCompiler, name: str, dialect: Dialect) -> _Convert:
    return _impl(compiled.binds[name].type, dialect).bind_processor(dialect)


def _from_driver(type_: TypeEngine[Any], dialect: Dialect) -> _Convert:
    return _impl(type_, dialect).result_processor(dialect, None)


def _impl(type_: TypeEngine[Any], dialect: Dialect) -> TypeEngine[Any]:
    return type_.dialect_impl(dialect)


def _constant(value: object, processors: Mapping[str, Any], name: str) -> Any:
    convert = processors.get(name)
    return convert(value) if convert else value


def _driver_of(connection: Connection) -> Any:
    """The driver's connection, in a transaction."""
    if not connection.in_transaction():
        connection.begin()
    return connection.connection.driver_connection


def _wrapped(connection: Connection, driver: Any, sql: str, error: Any) -> BaseException:
    """The error as SQLAlchemy raises it; a broken connection is not used again."""
    dialect = connection.dialect
    is_broken = dialect.is_disconnect(error, driver, None)
    wrapped: BaseException = DBAPIError.instance(
        sql,
        None,
        error,
        dialect.loaded_dbapi.Error,
        hide_parameters=True,
        connection_invalidated=is_broken,
        dialect=dialect,
    )
    if is_broken:
        connection.invalidate(error)
    return wrapped
