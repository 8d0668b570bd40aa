"""The terminal as a keyboard: single keys without echo, and always put back."""

import os
import signal
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager

_CONTROL_CHARACTERS = 6  # place in the list that tcgetattr gives
_NONE = b"\0"


def is_ours(descriptor: int) -> bool:
    """Whether this is a terminal whose keys come to us, not to a program in front of us."""
    return os.isatty(descriptor) and os.tcgetpgrp(descriptor) == os.getpgrp()


@contextmanager
def single_keys(descriptor: int) -> Iterator[None]:
    """Take single keys, and take Ctrl-C alone.

    Ctrl-C is for whoever is in front. With `make` there too, it would report an error where
    everything ended well; so this process goes in front by itself. Ctrl-Z is off: it would stop us
    but not the packing table.
    """
    modes = termios.tcgetattr(descriptor)
    with _in_front(descriptor):
        try:
            tty.setcbreak(descriptor)
            quiet = termios.tcgetattr(descriptor)
            quiet[_CONTROL_CHARACTERS][termios.VSUSP] = _NONE
            termios.tcsetattr(descriptor, termios.TCSADRAIN, quiet)
            yield
        finally:
            # What was typed and not read must not go to the shell.
            termios.tcsetattr(descriptor, termios.TCSAFLUSH, modes)


@contextmanager
def _in_front(descriptor: int) -> Iterator[None]:
    before = os.tcgetpgrp(descriptor)
    if os.getpgrp() == os.getpid():
        yield
        return
    # A process that is not in front yet is stopped by this signal when it asks to be.
    ignored = signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    try:
        os.setpgid(0, 0)
        os.tcsetpgrp(descriptor, os.getpgrp())
        yield
    finally:
        os.tcsetpgrp(descriptor, before)
        signal.signal(signal.SIGTTOU, ignored)
