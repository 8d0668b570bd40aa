"""The virtual table's times: boot to ready, scan to light, press to frame and to saved.

Goals: press to saved at most 1.2 x a bare script at the same devices, and faster than fswebcam and
motion are from a request to a file. What we do is read off the light, as is the bare script's lamp:
both are seen up to 10 ms late, and both drive a GPIO line. Made by `make bench-table`.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from edge.indicator.signs import Colour, Sign, photos_sign
from tests.benchmarks.support.figures import data_folder, say, say_figure, say_machine
from tests.support.virtual_table.product import VIVID, installed_disk
from tests.support.virtual_table.virtual_table import SIGN_S, VirtualTable
from tests.support.waiting import eventually

INSIDE = Path(__file__).parent / "inside"
BOOTS = 3
BLOCKS = int(os.environ.get("BLOCKS", "3"))
ORDERS_IN_BLOCK = 4
PHOTOS = 3
PEER_PHOTOS = 15
LAMP = 5
"""A GPIO line of the bare script."""
GOAL_RATIO = 1.2


class Times:
    """Milliseconds of one kind."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.all_ms: list[float] = []

    def add(self, began_ns: int, ended_ns: int) -> None:
        """By the guest's clock."""
        self.all_ms.append((ended_ns - began_ns) / 1e6)

    @property
    def median_ms(self) -> float:
        """The figure."""
        return median(self.all_ms)

    def say(self) -> None:
        """One line."""
        tenth = sorted(self.all_ms)[len(self.all_ms) * 9 // 10]
        count = len(self.all_ms)
        say(f"{self.name}: {self.median_ms:.0f} ms (nine of ten: {tenth:.0f} ms; {count} times)")


class Ours:
    """What the light of the table says."""

    def __init__(self, table: VirtualTable) -> None:
        self._table = table
        self.scanned = Times("last key of a scan to the light")
        self.framed = Times("press to frame (click)")
        self.saved = Times("press to saved")

    def pack(self) -> None:
        """One order."""
        (order,) = self._table.plant()
        place = self._table.light.place
        typed = self._table.hands.scan(order.number)
        opened = self._table.see(Sign.OPEN, since=place)
        self.scanned.add(typed.ended_ns, opened.began_ns)
        for count in range(1, PHOTOS + 1):
            place = self._table.light.place
            pressed_ns = self._table.hands.press("F1")
            self._table.see(photos_sign(count), since=place)
            self._note(place, pressed_ns)
        self._table.press_and_see("F4", Sign.SAVED)

    def _note(self, place: int, pressed_ns: int) -> None:
        """The click is white and "saved" blue again; a click that nobody could see is left out."""
        phases = iter(self._table.light.phases()[place:])
        click = next((one for one in phases if one.colour is Colour.WHITE), None)
        saved = next((one for one in phases if one.colour is Colour.BLUE), None)
        if click is not None and saved is not None:
            self.framed.add(pressed_ns, click.began_ns)
            self.saved.add(pressed_ns, saved.began_ns)


class Bare:
    """The bare script, while the daemon is stopped."""

    def __init__(self, table: VirtualTable) -> None:
        self._table = table
        self._record = table.machine.share / "light"
        self.saved = Times("the bare script")
        table.machine.put(INSIDE / "bare_table.py", "/root/bare_table.py")

    @contextmanager
    def running(self) -> Iterator[None]:
        """Until it has the devices."""
        run = self._table.machine.run
        run("systemctl stop packwitness-edge; mkdir -p /root/bare; rm -f /root/bare.log")
        run(
            f"systemd-run -q --collect --unit=bare -p StandardOutput=file:/root/bare.log "
            f"-p WorkingDirectory=/run python3 /root/bare_table.py {VIVID} /root/bare {LAMP}"
        )
        run("timeout 90 sh -c 'until grep -q ready /root/bare.log; do sleep 0.2; done'")
        yield
        run("systemctl stop bare")
        self._table.restart()

    def photo(self) -> None:
        """One press."""
        pressed_ns = self._table.hands.press("F1")
        lit_ns = eventually(lambda: self._lit(pressed_ns), SIGN_S)
        self.saved.add(pressed_ns, lit_ns)
        eventually(lambda: self._is_dark(lit_ns), SIGN_S)

    def _lit(self, since_ns: int) -> int | None:
        return next((at for at, is_lit in self._levels() if is_lit and at > since_ns), None)

    def _is_dark(self, since_ns: int) -> bool:
        return any(at > since_ns and not is_lit for at, is_lit in self._levels())

    def _levels(self) -> Iterator[tuple[int, bool]]:
        for line in self._record.read_text().splitlines()[-200:]:
            words = line.split()
            if len(words) == 4 and len(words[3]) > LAMP:
                yield int(words[1]), words[3][LAMP] == "1"


def boots(table: VirtualTable) -> float:
    """Seconds from the kernel's start to "ready", the median; leaves the power on."""
    seconds = []
    for _ in range(BOOTS):
        table.power_cut()
        seconds.append(table.power_on().began_ns / 1e9)
    return median(seconds)


def peer(table: VirtualTable, name: str) -> Times:
    """Another program, while the daemon is stopped."""
    table.machine.put(INSIDE / "peers.py", "/root/peers.py")
    table.machine.run("systemctl stop packwitness-edge")
    said = table.machine.run(
        f"python3 /root/peers.py {name} {VIVID} {PEER_PHOTOS}", limit_s=PEER_PHOTOS * SIGN_S
    )
    times = Times(f"{name}, request to file (not durable)")
    times.all_ms.extend(map(float, said.split()))
    return times


def main() -> None:
    """Measure and print."""
    say_machine()
    with data_folder() as folder, VirtualTable(folder / "table", installed_disk()) as table:
        say(f"boot to ready: {boots(table):.1f} s (median of {BOOTS})")
        ours, bare = Ours(table), Bare(table)
        for _ in range(BLOCKS):
            for _ in range(ORDERS_IN_BLOCK):
                ours.pack()
            with bare.running():
                for _ in range(ORDERS_IN_BLOCK * PHOTOS):
                    bare.photo()
        peers = [peer(table, "fswebcam"), peer(table, "motion")]
    for times in (ours.scanned, ours.framed, ours.saved, bare.saved, *peers):
        times.say()
    ratio = ours.saved.median_ms / bare.saved.median_ms
    say_figure(
        "virtual table, press to saved",
        f"{ratio:.2f} x a bare script",
        goal=f"<= {GOAL_RATIO:g}, and faster than fswebcam and motion",
        met=ratio <= GOAL_RATIO and all(ours.saved.median_ms < one.median_ms for one in peers),
        measured=f"ours {ours.saved.median_ms:.0f} ms, bare {bare.saved.median_ms:.0f} ms",
    )


if __name__ == "__main__":
    main()
