"""Reading what became of a proof."""

from sqlalchemy import select

from cloud.conversations.models import Dispatch, Message
from cloud.conversations.states import MessageState
from tests.support.dashboard_rows import World


def dispatches(world: World, proof: int) -> list[Dispatch]:
    """All dispatches of a proof, oldest first."""
    with world.database.read(world.scope) as session:
        found = select(Dispatch).where(Dispatch.proof_id == proof).order_by(Dispatch.id)
        return list(session.scalars(found))


def states_of_messages(world: World, proof: int) -> list[MessageState]:
    """What became of the messages of a proof's newest dispatch, in their order."""
    newest = dispatches(world, proof)[-1]
    with world.database.read(world.scope) as session:
        found = select(Message).where(Message.dispatch_id == newest.id).order_by(Message.position)
        return [one.state for one in session.scalars(found)]
