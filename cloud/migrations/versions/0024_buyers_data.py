"""buyers' data."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    op.add_column("orders", sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_orders_buyer", "orders", ["organisation_id", "buyer_id"], unique=False)
    op.create_index(
        "ix_orders_buyer_name", "orders", ["organisation_id", "buyer_name"], unique=False
    )
