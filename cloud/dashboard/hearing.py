"""Which changes of an organisation a member hears of: those of what the pages show them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from cloud.accounts.roles import Deed
from cloud.conversations.models import Conversation, Dispatch
from cloud.dashboard.topics import ChangeFacts
from cloud.dashboard.visitors import Visitor
from cloud.database.write import Database
from cloud.proofs.models import Proof
from cloud.shops.models import Shop

Change = TypeVar("Change", bound=ChangeFacts)

HEARD_BY: Mapping[str, frozenset[Deed]] = {
    "dispatch": frozenset({Deed.SEE_PROOFS}),
    "proof": frozenset({Deed.SEE_PROOFS}),
    "conversation": frozenset({Deed.SEE_PROOFS}),
    "shop": frozenset({Deed.SEE_CHANNELS}),
    # The workbench shows a table to everybody who sees what is packed there.
    "table": frozenset({Deed.SEE_TABLES, Deed.SEE_PROOFS}),
    "fleet": frozenset({Deed.SEE_TABLES, Deed.SEE_PROOFS}),
}
"""Whose pages show what a kind of change is about: any of these deeds. Other kinds nobody hears."""
_NARROWED: Mapping[str, Any] = {
    "dispatch": Dispatch,
    "proof": Proof,
    "conversation": Conversation,
    "shop": Shop,
}


def heard_by(visitor: Visitor, database: Database, changes: Sequence[Change]) -> Sequence[Change]:
    """Those that the member's role lets them hear of, and that are about what they may see."""
    heard = [one for one in changes if any(map(visitor.may, HEARD_BY.get(one.kind, ())))]
    if visitor.scope.sight is None or not any(one.kind in _NARROWED for one in heard):
        return heard
    with database.read(visitor.scope) as session:
        seen = {kind: _seen(session, kind, heard) for kind in _NARROWED}
    return [one for one in heard if one.kind not in _NARROWED or _id(one) in seen[one.kind]]


def _seen(session: Session, kind: str, changes: Iterable[ChangeFacts]) -> Collection[int]:
    model = _NARROWED[kind]
    asked = {_id(one) for one in changes if one.kind == kind}
    return set(session.scalars(select(model.id).where(model.id.in_(asked)))) if asked else ()


def _id(change: ChangeFacts) -> int:
    """Of the subject's row: "proof:7"."""
    return int(change.subject.rpartition(":")[2])
