"""sizes of uploaded pictures."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    with op.batch_alter_table("messages", schema=None) as batch_op:
        batch_op.add_column(sa.Column("uploaded_width_px", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("uploaded_height_px", sa.Integer(), nullable=True))
