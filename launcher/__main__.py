"""``python -m launcher run | demo | password``; see `make help`."""

import os
import signal
import sys

from launcher.errors import LauncherError
from launcher.options import read_options
from launcher.performances import demo, password, run
from launcher.screen import Screen

_ACTIONS = {"run": run, "demo": demo, "password": password}
_OK, _FAILED, _INTERRUPTED = 0, 1, 130


def main(arguments: list[str]) -> int:
    """Do what was asked for; what cannot work is one line on standard error."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]  # it is a TextIOWrapper
    try:
        options = read_options(arguments)
        _ACTIONS[options.action](options, Screen(sys.stdout, os.environ))
    except LauncherError as error:
        sys.stderr.write(f"packwitness: {error}\n")
        return _FAILED
    except KeyboardInterrupt:
        # Ctrl-C is how a run ends; a demo that it ended has proven nothing.
        return _OK if arguments[:1] == ["run"] else _INTERRUPTED
    return _OK


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
