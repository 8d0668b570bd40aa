"""What a table says of itself to the cloud. Pure."""

from collections.abc import Sequence

from edge.clock import Moment
from edge.indicator.signs import Sign
from edge.packing import State, faults
from edge.spool.records import SpoolCounts
from wire.messages import Health

_LONGEST_FAULT = 100  # of the wire


def health(
    state: State,
    counts: SpoolCounts,
    used_percent: float,
    now: Moment,
    *,
    of_machine: Sequence[str] = (),
    temperature_c: float | None = None,
) -> Health:
    """The health message of this moment. ``of_machine``: faults of the machine and of this run."""
    sign, _ = state.shown or (Sign.READY, "")
    proof = state.open
    found = [*faults(state), *of_machine]
    if counts.refused_proofs:
        found.append(f"{counts.refused_proofs} proofs were refused by the cloud")
    if counts.lost_photos:
        found.append(f"{counts.lost_photos} photos are damaged or gone from the disk")
    return Health(
        sign=sign,
        mode=state.mode,
        open_code=proof.code if proof is not None else None,
        open_photos=list(proof.photos) if proof is not None else [],
        waiting_proofs=counts.waiting_proofs,
        oldest_waiting_s=_waiting_s(state, now),
        disk_used_percent=min(100.0, max(0.0, used_percent)),
        clock_synced=now.synced,
        temperature_c=temperature_c,
        faults=[fault[:_LONGEST_FAULT] for fault in found][:20],
    )


def _waiting_s(state: State, now: Moment) -> float:
    if state.waiting_since_ns is None:
        return 0.0
    return max(0.0, (now.monotonic_ns - state.waiting_since_ns) / 1e9)
