"""What pages show of proofs: each with its table, its order and shop, and its dispatches."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cloud.conversations.models import Dispatch
from cloud.conversations.states import DispatchKind, DispatchState, Reason
from cloud.fleet.models import PackingTable
from cloud.orders.models import Order, Parcel
from cloud.proofs.models import Proof, ProofPhoto
from cloud.proofs.states import ProofState, state_of_proof
from cloud.shops.models import Shop


@dataclass(frozen=True, slots=True)
class LogEntry:
    """A proof and what belongs to it; None where it is not known (yet)."""

    proof: Proof
    table_name: str
    photo_count: int
    dispatches: tuple[Dispatch, ...]
    """Oldest first; the first send and each resend."""
    order: Order | None
    shop: Shop | None
    parcel: Parcel | None

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
    proofs = session.scalars(
        select(Proof).where(Proof.id.in_(proof_ids)).order_by(Proof.id.desc())
    ).all()
    dispatches = _dispatches(session, proof_ids)
    newest = [found[-1] for found in dispatches.values()]
    tables = _tables(session, {proof.table_id for proof in proofs})
    counts = _photo_counts(session, proof_ids)
    orders = _orders(session, {one.order_id for one in newest})
    shops = _shops(session, {one.shop_id for one in newest})
    parcels = _parcels(session, {one.parcel_id for one in newest})
    entries = []
    for proof in proofs:
        sends = dispatches.get(proof.id, ())
        last = sends[-1] if sends else None
        entries.append(
            LogEntry(
                proof=proof,
                table_name=tables.get(proof.table_id, ""),
                photo_count=counts.get(proof.id, 0),
                dispatches=tuple(sends),
                order=orders.get(last.order_id) if last else None,
                shop=shops.get(last.shop_id) if last else None,
                parcel=parcels.get(last.parcel_id) if last else None,
            )
        )
    return entries


def _dispatches(session: Session, proof_ids: Sequence[int]) -> dict[int, list[Dispatch]]:
    rows = session.scalars(
        select(Dispatch)
        .where(Dispatch.proof_id.in_(proof_ids), Dispatch.kind == DispatchKind.PROOF)
        .order_by(Dispatch.proof_id, Dispatch.id)
    )
    found: defaultdict[int, list[Dispatch]] = defaultdict(list)
    for row in rows:
        if row.proof_id is not None:
            found[row.proof_id].append(row)
    return dict(found)


def _photo_counts(session: Session, proof_ids: Sequence[int]) -> dict[int, int]:
    rows = session.execute(
        select(ProofPhoto.proof_id, func.count(ProofPhoto.id))
        .where(ProofPhoto.proof_id.in_(proof_ids))
        .group_by(ProofPhoto.proof_id)
    )
    return dict(rows.all())


def _tables(session: Session, ids: set[int]) -> dict[int, str]:
    rows = session.execute(
        select(PackingTable.id, PackingTable.name).where(PackingTable.id.in_(ids))
    )
    return dict(rows.all())


def _orders(session: Session, ids: set[int | None]) -> dict[int | None, Order]:
    return {row.id: row for row in session.scalars(select(Order).where(Order.id.in_(ids - {None})))}


def _shops(session: Session, ids: set[int | None]) -> dict[int | None, Shop]:
    return {row.id: row for row in session.scalars(select(Shop).where(Shop.id.in_(ids - {None})))}


def _parcels(session: Session, ids: set[int | None]) -> dict[int | None, Parcel]:
    rows = session.scalars(select(Parcel).where(Parcel.id.in_(ids - {None})))
    return {row.id: row for row in rows}
