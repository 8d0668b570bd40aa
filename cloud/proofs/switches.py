"""The switches of ParcelGuard: how they stand, who put them so and when."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Row, bindparam, func, select
from sqlalchemy.orm import Session

from cloud.accounts.models import Member, Organisation
from cloud.database.prepared import Reading
from cloud.proofs.models import CaptureDecision, Proof
from cloud.proofs.platforms import SENDING, Platform, Switch

_PROOF = Reading(
    select(Proof.platform, Organisation.webcam_entitled)
    .join(Organisation, Organisation.id == Proof.organisation_id)
    .where(Proof.id == bindparam("proof_id"))
)
_NEWEST_FOR_PROOF = Reading(
    select(CaptureDecision.is_on)
    .join(Proof, Proof.organisation_id == CaptureDecision.organisation_id)
    .where(Proof.id == bindparam("proof_id"), CaptureDecision.switch == bindparam("switch"))
    .order_by(CaptureDecision.id.desc())
    .limit(1)
)
_NEWEST = Reading(
    select(CaptureDecision.is_on)
    .where(CaptureDecision.switch == bindparam("switch"))
    .order_by(CaptureDecision.id.desc())
    .limit(1)
)
_ENTITLED = Reading(select(Organisation.webcam_entitled))


@dataclass(frozen=True, slots=True)
class Stands:
    """How a switch stands; ``by`` and ``at`` are None until somebody has switched it."""

    is_on: bool
    by: str | None = None
    """E-mail address of the member."""
    at: datetime | None = None


_UNTOUCHED = Stands(is_on=True)


def is_switched_on(session: Session, switch: Switch) -> bool:
    """How a switch stands (a scoped session)."""
    return _stands_on(_NEWEST.first(session, switch=switch))


def is_webcam_entitled(session: Session) -> bool:
    """Whether the organisation may send from the browser's webcam (a scoped session; S0-08)."""
    found = _ENTITLED.first(session)
    return found is None or bool(found[0])


def sends_from(session: Session, platform: Platform) -> bool:
    """Whether photos of a capture platform go to buyers (a scoped session)."""
    if platform is Platform.WEBCAM and not is_webcam_entitled(session):
        return False
    return is_switched_on(session, SENDING[platform])


def proof_may_go(session: Session, proof_id: int | None) -> bool:
    """The same of what a proof was captured with (any session); True for what is no proof."""
    found = _PROOF.first(session, proof_id=proof_id) if proof_id is not None else None
    if found is None:
        return True
    platform, entitled = Platform(found[0]), bool(found[1])
    if platform is Platform.WEBCAM and not entitled:
        return False
    switch = SENDING[platform]
    return _stands_on(_NEWEST_FOR_PROOF.first(session, proof_id=proof_id, switch=switch))


def switches(session: Session) -> Mapping[Switch, Stands]:
    """How all of them stand, and who put them so (a scoped session)."""
    newest = select(func.max(CaptureDecision.id)).group_by(CaptureDecision.switch)
    rows = session.execute(
        select(
            CaptureDecision.switch, CaptureDecision.is_on, Member.email, CaptureDecision.decided_at
        )
        .join(Member, Member.id == CaptureDecision.member_id)
        .where(CaptureDecision.id.in_(newest))
    )
    found = {switch: Stands(is_on, email, at) for switch, is_on, email, at in rows}
    return {switch: found.get(switch, _UNTOUCHED) for switch in Switch}


def put_switches(
    session: Session, wanted: Mapping[Switch, bool], *, member_id: int, now: datetime
) -> list[Switch]:
    """Put switches (a scoped session); gives those that were changed, which alone are recorded."""
    changed = [one for one, is_on in wanted.items() if is_switched_on(session, one) is not is_on]
    for switch in changed:
        session.add(
            CaptureDecision(
                switch=switch, is_on=wanted[switch], member_id=member_id, decided_at=now
            )
        )
    session.flush()
    return changed


def _stands_on(newest: Row[bool] | None) -> bool:
    return newest is None or bool(newest[0])
