"""tables that are disabled and retired."""

import re
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def _new_columns() -> dict[str, tuple[sa.Column[Any], ...]]:
    """Made anew each time: a column belongs to one table."""
    return {
        "devices": (
            sa.Column("waiting_proofs", sa.Integer(), server_default="0", nullable=False),
            sa.Column("waiting_since", sa.DateTime(timezone=True), nullable=True),
            sa.Column("in_trouble", sa.Boolean(), server_default=sa.false(), nullable=False),
        ),
        "packing_tables": (
            sa.Column("sort_key", sa.String(length=400), server_default="", nullable=False),
            sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
            sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        ),
    }


def upgrade() -> None:
    for table, columns in _new_columns().items():
        with op.batch_alter_table(table, schema=None) as batch_op:
            for column in columns:
                batch_op.add_column(column)
    _write_sort_keys()
    # What existing rows got is no default of new ones.
    for table, columns in _new_columns().items():
        with op.batch_alter_table(table, schema=None) as batch_op:
            for column in columns:
                if column.server_default is not None:
                    batch_op.alter_column(column.name, server_default=None)
    with op.batch_alter_table("packing_tables", schema=None) as batch_op:
        batch_op.drop_constraint(
            batch_op.f("uq_packing_tables_organisation_id_name"), type_="unique"
        )
        batch_op.create_index(
            "ix_packing_tables_sort_key", ["organisation_id", "sort_key", "id"], unique=False
        )
        batch_op.create_index(
            "uq_packing_tables_name_in_use",
            ["organisation_id", "name"],
            unique=True,
            sqlite_where=sa.text("retired_at IS NULL"),
            postgresql_where=sa.text("retired_at IS NULL"),
        )


def _write_sort_keys() -> None:
    connection = op.get_bind()
    rows = connection.execute(sa.text("SELECT id, name FROM packing_tables")).all()
    for row_id, name in rows:
        key = re.sub(r"\d+", lambda found: found[0].zfill(9), name.casefold())[:400]
        connection.execute(
            sa.text("UPDATE packing_tables SET sort_key = :key WHERE id = :row_id"),
            {"key": key, "row_id": row_id},
        )
