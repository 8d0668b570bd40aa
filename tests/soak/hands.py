"""A packer's hands: pack one job after the other, as fast as the light says that it is done."""

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from launcher.errors import LauncherError, NotAsPromised, TookTooLong
from launcher.light import Light, Lights
from launcher.table import F1, F2, F4, SCAN_END
from tests.soak.plan import Job, Step
from tests.soak.planting import Planting
from tests.soak.records import is_closed, kept_photos
from tests.soak.system import Station

_SIGN_S = 60.0
_PAUSE_S = 0.02
_TRIES = 5
_PHOTOS = re.compile(r": (\d) photos?\b")
_SAVED = "Saved, go on"
_NOT_TAKEN = frozenset({"Refused", "STOP", "Call the lead", "Packed without photo"})


@dataclass(slots=True)
class Packed:
    """What one packer remembers; the judge compares it with the table's journal."""

    saved: list[str] = field(default_factory=list)
    """Orders of which the light said "Saved"."""
    jobs: int = 0
    """Those that are over, and the one at hand."""
    given_up: list[str] = field(default_factory=list)
    """Jobs that could not be packed, with what the light said instead."""


def _counting(photos: int) -> Callable[[Light], bool]:
    """The sign of an open order with so many photos on the disk; a click promises none."""

    def fits(light: Light) -> bool:
        found = _PHOTOS.search(light.text)
        return found is not None and int(found[1]) == photos and light.title != "Click"

    return fits


class Hands:
    """The thread of one packer."""

    def __init__(
        self,
        station: Station,
        planting: Planting,
        *,
        job_at: Callable[[int], Job],
        on_step: Callable[[Job, Step], None],
        may_go_on: threading.Event,
        jobs: int | None = None,
    ) -> None:
        """``on_step`` hears of each step as it is taken; no job begins while ``may_go_on`` is off.

        ``jobs``: how many to pack; None: until told to rest.
        """
        self.packed = Packed()
        self.planting = planting
        self.error: BaseException | None = None
        self.station = station
        self._job_at = job_at
        self._on_step = on_step
        self._may_go_on = may_go_on
        self._jobs = jobs
        self._taken: set[tuple[int, Step]] = set()
        self._ending = threading.Event()
        self._pause = threading.Event()
        self._thread = threading.Thread(
            target=self._run, name=f"hands {station.number}", daemon=True
        )

    def start(self) -> None:
        """Begin to pack."""
        self._thread.start()

    def rest(self) -> None:
        """Finish the job at hand, and begin no other."""
        self._ending.set()

    @property
    def is_resting(self) -> bool:
        """Whether the last job is over."""
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            while not self._ending.is_set() and self.packed.jobs != self._jobs:
                if self._may_go_on.wait(_PAUSE_S):
                    self._next_job()
        except BaseException as error:  # noqa: BLE001  the main thread raises it
            self.error = error

    def _next_job(self) -> None:
        index = self.packed.jobs
        if not self.planting.ensure(index, self._ending.is_set):
            return
        self.packed.jobs += 1
        self._pack_surely(self._job_at(index))

    def _pack_surely(self, job: Job) -> None:
        """As a packer does: when the table was dark for a moment, the order is scanned again."""
        for _ in range(_TRIES):
            lights = self.station.table.lights
            try:
                self._pack(job, lights)
            except (NotAsPromised, TookTooLong) as error:
                # Left as it is: it was not closed, so nobody may get anything of it.
                self.packed.given_up.append(str(error))
                return
            except LauncherError:
                self._wait_lit(lights)
            else:
                return
            if self._is_closed(job):
                return
        self.packed.given_up.append(f"{job.order.number}: the table ended {_TRIES} times")

    def _wait_lit(self, before: Lights) -> None:
        """Until the table was started again; whoever starts it gives it new lights."""
        while self.station.table.lights is before:
            self._pause.wait(_PAUSE_S)

    def _is_closed(self, job: Job) -> bool:
        """Ask the journal once the new start has put it in order."""
        lights = self.station.table.lights
        try:
            self.station.wait_lit()
        except LauncherError:
            self._wait_lit(lights)
            return self._is_closed(job)
        return is_closed(self.station.folder.spool, job.order.number)

    # --- one order ------------------------------------------------------------------------------

    def _pack(self, job: Job, lights: Lights) -> None:
        """Scan, which brings back photos taken before; make them as many as wanted; send."""
        there = kept_photos(self.station.folder.spool, job.order.number)
        # The light may say "Order open" first: all that are kept have to be back.
        self._press(job, lights, f"{job.order.number}{SCAN_END}", _counting(there), Step.SCAN)
        if job.takes_one_back and there == 0:
            self._press(job, lights, F1, _counting(1))
            self._press(job, lights, F2, _counting(0))
        for number in range(there, job.photos):
            self._press(job, lights, F1, _counting(number + 1), None if number else Step.PHOTO)
        for number in range(there, job.photos, -1):
            self._press(job, lights, F2, _counting(number - 1))
        if job.is_left:
            return
        self._press(job, lights, F4, lambda light: light.title == _SAVED, Step.SEND)
        self.packed.saved.append(job.order.number)
        self._step(job, Step.SAVED)

    def _press(
        self,
        job: Job,
        lights: Lights,
        keys: str,
        wanted: Callable[[Light], bool],
        step: Step | None = None,
    ) -> Light:
        place = lights.count
        if step is not None:
            self._step(job, step)
        self.station.type(keys, lights)
        about = job.order.number
        return self._wait(lights, place, lambda one: about in one.text and wanted(one), about)

    def _step(self, job: Job, step: Step) -> None:
        """Once in each job: what was killed at a step is not killed there again and again."""
        if (job.index, step) not in self._taken:
            self._taken.add((job.index, step))
            self._on_step(job, step)

    def _wait(
        self, lights: Lights, place: int, wanted: Callable[[Light], bool], what: str
    ) -> Light:
        return lights.wait_for(
            wanted,
            since=place,
            deadline_s=_SIGN_S,
            what=what,
            log=self.station.table.program.log,
            unless=lambda light: light.title in _NOT_TAKEN and not wanted(light),
        )
