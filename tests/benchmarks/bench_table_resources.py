"""The table's daemon: memory and idle CPU. Goals: at most 64 MB resident, at most 1 % of a core.

A real process without camera library (the simulated camera, 1920 x 1080), connected to a real
broker, with its input on a pipe.
"""

import os
import threading
import time
from pathlib import Path

from tests.benchmarks.support.figures import data_folder, say_figure, say_machine
from tests.support.mosquitto import Mosquitto
from tests.support.table_process import TableProcess, write_table
from tests.support.waiting import eventually

IDLE_S = 20.0
GOAL_MB = 64.0
GOAL_PERCENT = 1.0
ORDERS = 3
DEVICE = "table-01"


def memory_mb(pid: int, field: str) -> float:
    """A line of /proc/PID/status such as VmRSS, in MB of 1024 * 1024 bytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) / 1024
    raise LookupError(field)


def cpu_s(pid: int) -> float:
    """CPU time that all threads of the process took so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def idle_percent(pid: int) -> float:
    """Share of a core while nobody does anything."""
    began_s, before_s = time.monotonic(), cpu_s(pid)
    threading.Event().wait(IDLE_S)
    return 100 * (cpu_s(pid) - before_s) / (time.monotonic() - began_s)


def pack(table: TableProcess, code: str) -> None:
    """An order with three photos, sent."""
    table.enter_and_see(code, "Order open")
    for number in (1, 2, 3):
        table.enter_and_see("p", f"{number} photo")
    table.enter_and_see("s", "Saved")


def main() -> None:
    """Measure and print."""
    say_machine()
    with data_folder() as folder:
        broker = Mosquitto(folder / "broker")
        broker.start()
        settings = write_table(folder, port=broker.port, password=broker.users[DEVICE])
        size = ("--set", "camera.width=1920", "--set", "camera.height=1080")
        with TableProcess(settings, *size, "--set", "log.level=info") as table:
            table.see("Ready")
            eventually(lambda: DEVICE in broker.log())
            pid = table.process.pid
            idle = idle_percent(pid)
            resident = memory_mb(pid, "VmRSS")
            for number in range(ORDERS):
                pack(table, f"{220101 + number}ABCD1234")
            packed, most = memory_mb(pid, "VmRSS"), memory_mb(pid, "VmHWM")
            table.stop()
        broker.stop()
    say_figure(
        "table, memory",
        f"{resident:.0f} MB resident",
        goal=f"<= {GOAL_MB:g} MB",
        met=resident <= GOAL_MB,
        measured=f"after {ORDERS} orders of three simulated photos {packed:.0f} MB,"
        f" at the most {most:.0f} MB",
    )
    say_figure(
        "table, idle CPU",
        f"{idle:.2f} % of a core",
        goal=f"<= {GOAL_PERCENT:g} %",
        met=idle <= GOAL_PERCENT,
        measured=f"over {IDLE_S:g} s, connected to a broker",
    )


if __name__ == "__main__":
    main()
