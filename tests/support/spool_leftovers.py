"""Spools that were left in a certain state, and what a start makes of them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from edge.spool.store import Spool
from tests.support.spool_table import TableClock, jpeg, open_spool, proof_id
from wire.messages import Closing, Manifest, Mode

P1, P2, P3 = proof_id(1), proof_id(2), proof_id(3)


class Starts:
    """Opens a spool again and again; the one opened before is closed first, its daemon is gone."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.clock = TableClock()
        self._running: Spool | None = None

    def __call__(self, **settings: Any) -> Spool:
        self.stop()
        self._running = open_spool(self.directory, self.clock, **settings)
        return self._running

    def stop(self) -> None:
        if self._running is not None:
            self._running.close()


def starts(directory: Path) -> Iterator[Starts]:
    """For a fixture: closes what is open at the end."""
    result = Starts(directory)
    yield result
    result.stop()


def pack(spool: Spool, clock: TableClock, proof: str, code: str, *numbers: int) -> None:
    spool.open_proof(proof, code, Mode.PACKING, clock.now())
    for number in numbers:
        spool.save_photo(proof, number, jpeg(number), clock.now(), "sim")


def sent_and_withdrawn(start: Starts) -> dict[str, bytes]:
    """A closed spool: one proof sent, one sent and withdrawn, one left open; raw by proof."""
    spool, clock = start(), start.clock
    pack(spool, clock, P1, "SENT/1", 1, 2)
    pack(spool, clock, P2, "BACK", 3)
    pack(spool, clock, P3, "OPEN", 4)
    raw = {P1: spool.close_proof(P1, Closing.SEND, clock.now()).raw}
    spool.close_proof(P2, Closing.SEND, clock.now())
    raw[P2] = spool.withdraw(P2, clock.now()).raw
    start.stop()
    return raw


def waiting(spool: Spool) -> dict[str, Manifest]:
    return {m.proof_id: Manifest.from_bytes(m.raw) for m in spool.manifests_to_send(99)}


def closings(spool: Spool) -> dict[str, list[Closing]]:
    result: dict[str, list[Closing]] = {}
    for manifest in waiting(spool).values():
        result.setdefault(manifest.code, []).append(manifest.closing)
    return result
