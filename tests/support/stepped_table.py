"""The daemon with a wall clock that can be stepped: ``python -m`` this, in place of the command.

The variable says by how many days; SIGUSR1 steps it. With a second number it is stepped from the
start by so many days.
"""

import os
import signal
import sys
from dataclasses import replace
from datetime import timedelta
from unittest.mock import patch

from edge import cli
from edge.clock import Moment
from edge.system_clock import SystemClock

VARIABLE = "PACKWITNESS_TEST_CLOCK_STEP"
STEPPED = "the clock was stepped"


class SteppedClock(SystemClock):
    """The computer's clock, and what it is off by. Monotonic time goes on as it should."""

    def __init__(self, off: timedelta) -> None:
        super().__init__(always_synced=True)
        self.off = off

    def now(self) -> Moment:
        moment = super().now()
        return replace(moment, wall=moment.wall + self.off)


def main() -> int:
    step, _, off = os.environ[VARIABLE].partition(" ")
    clock = SteppedClock(timedelta(days=float(off or 0)))

    def on_signal(_number: int, _frame: object) -> None:
        clock.off += timedelta(days=float(step))
        os.write(2, f"{STEPPED}\n".encode())

    signal.signal(signal.SIGUSR1, on_signal)
    with patch.object(cli, "table_clock", lambda _settings: clock):
        return cli.main()


if __name__ == "__main__":
    sys.exit(main())
