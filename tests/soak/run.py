"""One soak from its start to its verdict."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx

from launcher.evidence import preset_for
from sandbox.testing import SandboxControl
from tests.soak import records
from tests.soak.clouds import ROLES
from tests.soak.hands import Hands
from tests.soak.havoc import Done, Havoc
from tests.soak.judge import ChatKey, Closed, Facts, Owner, Verdict, judge
from tests.soak.plan import Job, Order, job, order
from tests.soak.planting import Planting
from tests.soak.report import Progress, clock
from tests.soak.settings import SoakSettings
from tests.soak.system import System, running

_LOOK_EVERY_S = 1.0

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is reported of a soak."""

    verdict: Verdict
    done: Done
    packing_s: float
    settling_s: float
    is_settled: bool
    photos: int
    given_up: Sequence[str]
    ended_by_themselves: Sequence[str]


def soak(settings: SoakSettings, say: Say) -> Outcome:
    """Pack, break, let it settle, and judge. For the main thread only.

    Raises:
        LauncherError: the programs could not be started.
    """
    cloud = "the cloud" if settings.cloud == "one" else f"the cloud as {len(ROLES)} processes"
    say(f"starting {settings.tables} tables, {settings.shops} shops, {cloud} and the marketplace")
    with running(settings) as system, ExitStack() as stack:
        control = stack.enter_context(_control(system))
        controls = {
            station.number: stack.enter_context(_control(system)) for station in system.stations
        }
        return _Soak(settings, system, control, controls, say).run()


class _Soak:
    def __init__(
        self,
        settings: SoakSettings,
        system: System,
        control: SandboxControl,
        controls: dict[int, SandboxControl],
        say: Say,
    ) -> None:
        self._settings = settings
        self._system = system
        self._control = control
        self._say = say
        self._havoc = Havoc(system, controls)
        self._may_go_on = threading.Event()
        self._hands = [
            Hands(
                station,
                Planting(controls[station.number], partial(self._order, station.number)),
                job_at=partial(self._job, station.number),
                on_step=self._havoc.on_step,
                may_go_on=self._may_go_on,
                jobs=settings.jobs_of_a_table,
            )
            for station in system.stations
        ]
        self._progress = Progress(settings.progress_every_s, say)
        self._looked_s = 0.0
        self._on_the_way = 0

    def run(self) -> Outcome:
        """From the first job to the verdict."""
        began_s = time.monotonic()
        self._pack(began_s)
        packed_s = time.monotonic()
        is_settled = self._settle()
        settled_s = time.monotonic()
        took = clock(settled_s - packed_s)
        self._say(f"settled after {took}" if is_settled else f"not settled after {took}")
        facts = self._facts()
        return Outcome(
            verdict=judge(facts),
            done=self._havoc.done,
            packing_s=packed_s - began_s,
            settling_s=settled_s - packed_s,
            is_settled=is_settled,
            photos=sum(len(one.photos) for one in facts.closed),
            given_up=[line for hands in self._hands for line in hands.packed.given_up],
            ended_by_themselves=self._system.ended_by_themselves,
        )

    def _order(self, table: int, index: int) -> Order:
        return order(self._settings.seed, table, index, shops=self._settings.shops)

    def _job(self, table: int, index: int) -> Job:
        settings = self._settings
        return job(settings.seed, table, index, shops=settings.shops, rates=settings.rates)

    # --- packing --------------------------------------------------------------------------------

    def _pack(self, began_s: float) -> None:
        end_s = began_s + 60 * self._settings.minutes
        for hands in self._hands:
            hands.start()
        while self._havoc.is_busy or not all(hands.is_resting for hands in self._hands):
            if time.monotonic() >= end_s:
                for hands in self._hands:
                    hands.rest()
            self._turn()
        self._havoc.end()
        for error in (hands.error for hands in self._hands if hands.error):
            raise error

    def _turn(self) -> None:
        """Break what is to break, start what ended, and now and then look how far it is."""
        self._havoc.turn()
        self._system.revive()
        if time.monotonic() - self._looked_s >= _LOOK_EVERY_S:
            self._look()

    def _look(self) -> None:
        closed = records.closed_ids(self._spools())
        ended = records.ended_ids(records.read_log(self._system.cloud.address))
        self._on_the_way = len(closed - ended)
        if self._on_the_way < self._settings.most_on_the_way:
            self._may_go_on.set()
        else:
            self._may_go_on.clear()
        self._progress.look(len(closed), self._on_the_way, self._havoc.done)
        self._looked_s = time.monotonic()

    def _spools(self) -> list[Path]:
        return [station.folder.spool for station in self._system.stations]

    # --- the end --------------------------------------------------------------------------------

    def _settle(self) -> bool:
        """Without faults, until nothing is on its way any more; whether that came in time."""
        bound_s = self._settings.settle_s
        self._say(f"the faults have stopped; waiting at most {clock(bound_s)} until all settled")
        end_s, are_faults_gone = time.monotonic() + bound_s, False
        self._on_the_way = 1
        while time.monotonic() < end_s and (self._on_the_way or not are_faults_gone):
            are_faults_gone = are_faults_gone or self._take_faults_back()
            self._turn()
        return not self._on_the_way

    def _take_faults_back(self) -> bool:
        try:
            self._control.call("DELETE", "/faults")
        except httpx.TransportError:  # it is being started again
            return False
        return True

    def _facts(self) -> Facts:
        closed = [one for hands in self._hands for one in self._closed(hands)]
        planted = [
            self._order(hands.station.number, index)
            for hands in self._hands
            for index in range(hands.planting.planted)
        ]
        keys = {(one.shop_id, one.buyer_id) for one in planted}
        self._say(f"reading {len(keys)} chats")
        owners = {one.number: _owner(one) for one in planted}
        files = records.photo_files(self._spools())
        photos: dict[ChatKey, dict[str, Path]] = {key: {} for key in keys}
        for one in closed:
            photos[owners[one.code].chat] |= {name: files[name] for name in one.photos}
        chats, elsewhere = records.read_chats(self._control, sorted(keys), photos)
        return Facts(
            closed=closed,
            owners=owners,
            chats=chats,
            log=records.read_log(self._system.cloud.address),
            elsewhere=elsewhere,
        )

    def _closed(self, hands: Hands) -> list[Closed]:
        return records.closed_at(hands.station.folder.spool, hands.packed.saved)


def _owner(one: Order) -> Owner:
    chat: ChatKey = (one.shop_id, one.buyer_id)
    return Owner(chat, preset_for(one.number))


@contextmanager
def _control(system: System) -> Iterator[SandboxControl]:
    control = system.control()
    try:
        yield control
    finally:
        control.close()
