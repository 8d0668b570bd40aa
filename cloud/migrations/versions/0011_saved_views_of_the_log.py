"""saved views of the log."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    identity = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "log_views",
        sa.Column("id", identity, autoincrement=True, nullable=False),
        sa.Column("organisation_id", identity, nullable=False),
        sa.Column("member_id", identity, nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("query", sa.String(length=1000), nullable=False),
        sa.Column("is_shared", sa.Boolean(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_log_views_member_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_log_views_organisation_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_views")),
        sa.UniqueConstraint(
            "organisation_id",
            "member_id",
            "name",
            name=op.f("uq_log_views_organisation_id_member_id_name"),
        ),
    )
