"""A whole load run: set up, climb, restart, and count at the end."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import func, select

from cloud.database.scope import system
from cloud.database.write import Database
from cloud.proofs.models import Proof
from tests.load.load_settings import LoadSettings
from tests.load.machine import allow_files
from tests.load.node import Node, emptied
from tests.load.restart import Restart, kill_broker
from tests.load.steps import Played, Step, climb


@dataclass(frozen=True, slots=True)
class Outcome:
    """All that came out."""

    steps: list[Step]
    memory_before: dict[str, int]
    restart: Restart | None
    closed: int
    receipted: int
    waiting: int
    stored: int
    """Proofs in the cloud's database."""
    refused: list[str]
    said: Counter[str]

    @property
    def is_whole(self) -> bool:
        """Every proof that was closed has one receipt and one row."""
        return self.closed == self.receipted == self.stored and not self.refused


def run(
    settings: LoadSettings,
    say: Callable[[str], None],
    on_step: Callable[[Step], None],
) -> Outcome:
    """Play it. From the main thread only.

    Raises:
        LauncherError: a program could not be started, or ended.
    """
    allowed = allow_files(settings.tables)
    if allowed < settings.tables:
        say(f"  the limit of open files lets in {allowed} tables (ulimit -Hn)")
    with emptied(settings.data) as data:
        node = Node(data)
        tables = node.enrol(allowed)
        say(f"  {len(tables)} tables enrolled")
        with _playing(settings, node) as played:
            steps = climb(played, tables, on_step)
            restart = _restart(played, steps)
            played.drain()
        return _outcome(played, steps, restart)


@contextmanager
def _playing(settings: LoadSettings, node: Node) -> Iterator[Played]:
    node.start()
    try:
        played = Played(settings, node)
        try:
            yield played
        finally:
            played.stop()
    finally:
        node.stop()


def _restart(played: Played, steps: list[Step]) -> Restart | None:
    if not played.settings.restart:
        return None
    within = [step.tables for step in steps if step.is_within]
    wanted = played.settings.restart_tables or (within[-1] if within else steps[0].tables)
    played.fleet.keep(wanted)
    return kill_broker(played)


def _outcome(played: Played, steps: list[Step], restart: Restart | None) -> Outcome:
    ledger = played.ledger
    with (
        Database.open(played.node.database_address) as database,
        database.read(system("what the load stored")) as session,
    ):
        stored = session.scalar(select(func.count()).select_from(Proof)) or 0
    return Outcome(
        steps=steps,
        memory_before=played.memory_before,
        restart=restart,
        closed=ledger.closed,
        receipted=ledger.receipted,
        waiting=ledger.waiting,
        stored=stored,
        refused=ledger.refused,
        said=played.words.counts,
    )
