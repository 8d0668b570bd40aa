"""filters of the log by packer and by the number of photos."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    with op.batch_alter_table("proofs", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("photo_count", sa.Integer(), server_default="0", nullable=False)
        )
    op.execute(
        "UPDATE proofs SET photo_count ="
        " (SELECT count(*) FROM proof_photos WHERE proof_photos.proof_id = proofs.id)"
    )
    with op.batch_alter_table("proofs", schema=None) as batch_op:
        # What existing rows got is no default of new ones.
        batch_op.alter_column("photo_count", server_default=None)
        batch_op.create_index("ix_proofs_packer", ["organisation_id", "packer", "id"], unique=False)
        batch_op.create_index(
            "ix_proofs_photo_count", ["organisation_id", "photo_count", "id"], unique=False
        )
