"""photos captured with browsers."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.create_table(
        "capture_decisions",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("switch", sa.String(length=20), nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column(
            "member_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "organisation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_capture_decisions_member_id")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_capture_decisions_organisation_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_capture_decisions")),
    )
    with op.batch_alter_table("capture_decisions", schema=None) as batch_op:
        batch_op.create_index(
            "ix_capture_decisions_newest", ["organisation_id", "switch", "id"], unique=False
        )

    with op.batch_alter_table("organisations", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("webcam_entitled", sa.Boolean(), server_default=sa.true(), nullable=False)
        )

    with op.batch_alter_table("proofs", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("platform", sa.String(length=10), server_default="table", nullable=False)
        )
        batch_op.alter_column("table_id", existing_type=sa.BigInteger(), nullable=True)

    # What existing rows got is no default of new ones.
    with op.batch_alter_table("organisations", schema=None) as batch_op:
        batch_op.alter_column("webcam_entitled", server_default=None)
    with op.batch_alter_table("proofs", schema=None) as batch_op:
        batch_op.alter_column("platform", server_default=None)
