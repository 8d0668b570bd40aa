"""retention."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    identity = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "retention_decisions",
        sa.Column("id", identity, autoincrement=True, nullable=False),
        sa.Column("organisation_id", identity, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("keep_days", sa.Integer(), nullable=True),
        sa.Column("member_id", identity, nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_retention_decisions_member_id")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_retention_decisions_organisation_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retention_decisions")),
    )
    op.create_index(
        "ix_retention_decisions_newest",
        "retention_decisions",
        ["organisation_id", "kind", "id"],
        unique=False,
    )
    op.create_table(
        "retention_runs",
        sa.Column("id", identity, autoincrement=True, nullable=False),
        sa.Column("organisation_id", identity, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("older_than", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_count", sa.Integer(), nullable=False),
        sa.Column("freed_bytes", identity, nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_retention_runs_organisation_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retention_runs")),
    )
    op.create_index(
        "ix_retention_runs_newest", "retention_runs", ["organisation_id", "id"], unique=False
    )
    op.create_index(
        "ix_retention_runs_open",
        "retention_runs",
        ["organisation_id", "kind", "ended_at"],
        unique=False,
    )
    op.create_table(
        "leaving_photos",
        sa.Column("id", identity, autoincrement=True, nullable=False),
        sa.Column("organisation_id", identity, nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("run_id", identity, nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_leaving_photos_organisation_id"),
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["retention_runs.id"], name=op.f("fk_leaving_photos_run_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_leaving_photos")),
        sa.UniqueConstraint(
            "organisation_id", "sha256", name=op.f("uq_leaving_photos_organisation_id_sha256")
        ),
    )
    op.add_column(
        "proof_photos", sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.add_column("proof_photos", sa.Column("deleted_for", sa.String(length=20), nullable=True))
    op.create_index("ix_photos_age", "photos", ["organisation_id", "stored_at", "id"], unique=False)
    _leave_everything_as_it_was()


def _leave_everything_as_it_was() -> None:
    """Who is there already keeps all for ever until somebody decides; who comes has the usual."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "INSERT INTO retention_decisions (organisation_id, kind, decided_at) SELECT id, "
            "'photos', strftime('%Y-%m-%d %H:%M:%f000', 'now') FROM organisations"
        )
        return
    op.execute(
        "INSERT INTO retention_decisions (organisation_id, kind, decided_at) "
        "SELECT id, 'photos', now() FROM organisations"
    )
