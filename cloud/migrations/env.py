"""Run by Alembic for each command, on the connection and transaction that upgrade.py opened."""

from alembic import context
from sqlalchemy import Connection

from cloud.migrations.models import metadata
from cloud.migrations.rendering import render_item


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_item=render_item,
        # SQLite can change few things of a table in place; Alembic then copies it.
        render_as_batch=connection.dialect.name == "sqlite",
    )
    context.run_migrations()


_run(context.config.attributes["connection"])
