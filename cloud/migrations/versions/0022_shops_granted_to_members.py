"""shops granted to members."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    op.create_table(
        "member_shops",
        sa.Column(
            "member_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("shop_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "organisation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["member_id"],
            ["members.id"],
            name=op.f("fk_member_shops_member_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_member_shops_organisation_id")
        ),
        sa.ForeignKeyConstraint(
            ["shop_id"], ["shops.id"], name=op.f("fk_member_shops_shop_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("member_id", "shop_id", name=op.f("pk_member_shops")),
    )
    with op.batch_alter_table("members", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("all_shops", sa.Boolean(), server_default=sa.true(), nullable=False)
        )
    with op.batch_alter_table("members", schema=None) as batch_op:
        # What existing rows got is no default of new ones.
        batch_op.alter_column("all_shops", server_default=None)
