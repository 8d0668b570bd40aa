"""Waiting in tests for what another thread does, with a deadline and without guessing."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

DEADLINE_S = 60.0
"""Patience with a machine that does much else; what works is found long before."""


def eventually(attempt: Callable[[], T | None], deadline_s: float = DEADLINE_S) -> T:
    """Repeat ``attempt`` until it gives something true.

    Raises:
        AssertionError: it never did.
    """
    pause = threading.Event()
    end = time.monotonic() + deadline_s
    while time.monotonic() < end:
        found = attempt()
        if found:
            return found
        pause.wait(0.002)
    raise AssertionError(f"nothing came of {attempt} within {deadline_s:g} s")
