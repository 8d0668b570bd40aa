"""Carries out what the plan wants to go wrong, when its moment has come."""

import heapq
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count

import httpx

from sandbox.testing import SandboxControl
from tests.soak.plan import CutNetwork, Freeze, Job, Kill, PlannedFault, Step, Trouble, Victim
from tests.soak.system import System

_AGAIN_S = 0.1
_TRIES = 100
"""A victim that is dead already is waited for: so that as many die as planned."""
_MOMENT_S = 0.05


@dataclass(slots=True)
class Done:
    """What really went wrong."""

    kills: Counter[Victim] = field(default_factory=Counter)
    freezes: Counter[Victim] = field(default_factory=Counter)
    cuts: int = 0
    troubles: Counter[str] = field(default_factory=Counter)
    missed: int = 0
    """Planned ones that found nobody, or came too late."""


@dataclass(order=True, slots=True)
class _Due:
    at_s: float
    number: int
    act: Callable[[], None] = field(compare=False)
    undoes: bool = field(compare=False)
    """It ends a fault, and is done whatever else is dropped."""


class Havoc:
    """Hands say which step they take; the main thread, by ``turn``, does what belongs to it."""

    def __init__(self, system: System, controls: Mapping[int, SandboxControl]) -> None:
        """``controls``: each packer's own connection to the marketplace."""
        self.done = Done()
        self._system = system
        self._controls = controls
        self._due: list[_Due] = []
        self._numbers = count()
        self._changed = threading.Condition()
        self._is_over = False

    def on_step(self, job: Job, step: Step) -> None:
        """A step of a job is taken now."""
        for fault in job.faults:
            if fault.step is not step:
                continue
            if isinstance(fault.what, Trouble):
                self._ask_for(job, fault.what)
            else:
                self._put(fault.delay_ms / 1000, self._act(job, fault))

    def turn(self) -> None:
        """Carry out what is due; waits a moment for it."""
        with self._changed:
            now_s = time.monotonic()
            next_s = self._due[0].at_s if self._due else now_s + _MOMENT_S
            self._changed.wait(max(0.0, min(next_s - now_s, _MOMENT_S)))
            now_s = time.monotonic()
            due = []
            while self._due and self._due[0].at_s <= now_s:
                due.append(heapq.heappop(self._due))
        for one in due:
            one.act()

    @property
    def is_busy(self) -> bool:
        """Whether a fault has still to begin."""
        with self._changed:
            return any(not one.undoes for one in self._due)

    def end(self) -> None:
        """No fault begins any more, and those there are end now."""
        with self._changed:
            self._is_over = True
            waiting, self._due = self._due, []
        self.done.missed += sum(not one.undoes for one in waiting)
        for one in waiting:
            if one.undoes:
                one.act()

    def _put(self, delay_s: float, act: Callable[[], None], *, undoes: bool = False) -> None:
        with self._changed:
            if self._is_over and not undoes:
                self.done.missed += 1
                return
            due = _Due(time.monotonic() + delay_s, next(self._numbers), act, undoes)
            heapq.heappush(self._due, due)
            self._changed.notify()

    def _ask_for(self, job: Job, trouble: Trouble) -> None:
        """The marketplace itself keeps it until a call of this shop meets it."""
        fields = dict(trouble.fields)
        try:
            self._controls[job.table].fault(
                trouble.kind, trouble.path, shop_id=job.order.shop_id, **fields
            )
        except httpx.TransportError:  # it is down, as it may be
            self.done.missed += 1
        else:
            self.done.troubles[f"{trouble.kind} at {trouble.path}"] += 1

    def _act(self, job: Job, fault: PlannedFault) -> Callable[[], None]:
        what = fault.what
        if isinstance(what, Kill):
            return lambda: self._kill(what.victim, job.table)
        if isinstance(what, Freeze):
            return lambda: self._freeze(what, job.table)
        assert isinstance(what, CutNetwork)
        return lambda: self._cut(what, job.table)

    def _kill(self, victim: Victim, table: int, tries: int = _TRIES) -> None:
        process = self._system.victim(victim, table)
        if process is not None and _signal(process.pid, signal.SIGKILL):
            self._system.note_kill(process)
            self.done.kills[victim] += 1
        elif tries:
            self._put(_AGAIN_S, lambda: self._kill(victim, table, tries - 1))
        else:
            self.done.missed += 1

    def _freeze(self, what: Freeze, table: int) -> None:
        process = self._system.victim(what.victim, table)
        if process is None or not _signal(process.pid, signal.SIGSTOP):
            self.done.missed += 1
            return
        self.done.freezes[what.victim] += 1
        self._put(what.for_ms / 1000, lambda: _thaw(process.pid), undoes=True)

    def _cut(self, what: CutNetwork, table: int) -> None:
        network = self._system.stations[table].network
        network.cut()
        self.done.cuts += 1
        self._put(what.for_ms / 1000, network.connect, undoes=True)


def _thaw(pid: int) -> None:
    _signal(pid, signal.SIGCONT)


def _signal(pid: int, number: signal.Signals) -> bool:
    """Whether there was a process to take it."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True
