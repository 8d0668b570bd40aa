"""What pages show of proofs: each with its table, its order and shop, and its dispatches."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from cloud.conversations.models import Dispatch
from cloud.conversations.states import DispatchKind, DispatchState, Reason
from cloud.fleet.models import PackingTable
from cloud.orders.models import Order, Parcel
from cloud.proofs.models import Proof
from cloud.proofs.states import ProofState, state_of_proof
from cloud.shops.models import Shop


@dataclass(frozen=True, slots=True)
class LogEntry:
    """A proof and what belongs to it; None where it is not known (yet)."""

    proof: Proof
    table_name: str
    """Empty for what a browser captured; its platform says which."""
    dispatches: tuple[Dispatch, ...]
    """Oldest first; the first send and each resend."""
    order: Order | None
    shop: Shop | None
    parcel: Parcel | None

    @property
    def photo_count(self) -> int:
        """How many photos were taken of it."""
        return self.proof.photo_count

    @property
    def newest(self) -> Dispatch | None:
        """The dispatch that says where the proof stands."""
        return self.dispatches[-1] if self.dispatches else None

    @property
    def state(self) -> ProofState:
        """Where the proof stands."""
        return state_of_proof(self.proof.closing, self.newest.state if self.newest else None)

    @property
    def reason(self) -> Reason | None:
        """Why it stands there, when that needs saying."""
        return Reason(self.newest.reason) if self.newest and self.newest.reason else None

    @property
    def resends(self) -> int:
        """How often a person asked to send it again."""
        return sum(one.asked_by_member_id is not None for one in self.dispatches)

    @property
    def was_sent_before(self) -> bool:
        """Whether an earlier dispatch reached the buyer, whatever became of the newest."""
        return any(one.state is DispatchState.SENT for one in self.dispatches[:-1])


def entries_of(session: Session, proof_ids: Sequence[int]) -> list[LogEntry]:
    """The entries of these proofs, highest id first (a scoped session); unknown ids are left out.

    One statement per kind of row, however many proofs there are.
    """
    if not proof_ids:
        return []
    proofs = session.scalars(
        select(Proof).where(Proof.id.in_(proof_ids)).order_by(Proof.id.desc())
    ).all()
    sends = _sends(session, proof_ids)
    tables = _tables(session, {proof.table_id for proof in proofs if proof.table_id})
    return [_entry(proof, tables.get(proof.table_id or 0, ""), sends[proof.id]) for proof in proofs]


_Send = tuple[Dispatch, Order | None, Shop | None, Parcel | None]


def _entry(proof: Proof, table_name: str, sends: Sequence[_Send]) -> LogEntry:
    _newest, order, shop, parcel = sends[-1] if sends else (None, None, None, None)
    dispatches = tuple(dispatch for dispatch, *_ in sends)
    return LogEntry(proof, table_name, dispatches, order, shop, parcel)


def _sends(session: Session, proof_ids: Sequence[int]) -> defaultdict[int, list[_Send]]:
    """The dispatches of proofs, with what belongs to each; by id, as joins, one by one.

    For a list of ids SQLite would walk through all orders of the organisation.
    """
    rows = session.execute(
        select(Dispatch, Order, Shop, Parcel)
        .outerjoin(Order, Order.id == Dispatch.order_id)
        .outerjoin(Shop, Shop.id == Dispatch.shop_id)
        .outerjoin(Parcel, Parcel.id == Dispatch.parcel_id)
        .where(Dispatch.proof_id.in_(proof_ids), Dispatch.kind == DispatchKind.PROOF)
        .order_by(Dispatch.proof_id, Dispatch.id)
    )
    found: defaultdict[int, list[_Send]] = defaultdict(list)
    for dispatch, order, shop, parcel in rows:
        if dispatch.proof_id is not None:
            found[dispatch.proof_id].append((dispatch, order, shop, parcel))
    return found


def _tables(session: Session, ids: set[int]) -> dict[int, str]:
    rows = session.execute(
        select(PackingTable.id, PackingTable.name).where(PackingTable.id.in_(ids))
    )
    return dict(rows.all())
