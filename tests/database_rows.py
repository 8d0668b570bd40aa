"""Rows, units and marks that the tests of the database share."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from cloud.accounts.models import Organisation
from cloud.database.scope import system
from cloud.database.write import Database

TEST = system("test")
WHEN = datetime(2026, 11, 22, 8, 30, 15, 123456, tzinfo=UTC)

only_sqlite = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
only_postgres = pytest.mark.parametrize(
    "database_kind", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True
)


def add_organisation(name: str) -> Callable[[Session], int]:
    """Return a unit that adds an organisation and returns its id."""

    def unit(session: Session) -> int:
        row = Organisation(name=name, created_at=WHEN)
        session.add(row)
        session.flush()
        return row.id

    return unit


def names(database: Database) -> list[str]:
    """Return the names of all organisations, sorted."""
    with database.read(TEST) as session:
        return sorted(session.scalars(select(Organisation.name)))


class UnitRefused(Exception):
    """What a unit of these tests raises."""
