"""Turns what the drivers raise into the errors of this package."""

import sqlite3

from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from cloud.database.errors import (
    ConnectionLost,
    ConstraintViolated,
    DatabaseBusy,
    DatabaseDamaged,
    DatabaseError,
    DatabaseFull,
    DatabaseReadOnly,
    DatabaseUnusable,
)

# Primary result codes of SQLite (sqlite.org/rescode.html).
_SQLITE_ERRORS: dict[int, type[DatabaseError]] = {
    sqlite3.SQLITE_BUSY: DatabaseBusy,
    sqlite3.SQLITE_LOCKED: DatabaseBusy,
    sqlite3.SQLITE_FULL: DatabaseFull,
    sqlite3.SQLITE_IOERR: ConnectionLost,
    sqlite3.SQLITE_READONLY: DatabaseReadOnly,
    sqlite3.SQLITE_CORRUPT: DatabaseDamaged,
    sqlite3.SQLITE_NOTADB: DatabaseDamaged,
    sqlite3.SQLITE_CANTOPEN: DatabaseUnusable,
    sqlite3.SQLITE_PERM: DatabaseUnusable,
}

# PostgreSQL's appendix A: a whole code, or its class of two letters.
_POSTGRES_ERRORS: dict[str, type[DatabaseError]] = {
    "53100": DatabaseFull,
    "53": DatabaseBusy,
    "25006": DatabaseReadOnly,
    "40": DatabaseBusy,
    "55P03": DatabaseBusy,
    "57014": DatabaseBusy,
    "57P": ConnectionLost,
    "08": ConnectionLost,
    "28": DatabaseUnusable,
    "3D000": DatabaseUnusable,
    "XX001": DatabaseDamaged,
    "XX002": DatabaseDamaged,
}

# Serialization failure and deadlock: the same unit may pass when run again.
_CONFLICTS = frozenset({"40001", "40P01"})
_UNIQUE_VIOLATION = "23505"


def sqlstate(error: BaseException | None) -> str | None:
    """Return PostgreSQL's error code of a driver error, or None."""
    state = getattr(error, "sqlstate", None)
    return state if isinstance(state, str) else None


def is_answered(error: DBAPIError) -> bool:
    """Say whether PostgreSQL itself refused, so that nothing was written."""
    return sqlstate(error.orig) is not None and not error.connection_invalidated


def is_conflict(error: DBAPIError) -> bool:
    """Say whether PostgreSQL refused only because of others at the same moment."""
    return sqlstate(error.orig) in _CONFLICTS


def is_unique_violation(error: DBAPIError) -> bool:
    """Say whether a row exists already. Under SERIALIZABLE it may just have been committed."""
    return sqlstate(error.orig) == _UNIQUE_VIOLATION


def outside_view(error: Exception) -> Exception:
    """Return what a caller of this package gets for an error met inside a transaction."""
    mapped = translated(error) if isinstance(error, SQLAlchemyError) else None
    if mapped is None:
        return error
    # PostgreSQL quotes the row in the text of a violation, so that cause stays out of logs.
    mapped.__cause__ = None if isinstance(mapped, ConstraintViolated) else error
    mapped.__suppress_context__ = True
    return mapped


def translated(error: SQLAlchemyError) -> DatabaseError | None:
    """Return the error of this package that an error of SQLAlchemy stands for.

    None for mistakes of the program (wrong SQL, wrong types): they stay what they are.
    """
    if isinstance(error, PoolTimeout):
        return DatabaseBusy("no database connection became free in time")
    if isinstance(error, IntegrityError):
        return ConstraintViolated(_constraint(error))
    if not isinstance(error, DBAPIError):
        return None
    kind = _kind(error)
    return kind(_first_line(error.orig)) if kind else None


def _kind(error: DBAPIError) -> type[DatabaseError] | None:
    if isinstance(error.orig, sqlite3.Error):
        code = getattr(error.orig, "sqlite_errorcode", None)
        return None if code is None else _SQLITE_ERRORS.get(code & 0xFF)
    state = sqlstate(error.orig)
    if state is not None:
        found = (_POSTGRES_ERRORS.get(state[:length]) for length in (5, 3, 2))
        return next((kind for kind in found if kind), None)
    # psycopg has no code for what it never heard from the server.
    unreached = error.connection_invalidated or type(error.orig).__name__ == "OperationalError"
    return ConnectionLost if unreached else None


def _constraint(error: IntegrityError) -> str:
    """Name the constraint. PostgreSQL's own text would quote the row's values."""
    diagnosis = getattr(error.orig, "diag", None)
    if diagnosis is not None:
        return f"refused by {diagnosis.constraint_name or diagnosis.column_name}"
    return _first_line(error.orig)


def _first_line(error: BaseException | None) -> str:
    lines = str(error).splitlines()
    return lines[0] if lines else type(error).__name__
