"""What all commands share: settings, errors in one line, and what is printed."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TypeVar

import typer
from sqlalchemy import select

from cloud.accounts.errors import UnknownMember
from cloud.accounts.models import Organisation
from cloud.broker.errors import BrokerError
from cloud.database.errors import DatabaseError
from cloud.database.scope import system
from cloud.fleet.errors import FleetError
from cloud.main.errors import StartError
from cloud.main.opening import Basics, basics_for_a_command
from cloud.main.process import log_to_stderr
from cloud.main.settings import CloudSettings
from cloud.main.settings_loading import load
from cloud.photos.errors import PhotoStoreError
from cloud.shops.errors import ShopExists

T = TypeVar("T")

_config_file: ContextVar[Path | None] = ContextVar("config_file", default=None)

_PLAIN = (
    StartError,
    BrokerError,
    DatabaseError,
    FleetError,
    PhotoStoreError,
    ShopExists,
    UnknownMember,
)
"""Errors whose text is for the person who typed the command."""


def take_config_file(path: Path | None) -> None:
    """Read settings from this file; None: from the default place."""
    _config_file.set(path)


def organisation_id(made: Basics) -> int:
    """The organisation of this installation. Raises StartError before there is one."""
    with made.database.read(system("the organisation of this installation")) as session:
        found = session.scalar(select(Organisation.id).order_by(Organisation.id).limit(1))
    if found is None:
        raise StartError("there is no organisation yet. Type: packwitness-cloud init")
    return found


def with_basics(work: Callable[[Basics], T]) -> T:
    """Do some work with database and keys, also beside a running cloud."""
    settings = settings_in_force()
    log_to_stderr("WARNING")
    with one_line_errors(), basics_for_a_command(settings) as made:
        return work(made)


def settings_in_force() -> CloudSettings:
    """The settings; a mistake in them is said in one line."""
    with one_line_errors():
        return load(_config_file.get())


@contextmanager
def one_line_errors() -> Iterator[None]:
    """Say what went wrong in one line, and end with status 2."""
    try:
        yield
    except _PLAIN as error:
        sys.stderr.write(f"packwitness-cloud: {error}\n")
        raise typer.Exit(2) from None


def say_aside(text: str) -> None:
    """To people, beside what is printed."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def say(text: str) -> None:
    """Print a line."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
