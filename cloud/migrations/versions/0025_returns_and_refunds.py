"""returns and refunds."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    op.create_table(
        "buyer_returns",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("shop_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("return_id", sa.String(length=80), nullable=False),
        sa.Column("order_number", sa.String(length=80), nullable=False),
        sa.Column("status", sa.String(length=200), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("respond_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "organisation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_buyer_returns_organisation_id")
        ),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_buyer_returns_shop_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_buyer_returns")),
        sa.UniqueConstraint(
            "shop_id", "return_id", name=op.f("uq_buyer_returns_shop_id_return_id")
        ),
    )
    with op.batch_alter_table("buyer_returns", schema=None) as batch_op:
        batch_op.create_index(
            "ix_buyer_returns_open",
            ["organisation_id", "is_open", "respond_by", "id"],
            unique=False,
        )

    op.add_column(
        "shops", sa.Column("returns_synced_until", sa.DateTime(timezone=True), nullable=True)
    )
    op.add_column(
        "shops",
        sa.Column("returns_due", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
