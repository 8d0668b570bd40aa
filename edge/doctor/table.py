"""The table that is examined."""

import fcntl
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from edge.clock import Clock
from edge.doctor.finding import Finding
from edge.settings import TableSettings
from edge.spool.lock import LOCK_NAME
from edge.uplink.credentials import Credentials, load_credentials
from edge.uplink.errors import CredentialsError


@dataclass(frozen=True, slots=True)
class Table:
    """What every check may need to know. Nothing of it opens a device."""

    settings: TableSettings
    clock: Clock
    credentials: Credentials | None
    """None: not enrolled, or they cannot be read; ``credentials_problem`` says why."""
    credentials_problem: str
    daemon_runs: bool
    """The daemon holds spool, camera, inputs and light: do not open what it holds."""


Check = Callable[[Table], Iterator[Finding]]
"""A look at one subject. Gives its findings as they come; may be ended at any moment."""


def look_at(settings: TableSettings, clock: Clock) -> Table:
    """The table of these settings."""
    credentials, problem = None, ""
    try:
        credentials = load_credentials(settings.enrolment.credentials_file)
    except CredentialsError as error:
        problem = str(error)
    return Table(
        settings,
        clock,
        credentials,
        credentials_problem=problem,
        daemon_runs=_is_locked(settings.spool.directory / LOCK_NAME),
    )


def _is_locked(path: Path) -> bool:
    """Whether somebody has the spool. A shared lock asks without writing into the file.

    A daemon that starts in the very same moment finds the spool taken, ends, and is started again.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return False
