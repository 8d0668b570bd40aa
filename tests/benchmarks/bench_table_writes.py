"""What a table writes to its card. Goals: at most 1 MB an idle hour, 1.3 x the photos for a proof.

A real daemon with the simulated camera (1920 x 1080), connected to a real broker and to a cloud
that receipts everything. Counted is what the daemon's process gave to the disk (/proc/PID/io):
photos, journal, notes; not the file system's own journal, and not the log, which stays in memory
on a table.
"""

import os
import threading
from pathlib import Path

from tests.benchmarks.support.figures import data_folder, say_figure, say_machine
from tests.support.fake_cloud import FakeCloud
from tests.support.mosquitto import Mosquitto
from tests.support.table_process import TableProcess, write_table
from tests.support.waiting import eventually
from wire.messages import AdviceKind

IDLE_S = float(os.environ.get("IDLE_S", "120"))
SETTLED_S = 10.0
"""After a start, or after receipts: so long it notes what it heard."""
GOAL_IDLE_MB = 1.0
GOAL_RATIO = 1.3
ORDERS = 20
DEVICE = "table-01"
MB = 1_000_000


def written_bytes(pid: int) -> int:
    """What the process caused to be written to the disk so far."""
    fields = dict(line.split(": ") for line in Path(f"/proc/{pid}/io").read_text().splitlines())
    return int(fields["write_bytes"])


def written_while_idle(pid: int) -> int:
    """Bytes in ``IDLE_S``, once what came before has settled."""
    threading.Event().wait(SETTLED_S)
    before = written_bytes(pid)
    threading.Event().wait(IDLE_S)
    return written_bytes(pid) - before


def pack(table: TableProcess, cloud: FakeCloud, code: str) -> None:
    """An order with three photos, sent and receipted."""
    done = len(cloud.proofs)
    table.enter_and_see(code, "Order open")
    for number in (1, 2, 3):
        table.enter_and_see("p", f"{number} photo")
    table.enter_and_see("s", "Saved")
    eventually(lambda: len(cloud.proofs) > done)


def photo_bytes(spool: Path) -> int:
    """Size of all photos."""
    return sum(path.stat().st_size for path in spool.rglob("*.jpg"))


def main() -> None:
    """Measure and print."""
    say_machine()
    with data_folder() as folder:
        broker = Mosquitto(folder / "broker")
        broker.start()
        settings = write_table(folder, port=broker.port, password=broker.users[DEVICE])
        size = ("--set", "camera.width=1920", "--set", "camera.height=1080")
        with FakeCloud(broker) as cloud, TableProcess(settings, *size) as table:
            cloud.advice = AdviceKind.NOT_SYNCED
            table.see("Ready")
            eventually(lambda: cloud.healths)
            pid = table.process.pid
            idle = written_while_idle(pid) * 3600 / IDLE_S
            before = written_bytes(pid)
            for number in range(ORDERS):
                pack(table, cloud, f"{220101 + number}ABCD1234")
            threading.Event().wait(SETTLED_S)
            packing = written_bytes(pid) - before
            photos = photo_bytes(folder / "spool")
            after = written_while_idle(pid) * 3600 / IDLE_S
            table.stop()
        broker.stop()
    say_figure(
        "table, writes while idle",
        f"{idle / MB:.2f} MB an hour",
        goal=f"<= {GOAL_IDLE_MB:g} MB",
        met=idle <= GOAL_IDLE_MB * MB,
        measured=f"over {IDLE_S:g} s; after {ORDERS} orders {after / MB:.2f} MB",
    )
    say_figure(
        "table, writes for a proof",
        f"{packing / photos:.2f} x its photos",
        goal=f"<= {GOAL_RATIO:g}",
        met=packing <= GOAL_RATIO * photos,
        measured=f"{packing / ORDERS / 1000:.0f} kB for {photos / ORDERS / 1000:.0f} kB of photos,"
        f" with receipts, over {ORDERS} orders",
    )


if __name__ == "__main__":
    main()
