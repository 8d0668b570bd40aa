"""ciphers of shops that share a token, and the ids of apps in authorize links."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    with op.batch_alter_table("authorizations", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("shop_cipher", sa.String(length=200), server_default="", nullable=False)
        )
    with op.batch_alter_table("app_credentials", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("service_id", sa.String(length=80), server_default="", nullable=False)
        )
