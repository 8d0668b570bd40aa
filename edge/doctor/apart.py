"""Runs a check in a process of its own, for a bounded time.

Threads would not do: what hangs in a driver cannot be ended, and what crashes in one takes all.
"""

import json
import os
import select
import signal
import time
from collections.abc import Generator, Iterator
from dataclasses import asdict
from typing import NoReturn

from edge.doctor.finding import Finding, wrong
from edge.doctor.table import Check, Table

_DEATH_S = 2.0
"""How long a killed process may take to be gone, before the kernel itself is said to hang."""
_DONE = "done"


def run_apart(subject: str, check: Check, table: Table, limit_s: float) -> Iterator[Finding]:
    """The findings of a check, as they come; one more where it hangs, crashes or fails by itself.

    Takes at most ``limit_s`` and the two seconds of an ending.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        _be_the_child(check, table, writer)
    os.close(writer)
    try:
        outcome = yield from _hear(reader, limit_s)
    finally:
        end = _end(child, reader)
        os.close(reader)
    if outcome is None:
        text = f"no answer within {limit_s:.0f} s{'' if end else ', and cannot be ended'}"
        to_do = "check cable and power of what hangs, restart the board, and run this again"
        yield wrong(subject, text, to_do=to_do)
    elif outcome != _DONE:
        to_do = "update the program; if it comes again, report it with this line"
        yield wrong(subject, f"the check itself failed: {outcome or end}", to_do=to_do)


def _be_the_child(check: Check, table: Table, writer: int) -> NoReturn:
    """The rest of the program, and what it has buffered for its output, is the parent's."""
    try:
        outcome = _DONE
        try:
            for finding in check(table):
                _tell(writer, asdict(finding))
        except Exception as error:  # noqa: BLE001 - one broken check must not hide the others
            outcome = f"{type(error).__name__}: {error}"
        _tell(writer, outcome)
    finally:
        os._exit(0)


def _tell(writer: int, what: object) -> None:
    left = json.dumps(what).encode() + b"\n"
    while left:
        left = left[os.write(writer, left) :]


def _hear(reader: int, limit_s: float) -> Generator[Finding, None, str | None]:
    """Returns the last word: done, what failed, empty (it died without one), or None (too late)."""
    deadline = time.monotonic() + limit_s
    heard = b""
    while _is_readable(reader, deadline - time.monotonic()):
        piece = os.read(reader, 1 << 16)
        if not piece:
            return ""
        *lines, heard = (heard + piece).split(b"\n")
        for line in lines:
            said = json.loads(line)
            if isinstance(said, str):
                return said
            yield Finding(**said)
    return None


def _is_readable(reader: int, wait_s: float) -> bool:
    return bool(select.select([reader], [], [], max(0.0, wait_s))[0])


def _end(child: int, reader: int) -> str:
    """How it ended; empty where it cannot be ended: something in the kernel holds it."""
    os.kill(child, signal.SIGKILL)
    deadline = time.monotonic() + _DEATH_S
    while _is_readable(reader, deadline - time.monotonic()):
        if not os.read(reader, 1 << 16):  # closed: nothing of it is alive
            status = os.waitpid(child, 0)[1]
            number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
            return f"ended by {signal.Signals(number).name}" if number else "ended without a word"
    return ""
