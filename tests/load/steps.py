"""More and more tables at one node, until receipts take too long."""

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from os import getloadavg, getpid
from random import Random
from time import monotonic

from edge.uplink.credentials import Credentials
from edge.uplink.settings import UplinkSettings
from edge.uplink.waker import Waker
from tests.load.exact_photos import Photos
from tests.load.fleet import Fleet
from tests.load.ledger import Figures, Ledger, percentiles
from tests.load.load_plan import acts
from tests.load.load_settings import LoadSettings
from tests.load.machine import Sample, sample
from tests.load.node import Node
from tests.load.spool import LoadSpool
from tests.load.table import Heard, LoadTable

_CONNECTED_WITHIN_S = 120.0
_DRAINED_WITHIN_S = 120.0


@dataclass(frozen=True, slots=True)
class Step:
    """What was measured with so many tables."""

    tables: int
    connected: int
    figures: Figures
    photo_bytes: int
    """Of all photos of the receipted proofs."""
    cores: dict[str, float]
    """That each process used, and ``others`` on the machine."""
    memory_bytes: dict[str, int]
    late_p99_s: float
    """How late this generator itself was."""
    load: float
    is_within: bool
    """The 99th percentile is not beyond the limit, and all tables are connected."""

    @property
    def mb_per_s(self) -> float:
        """Photos in proofs that were receipted, MB/s."""
        return self.photo_bytes / self.figures.seconds / 1e6


class Words(logging.Handler):
    """Counts what the tables would write into their logs."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.counts: Counter[str] = Counter()

    def emit(self, record: logging.LogRecord) -> None:
        self.counts[str(record.msg)] += 1


class Played:
    """The tables of a run and what is known of them."""

    def __init__(self, settings: LoadSettings, node: Node) -> None:
        self.settings = settings
        self.node = node
        self.fleet = Fleet()
        self.heard = Heard(Counter(), [], [])
        self.words = Words()
        self.ledger = Ledger(settings.limit_s)
        self.memory_before: dict[str, int] = {}
        self._photos = Photos(settings.photo_bytes)
        self._serials = count(1)
        self._chance = Random(settings.seed)
        self._nobody = Waker()
        self._nobody.close()
        logger = logging.getLogger("edge")
        logger.addHandler(self.words)
        logger.propagate = False

    def look(self) -> Sample:
        """At the processes that take part."""
        broker = self.node.broker_pid()
        pids = {"cloud": self.node.cloud.pid, "generator": getpid()}
        return sample(pids if broker is None else {**pids, "mosquitto": broker})

    def connect(self, tables: Sequence[Credentials]) -> None:
        """Let these connect one after the other and pack; wait until they are connected."""
        now = monotonic()
        for number, who in enumerate(tables):
            at_s = now + number / self.settings.connects_per_s
            table = self._table(who)
            table.connect_at(at_s)
            table.pack(acts(at_s, self.settings.every_s, self.settings.photos, self._chance))
            self.fleet.add(table)
        until = now + len(tables) / self.settings.connects_per_s + _CONNECTED_WITHIN_S
        self.fleet.run_until(lambda at_s: at_s >= until or self.connected == len(self.fleet.tables))

    def _table(self, who: Credentials) -> LoadTable:
        return LoadTable(
            who,
            UplinkSettings(),
            LoadSpool(self._photos, self._serials, self.ledger),
            chance=self._chance,
            heard=self.heard,
            nobody=self._nobody,
        )

    @property
    def connected(self) -> int:
        """How many are."""
        return sum(table.is_ready for table in self.fleet.tables)

    def rest(self, seconds: float) -> None:
        """Turn for so long."""
        until = monotonic() + seconds
        self.fleet.run_until(lambda at_s: at_s >= until)

    def drain(self) -> bool:
        """Close no more proofs, and wait for the receipts; whether all came."""
        for table in self.fleet.tables:
            table.pause()
        until = monotonic() + _DRAINED_WITHIN_S
        self.fleet.run_until(lambda at_s: at_s >= until or not self.ledger.waiting)
        return not self.ledger.waiting

    def stop(self) -> None:
        """End all tables."""
        self.fleet.stop()
        logging.getLogger("edge").removeHandler(self.words)


def climb(played: Played, tables: Sequence[Credentials], say: Callable[[Step], None]) -> list[Step]:
    """Step by step, until one is beyond the limit or the last is done."""
    done: list[Step] = []
    played.memory_before = _memory(played.look())
    there = 0
    for size in played.settings.sizes:
        played.connect(tables[there:size])
        there = size
        played.rest(played.settings.settle_s)
        step = _measure(played)
        say(step)
        done.append(step)
        if not step.is_within:
            break
    return done


def _measure(played: Played) -> Step:
    settings = played.settings
    before, began_s = played.look(), monotonic()
    played.fleet.late_s.clear()
    played.rest(60 * settings.minutes)
    figures = played.ledger.figures(began_s, monotonic())
    after, tables = played.look(), len(played.fleet.tables)
    is_fast = figures.took.p99_s <= settings.limit_s
    return Step(
        tables=tables,
        connected=played.connected,
        figures=figures,
        photo_bytes=figures.receipted * settings.photos * settings.photo_bytes,
        cores=after.cores_since(before),
        memory_bytes=_memory(after),
        late_p99_s=percentiles(played.fleet.late_s).p99_s,
        load=getloadavg()[0],
        is_within=is_fast and played.connected == tables,
    )


def _memory(seen: Sample) -> dict[str, int]:
    return {name: use.memory_bytes for name, use in seen.processes.items()}
