"""Records what the GPIO lines do, with times, into the host's folder, safe from power cuts."""

import os
import threading
import time
from pathlib import Path

PERIOD_S = 0.01
LOOKS_A_LINE = 25
"""Also without a change a line is written now and then: it tells how long a light has lasted."""
LINES = Path("/sys/devices/platform/gpio-sim.0")
WATCHED = (5, 17, 22, 27)
"""A lamp for bare scripts, and red, blue and green of the light. Reading a line costs this machine
some 0.1 ms: all of them, a hundred times a second, took a third of its processor."""


class Light:
    """Looks at the lamps a hundred times a second; notes each change, and now and then a look."""

    def __init__(self, record: Path) -> None:
        self._record = record
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        chip = next(LINES.glob("gpiochip*"))
        count = len(list(chip.glob("sim_gpio*")))
        files = {n: os.open(chip / f"sim_gpio{n}/value", os.O_RDONLY) for n in WATCHED}
        levels = bytearray(b"-" * count)
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        before, same = b"", 0
        pace = threading.Event()
        with self._record.open("a", buffering=1) as record:
            while True:
                for n, file in files.items():
                    levels[n : n + 1] = os.pread(file, 1, 0)
                same = same + 1 if levels == before else 0
                if same % LOOKS_A_LINE == 0:
                    now = f"{time.monotonic_ns()} {time.time_ns()}"
                    record.write(f"{boot} {now} {levels.decode()}\n")
                    os.fsync(record.fileno())  # else it stays in the guest until the file is closed
                before = bytes(levels)
                pace.wait(PERIOD_S)
