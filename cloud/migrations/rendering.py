"""How our column types are written into migrations, which must not change with our code."""

from typing import Literal

from alembic.autogenerate.api import AutogenContext

from cloud.database.base import UtcDateTime


def render_item(kind: str, item: object, _context: AutogenContext) -> str | Literal[False]:
    """Write a type of ours as the SQLAlchemy type it is on disk; leave the rest to Alembic."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False
