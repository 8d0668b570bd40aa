"""Reading what became of a proof."""

from sqlalchemy import select

from cloud.conversations.models import Dispatch
from tests.support.dashboard_rows import World


def dispatches(world: World, proof: int) -> list[Dispatch]:
    """All dispatches of a proof, oldest first."""
    with world.database.read(world.scope) as session:
        found = select(Dispatch).where(Dispatch.proof_id == proof).order_by(Dispatch.id)
        return list(session.scalars(found))
