"""pictures of several photos, their settings, and the packing area of each photo."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    _photos_of_messages()
    with op.batch_alter_table("shops", schema=None) as batch_op:
        batch_op.add_column(sa.Column("picture_side_px", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("picture_strip", sa.Boolean(), nullable=True))
        batch_op.create_check_constraint(
            op.f("ck_shops_picture_side"), "picture_side_px BETWEEN 320 AND 8000"
        )
    # 1 was the default while photos could not be joined; who set another number keeps it.
    op.execute("UPDATE shops SET kept_free_for_people = 2 WHERE kept_free_for_people = 1")
    with op.batch_alter_table("proof_photos", schema=None) as batch_op:
        for side in ("left", "top", "width", "height"):
            batch_op.add_column(sa.Column(f"area_{side}", sa.Integer(), nullable=True))
        batch_op.create_check_constraint(
            op.f("ck_proof_photos_area_is_whole"),
            "(area_left IS NULL) = (area_top IS NULL)"
            " AND (area_left IS NULL) = (area_width IS NULL)"
            " AND (area_left IS NULL) = (area_height IS NULL)"
            " AND coalesce(area_width, 1) > 0 AND coalesce(area_height, 1) > 0",
        )


def _photos_of_messages() -> None:
    with op.batch_alter_table("messages", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("photos", sa.String(length=194), server_default="", nullable=False)
        )
    op.execute("UPDATE messages SET photos = photo_sha256 WHERE photo_sha256 IS NOT NULL")
    with op.batch_alter_table("messages", schema=None) as batch_op:
        batch_op.alter_column("photos", server_default=None)
        batch_op.drop_column("photo_sha256")
        batch_op.create_check_constraint(
            op.f("ck_messages_image_has_photos"),
            "kind = 'image' AND length(photos) IN (64, 129, 194)"
            " OR kind <> 'image' AND photos = ''",
        )
