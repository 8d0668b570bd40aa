"""legal holds."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    identity = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "proof_holds",
        sa.Column("id", identity, autoincrement=True, nullable=False),
        sa.Column("organisation_id", identity, nullable=False),
        sa.Column("proof_id", identity, nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("placed_by_member_id", identity, nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("released_by_member_id", identity, nullable=True),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_proof_holds_organisation_id")
        ),
        sa.ForeignKeyConstraint(
            ["placed_by_member_id"],
            ["members.id"],
            name=op.f("fk_proof_holds_placed_by_member_id"),
        ),
        sa.ForeignKeyConstraint(["proof_id"], ["proofs.id"], name=op.f("fk_proof_holds_proof_id")),
        sa.ForeignKeyConstraint(
            ["released_by_member_id"],
            ["members.id"],
            name=op.f("fk_proof_holds_released_by_member_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proof_holds")),
    )
    op.create_index("ix_proof_holds_proof", "proof_holds", ["proof_id", "id"], unique=False)
    op.create_table(
        "held_photos",
        sa.Column("id", identity, autoincrement=True, nullable=False),
        sa.Column("organisation_id", identity, nullable=False),
        sa.Column("hold_id", identity, nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["hold_id"], ["proof_holds.id"], name=op.f("fk_held_photos_hold_id")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "sha256"],
            ["photos.organisation_id", "photos.sha256"],
            name="fk_held_photos_photo",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_held_photos_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_held_photos")),
        sa.UniqueConstraint("hold_id", "sha256", name=op.f("uq_held_photos_hold_id_sha256")),
    )
    op.create_index(
        "ix_held_photos_photo", "held_photos", ["organisation_id", "sha256"], unique=False
    )
