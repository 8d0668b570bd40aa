"""The programs of a soak: marketplace, cloud with its broker, and tables, each behind a relay."""

import shutil
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from launcher.errors import LauncherError
from launcher.folder import Folder
from launcher.light import Lights
from launcher.ports import HOST, free_ports
from launcher.programs import Program, installed, run_command
from launcher.relay import Relay
from launcher.table import CameraChoice, Table
from launcher.whole import READY_S
from sandbox.testing import SandboxControl
from tests.soak.clouds import CLOUDS
from tests.soak.plan import Victim
from tests.soak.setting_up import set_up_cloud, write_seed
from tests.soak.settings import SoakSettings

_STOP_S = 20.0
_TABLE = {
    # Small pictures and no waiting between presses: many proofs, not large ones, are wanted.
    "camera": {"width": 320, "height": 240, "period_ms": 5},
    "packing": {
        "photo_bounce_ms": 0,
        "send_bounce_ms": 0,
        "double_read_ms": 0,
        # A table that stood still for a while must not call its camera lost.
        "capture_deadline_ms": 10_000,
        "label_check": False,
    },
}


@dataclass(slots=True)
class Station:
    """A table, its own network, and its folder."""

    number: int
    folder: Folder
    network: Relay
    table: Table
    starting: threading.Lock = field(default_factory=threading.Lock)
    """Held while one table takes the place of another."""

    def start(self) -> None:
        """Start the table; whoever waits for the light before sees another one from now on."""
        with self.starting:
            self.table.program.start()
            # Each start has its own: what read the last one may still have to notice its end.
            lights = Lights()
            lights.follow(self.table.program.output)
            self.table.lights = lights

    def type(self, keys: str, lights: Lights) -> None:
        """Press keys at the table that has these lights.

        Raises:
            LauncherError: it is gone; a newer one gets none of them.
        """
        with self.starting:
            if self.table.lights is not lights:
                raise LauncherError(f"{self.table.program.name} was started again")
            self.table.type(keys)

    def wait_lit(self) -> None:
        """Until the light says something.

        Raises:
            LauncherError: it stays dark.
        """
        log, name = self.table.program.log, self.table.program.name
        self.table.lights.wait_for(
            lambda _light: True, since=0, deadline_s=READY_S, what=f"{name}: first sign", log=log
        )


@dataclass(frozen=True, slots=True)
class Process:
    """A process that a fault is for. A broker has no name: its program brings it back."""

    pid: int
    name: str = ""


class System:
    """All of them. Start, revive and end it from the main thread."""

    def __init__(self, settings: SoakSettings) -> None:
        self._settings = settings
        self.folder = Folder(settings.data)
        ports = free_ports()
        self._ports = ports
        self.marketplace_url = f"http://{HOST}:{ports.sandbox}"
        self._seed = settings.data / "seed.json"
        self.sandbox = Program(
            "the marketplace",
            [
                *(installed("packwitness-sandbox"), "shopee", "--port", str(ports.sandbox)),
                *("--data", str(self.folder.sandbox), "--seed", str(self._seed)),
            ],
            log=self.folder.logs / "sandbox.log",
            environment={},
        )
        self.cloud = CLOUDS[settings.cloud](self.folder, ports)
        self.stations = [self._station(number) for number in range(settings.tables)]
        self.ended_by_themselves: list[str] = []
        self._killed: set[str] = set()

    def _station(self, number: int) -> Station:
        folder = Folder(self._settings.data / f"table-{number}")
        network = Relay(self._ports.broker)
        table = Table(
            folder,
            broker_port=network.port,
            camera=CameraChoice("simulated"),
            settings=_TABLE,
        )
        table.program.name = f"table {number}"
        return Station(number, folder, network, table)

    def control(self) -> SandboxControl:
        """A connection to the marketplace's control; one for each thread."""
        return SandboxControl(self.marketplace_url)

    def start(self) -> None:
        """Set up and start everything.

        Raises:
            LauncherError: something could not be started.
        """
        write_seed(self._seed, self._settings.shops)
        self.sandbox.start()
        self.sandbox.wait_said("sandbox ready on", READY_S)
        names = [f"Table {station.number}" for station in self.stations]
        shops = self._settings.shops
        claims = set_up_cloud(self.cloud.settings(), self.marketplace_url, shops, names)
        self.cloud.start()
        with ThreadPoolExecutor(max_workers=len(claims)) as pool:
            list(pool.map(self._enrol, self.stations, claims))
        for station in self.stations:
            station.network.connect()
            station.start()
        for station in self.stations:
            station.wait_lit()

    def _enrol(self, station: Station, claim: str) -> None:
        for folder in (station.folder.spool.parent, station.folder.logs):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        station.table.write_settings()
        command = [installed("packwitness-edge"), "--config", str(station.folder.table_settings)]
        run_command([*command, "enroll", "--server", self.cloud.base_url], {}, words=f"{claim}\n")

    # --- while it runs --------------------------------------------------------------------------

    def victim(self, kind: Victim, table: int) -> Process | None:
        """The process that a fault is for, now; None while there is none."""
        if kind is Victim.BROKER:
            pid = broker_of(self.cloud.broker_program)
            return None if pid is None else Process(pid)
        program = self._program(kind, table)
        if program is None or not program.is_running:
            return None
        return Process(program.pid, program.name)

    def note_kill(self, victim: Process) -> None:
        """This one's end was wanted."""
        if victim.name:
            self._killed.add(victim.name)

    def _program(self, kind: Victim, table: int) -> Program | None:
        if kind is Victim.CLOUD:
            return self.cloud.next_victim()
        return self.stations[table].table.program if kind is Victim.TABLE else self.sandbox

    def revive(self) -> None:
        """Start again what ended; a broker comes back by the cloud."""
        if self._has_ended(self.sandbox):
            self.sandbox.start()
        for program in self.cloud.programs:
            if not program.is_running and self.cloud.may_start(program):
                self._has_ended(program)
                program.start()
        for station in self.stations:
            if self._has_ended(station.table.program):
                station.start()

    def _has_ended(self, program: Program) -> bool:
        if program.is_running:
            return False
        if program.name in self._killed:
            self._killed.remove(program.name)
        else:
            self.ended_by_themselves.append(str(program.ended()))
        return True

    def end(self) -> list[str]:
        """End all, tables first; the names of those that had to be forced."""
        programs = [station.table.program for station in self.stations]
        programs += [*self.cloud.programs, self.sandbox]
        forced = [one.name for one in programs if not one.stop(_STOP_S)]
        self.cloud.close()
        for station in self.stations:
            station.network.close()
        return forced


@contextmanager
def running(settings: SoakSettings) -> Iterator[System]:
    """Everything, set up anew and started; ended after the block. For the main thread only."""
    shutil.rmtree(settings.data, ignore_errors=True)
    system = System(settings)
    system.folder.prepare()
    try:
        system.start()
        yield system
    finally:
        system.end()


def broker_of(cloud: Program) -> int | None:
    """The process of the broker that a cloud runs now."""
    if not cloud.is_running:
        return None
    for listed in Path(f"/proc/{cloud.pid}/task").glob("*/children"):
        for pid in _words(listed).split():
            if _words(Path(f"/proc/{pid}/comm")).strip() == "mosquitto":
                return int(pid)
    return None


def _words(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:  # it ended meanwhile
        return ""
