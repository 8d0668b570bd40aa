"""What the virtual table's daemon takes: memory, processor, and what it writes to its card.

Goals: at most 1.3 x the photos' bytes for a proof, and 1 MB an idle hour. Photos and journal lie on
a disk of their own here, and all that reaches it is counted: the file system's journal too. What a
proof takes beyond its photos does not depend on their size, and the camera here gives small ones:
the ratio is that of photos as `bench_table_writes` has them. Made by `make bench-table`.
"""

import os
import threading

from tests.benchmarks.support.figures import data_folder, say, say_figure, say_machine
from tests.support.virtual_table.product import SPOOL, installed_disk
from tests.support.virtual_table.virtual_table import VirtualTable

IDLE_S = float(os.environ.get("IDLE_S", "120"))
SETTLED_S = 20.0
"""After a start, or after receipts: so long it notes what it heard, and the file system writes."""
ORDERS = 10
"""Counted, after as many: SQLite's log grows at first, later it is written over in place."""
PHOTO_BYTES = 1_050_000
"""Of a proof: three photos of 1920 x 1080."""
GOAL_IDLE_MB = 1.0
GOAL_RATIO = 1.3
SECTOR_BYTES = 512
MB = 1_000_000
HOME = "/var/lib/packwitness"

OWN_DISK = f"""
systemctl stop packwitness-edge
truncate -s 2G /root/card.img
mkfs.ext4 -q -E lazy_itable_init=0,lazy_journal_init=0 /root/card.img
mount -o loop,noatime /root/card.img /mnt
cp -a {HOME}/. /mnt/
umount /mnt
mount -o loop,noatime /root/card.img {HOME}
chown packwitness: {HOME}"""
DISK = f"/sys/class/block/$(basename $(findmnt -n -o SOURCE {HOME}))/stat"
PID = "$(systemctl show -p MainPID --value packwitness-edge)"


class Daemon:
    """What the kernel says of it."""

    def __init__(self, table: VirtualTable) -> None:
        self._run = table.machine.run

    def written_bytes(self) -> int:
        """That its disk was given so far."""
        return int(self._run(f"sync; awk '{{ print $7 }}' {DISK}")) * SECTOR_BYTES

    def memory_mb(self) -> float:
        """Resident."""
        return int(self._run(f"awk '/^VmRSS/ {{ print $2 }}' /proc/{PID}/status")) / 1024

    def cpu_s(self) -> float:
        """That all its threads took so far."""
        return int(self._run(f"awk '{{ print $14 + $15 }}' /proc/{PID}/stat")) / 100

    def photo_bytes(self) -> int:
        """Of all photos."""
        sizes = self._run(f"find {SPOOL} -name '*.jpg' -printf '%s\\n'").split()
        return sum(map(int, sizes))


def wait(seconds: float) -> None:
    """Nobody does anything."""
    threading.Event().wait(seconds)


def main() -> None:
    """Measure and print."""
    say_machine()
    with data_folder() as folder, VirtualTable(folder / "table", installed_disk()) as table:
        table.power_on()
        table.machine.run(OWN_DISK)
        table.restart()
        daemon = Daemon(table)
        wait(SETTLED_S)
        before, cpu = daemon.written_bytes(), daemon.cpu_s()
        wait(IDLE_S)
        idle_bytes = (daemon.written_bytes() - before) * 3600 / IDLE_S
        idle_percent = (daemon.cpu_s() - cpu) / IDLE_S * 100
        idle_mb = daemon.memory_mb()
        _pack(table)
        wait(SETTLED_S)
        before, photos, cpu = daemon.written_bytes(), daemon.photo_bytes(), daemon.cpu_s()
        _pack(table)
        packing_s = (daemon.cpu_s() - cpu) / ORDERS
        wait(SETTLED_S)
        written = daemon.written_bytes() - before
        beyond = (written - (daemon.photo_bytes() - photos)) / ORDERS
        packed_mb = daemon.memory_mb()
    say(f"memory: {idle_mb:.0f} MB resident idle, {packed_mb:.0f} MB after {2 * ORDERS} orders")
    say(f"processor: {idle_percent:.0f} % while idle with a webcam, {packing_s:.1f} s for an order")
    say_figure(
        "virtual table, writes while idle",
        f"{idle_bytes / MB:.2f} MB an hour",
        goal=f"<= {GOAL_IDLE_MB:g} MB",
        met=idle_bytes <= GOAL_IDLE_MB * MB,
        measured=f"over {IDLE_S:g} s, with the file system's journal",
    )
    say_figure(
        "virtual table, writes for a proof",
        f"{1 + beyond / PHOTO_BYTES:.2f} x its photos of {PHOTO_BYTES / MB:.2f} MB",
        goal=f"<= {GOAL_RATIO:g}",
        met=beyond <= (GOAL_RATIO - 1) * PHOTO_BYTES,
        measured=f"{beyond / 1000:.0f} kB beyond the photos, with receipts and the file system's"
        f" journal, over {ORDERS} orders",
    )


def _pack(table: VirtualTable) -> None:
    orders = table.plant(ORDERS)
    for order in orders:
        table.pack(order)
    table.require_sent(orders)


if __name__ == "__main__":
    main()
