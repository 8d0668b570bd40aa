"""Dispatchers side by side: messages per second of 1, 2 and 4 processes, as ratios to one.

Real `packwitness-cloud run dispatch` processes on PostgreSQL; the marketplace answers each call in
100 ms. Also how soon a link's tables are taken over when it is killed (goal of issue 3: 10 s).
"""

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select

from cloud.conversations.models import Message
from cloud.conversations.states import MessageState
from cloud.database.scope import system
from cloud.database.write import Database
from cloud.link.models import PartitionLease
from cloud.migrations.upgrade import upgrade
from launcher.programs import installed
from sandbox.testing import SandboxControl
from tests.benchmarks.support.figures import data_folder, say, say_figure, say_machine
from tests.benchmarks.support.many_shops import PHOTOS, Plan, PlantedOrder, Seller
from tests.benchmarks.support.sandbox_process import running_sandbox
from tests.fixtures_database import PostgresServer, find_programs
from tests.support.mosquitto import free_port

SHOPS = 60
ORDERS_PER_ROUND = SHOPS
COUNTS = (1, 2, 4)
ROUNDS = 2
REPLY_MS = 100
GOAL_TAKEOVER_S = 10.0
PATIENCE_S = 300.0


@dataclass(slots=True)
class Rig:
    """A database with orders to send, and the environment of the processes that send them."""

    database: Database
    seller: Seller
    orders: Iterator[PlantedOrder]
    environment: dict[str, str]

    def round(self, processes: int) -> float:
        """Messages per second of so many dispatchers, from the first result to the last."""
        for _ in range(ORDERS_PER_ROUND):
            self.seller.pack(next(self.orders))
        begin, wanted = self._sent(), self._sent() + ORDERS_PER_ROUND * (PHOTOS + 1)
        with running(self.environment, "dispatch", processes):
            self._wait_for(begin + 1)
            first, began_s = self._sent(), time.perf_counter()
            self._wait_for(wanted)
            return (wanted - first) / (time.perf_counter() - began_s)

    def takeover_s(self) -> float:
        """Seconds from kill -9 of one of two links until the other holds everything."""
        with running(self.environment, "link", 2) as links:
            _until(lambda: len(self._holders()) == 2 and None not in self._holders())
            links[0].send_signal(signal.SIGKILL)
            killed_s = time.perf_counter()
            _until(lambda: len(self._holders()) == 1)
            return time.perf_counter() - killed_s

    def _holders(self) -> set[str | None]:
        with self.database.read(system("the benchmark")) as session:
            return set(session.scalars(select(PartitionLease.holder)))

    def _sent(self) -> int:
        with self.database.read(system("the benchmark")) as session:
            statement = select(func.count(Message.id)).where(Message.state == MessageState.SENT)
            return session.scalar(statement) or 0

    def _wait_for(self, messages: int) -> None:
        _until(lambda: self._sent() >= messages)


def _until(reached: Callable[[], bool]) -> None:
    end_s, pause = time.monotonic() + PATIENCE_S, threading.Event()
    while not reached():
        if time.monotonic() > end_s:
            raise TimeoutError("it takes too long")
        pause.wait(0.05)


@contextmanager
def running(
    environment: dict[str, str], role: str, processes: int
) -> Iterator[list["subprocess.Popen[str]"]]:
    """So many processes of a role, started at once; all are ready when the block begins."""
    command = [installed("packwitness-cloud"), "run", role]
    errors_file = Path(environment["PACKWITNESS_CLOUD_DATA_DIR"]) / f"{role}.log"
    with errors_file.open("a") as errors:
        programs = [
            subprocess.Popen(
                command, env=environment, stdout=subprocess.PIPE, stderr=errors, text=True
            )
            for _ in range(processes)
        ]
    try:
        for program in programs:
            said = program.stdout.readline() if program.stdout else ""
            if "ready as" not in said:
                raise RuntimeError(f"{role} did not start: {said}")
        yield programs
    finally:
        for program in programs:
            program.terminate()
        for program in programs:
            program.communicate()


@contextmanager
def _postgres() -> Iterator[str]:
    """The address of an empty database on a server of its own."""
    programs = find_programs()
    if programs is None:
        raise RuntimeError("PostgreSQL's programs are missing: apt install postgresql")
    with tempfile.TemporaryDirectory(prefix="pw-pg-") as folder:
        server = PostgresServer(programs, Path(folder))
        try:
            yield server.address(server.create())
        finally:
            server.stop()


@contextmanager
def rig(folder: Path) -> Iterator[Rig]:
    """Sandbox with its delay, PostgreSQL, mosquitto as a role, and the rows of the shops."""
    plan = Plan(SHOPS, ROUNDS * len(COUNTS) + 1)
    with ExitStack() as stack:
        base_url = stack.enter_context(running_sandbox(folder, plan))
        address = stack.enter_context(_postgres())
        database = stack.enter_context(Database.open(address))
        upgrade(database.engines)
        seller = Seller(database, folder, plan, base_url)
        (folder / "keys").mkdir(mode=0o700)
        shutil.copy(folder / "key", folder / "keys" / "sealing.key")
        control = SandboxControl(base_url)
        stack.callback(control.close)
        control.fault("delay", delay_ms=REPLY_MS, count=None)
        environment = {
            **os.environ,
            "PACKWITNESS_CLOUD_DATA_DIR": str(folder),
            "PACKWITNESS_CLOUD_DATABASE": address,
            "PACKWITNESS_CLOUD_BROKER__PASSWORD": secrets.token_hex(8),
            "PACKWITNESS_CLOUD_BROKER__PORT": str(free_port()),
            "PACKWITNESS_CLOUD_BROKER__CLOUD_PORT": str(free_port()),
        }
        stack.enter_context(running(environment, "broker", 1))
        yield Rig(database, seller, iter(plan.ours), environment)


def main() -> None:
    """Measure and print."""
    say_machine()
    with data_folder() as folder, rig(folder) as measured:
        measured.round(1)
        speeds: dict[int, list[float]] = {count: [] for count in COUNTS}
        for number in range(ROUNDS):
            for count in COUNTS if number % 2 else reversed(COUNTS):
                speeds[count].append(measured.round(count))
        takeover_s = measured.takeover_s()
    means = {count: sum(each) / len(each) for count, each in speeds.items()}
    ratios = ", ".join(f"{count}: {means[count] / means[1]:.2f}" for count in COUNTS)
    rates = ", ".join(f"{count}: {means[count]:.0f}/s" for count in COUNTS)
    say_figure(
        "dispatchers",
        f"{means[2] / means[1]:.2f} with two processes",
        goal="> 1",
        met=means[2] > means[1],
        measured=f"ratios to one {ratios}; messages {rates} ({SHOPS} shops, replies in {REPLY_MS}"
        f" ms, {ROUNDS} rounds; all of it, and PostgreSQL without fsync, on this machine)",
    )
    say_figure(
        "takeover",
        f"{takeover_s:.1f} s until another link holds the tables of one that was killed",
        goal=f"<= {GOAL_TAKEOVER_S:g} s",
        met=takeover_s <= GOAL_TAKEOVER_S,
        measured="leases of 6 s",
    )
    say(f"  load at the end: {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
