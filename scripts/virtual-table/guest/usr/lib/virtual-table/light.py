"""Records what the GPIO lines do, with times, into the host's folder, safe from power cuts."""

import os
import threading
import time
from pathlib import Path
from typing import Any

PERIOD_S = 0.01
LOOKS_A_LINE = 25
"""Also without a change a line is written now and then: it tells how long a light has lasted."""
LINES = Path("/sys/devices/platform/gpio-sim.0")


class Light:
    """Reads all lines a hundred times a second; notes each change, and now and then a look."""

    def __init__(self, record: Path) -> None:
        self._record = record
        self._watching = threading.Event()
        self._watching.set()
        threading.Thread(target=self._run, daemon=True).start()

    def watch(self, ask: dict[str, Any]) -> dict[str, Any]:
        """Stops and starts recording (``on``), so that it does not weigh on what is measured."""
        (self._watching.set if ask["on"] else self._watching.clear)()
        return {}

    def pull(self, ask: dict[str, Any]) -> dict[str, Any]:
        """Pulls an input line ``up`` or down, as a button would."""
        chip = next(LINES.glob("gpiochip*"))
        (chip / f"sim_gpio{ask['line']}/pull").write_text("pull-up" if ask["up"] else "pull-down")
        return {"at_ns": time.monotonic_ns()}

    def _run(self) -> None:
        chip = next(LINES.glob("gpiochip*"))
        count = len(list(chip.glob("sim_gpio*")))
        files = [os.open(chip / f"sim_gpio{n}/value", os.O_RDONLY) for n in range(count)]
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        before, same = None, 0
        pace = threading.Event()
        with self._record.open("a", buffering=1) as record:
            while True:
                self._watching.wait()
                levels = "".join(os.pread(one, 1, 0).decode() for one in files)
                same = same + 1 if levels == before else 0
                if same % LOOKS_A_LINE == 0:
                    record.write(f"{boot} {time.monotonic_ns()} {time.time_ns()} {levels}\n")
                    os.fsync(record.fileno())  # else it stays in the guest until the file is closed
                before = levels
                pace.wait(PERIOD_S)
