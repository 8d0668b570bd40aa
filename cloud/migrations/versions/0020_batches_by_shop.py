"""batches by shop."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    # Off: nobody has decided about them yet with the marketplace's notice in view.
    off = sa.false()
    op.add_column(
        "shops", sa.Column("batches_enabled", sa.Boolean(), server_default=off, nullable=False)
    )
    op.add_column(
        "dispatches", sa.Column("in_batch", sa.Boolean(), server_default=off, nullable=False)
    )
    op.add_column(
        "sending_decisions",
        sa.Column("sends", sa.String(length=20), server_default="photos", nullable=False),
    )
