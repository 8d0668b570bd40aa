"""conversations are found by their id at the marketplace."""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    with op.batch_alter_table("conversations", schema=None) as batch_op:
        batch_op.create_index("ix_conversations_external", ["shop_id", "external_id"], unique=False)
