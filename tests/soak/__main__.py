"""``python -m tests.soak --minutes n --seed s``; see `make help`."""

import signal
import sys

from launcher.errors import LauncherError
from tests.soak.report import heading, lines
from tests.soak.run import soak
from tests.soak.settings import read_settings

_GOAL_MET, _GOAL_MISSED, _NOT_FOUND_OUT, _INTERRUPTED = 0, 1, 2, 130


def main(arguments: list[str]) -> int:
    """Run it, and tell of it as it goes."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    settings = read_settings(arguments)
    for line in heading(settings):
        _say(line)
    try:
        outcome = soak(settings, _say)
    except LauncherError as error:
        sys.stderr.write(f"soak: {error}\n")
        return _NOT_FOUND_OUT
    except KeyboardInterrupt:
        return _INTERRUPTED
    for line in lines(outcome, settings):
        _say(line)
    return _GOAL_MET if outcome.verdict.is_clean else _GOAL_MISSED


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
