"""The statements that run on an engine, with their values."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from sqlalchemy import Connection, Engine, event

from cloud.database.straight import StraightStatement, Values

Noted = list[tuple[str, object]]


@contextmanager
def noted_statements(engine: Engine) -> Iterator[Noted]:
    """Note them; those that go straight to the driver as well as SQLAlchemy's own."""
    noted: Noted = []

    def note(
        _connection: Connection, _cursor: object, statement: str, values: object, *_: object
    ) -> None:
        noted.append((statement, values))

    run = StraightStatement.run

    def note_and_run(one: StraightStatement, connection: Connection, values: Values) -> Any:
        if connection.engine is engine:
            noted.append((one.sql, one.inputs(values)))
        return run(one, connection, values)

    event.listen(engine, "before_cursor_execute", note)
    try:
        with patch.object(StraightStatement, "run", note_and_run):
            yield noted
    finally:
        event.remove(engine, "before_cursor_execute", note)
