"""``python -m tests.load.play --tables n --photo-kb n --minutes n``; see `make help`."""

import signal
import sys
from collections.abc import Iterable

from launcher.errors import LauncherError
from tests.load.load_report import (
    COLUMNS,
    end_lines,
    heading,
    limit_lines,
    restart_lines,
    step_line,
)
from tests.load.load_run import run
from tests.load.load_settings import read_settings

_DONE, _NOT_WHOLE, _NOT_FOUND_OUT, _INTERRUPTED = 0, 1, 2, 130


def main(arguments: list[str]) -> int:
    """Run it, and tell of it as it goes."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    settings = read_settings(arguments)
    _say(heading(settings))
    _say([COLUMNS])
    try:
        outcome = run(settings, lambda line: _say([line]), lambda step: _say([step_line(step)]))
    except LauncherError as error:
        sys.stderr.write(f"load: {error}\n")
        return _NOT_FOUND_OUT
    except KeyboardInterrupt:
        return _INTERRUPTED
    _say(limit_lines(outcome.steps, outcome.memory_before))
    if outcome.restart is not None:
        _say(restart_lines(outcome.restart))
    _say(end_lines(outcome))
    return _DONE if outcome.is_whole else _NOT_WHOLE


def _say(lines: Iterable[str]) -> None:
    for line in lines:
        sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
