"""``packwitness-cloud table ...``: what the page Tables does, for scripts and terminals."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, TypeVar

import typer
from sqlalchemy.orm import Session

from cloud.database.base import utc_now
from cloud.database.scope import scoped
from cloud.fleet.changing import disable_table, enable_table, rename_table, retire_table
from cloud.fleet.errors import UnknownTable
from cloud.fleet.models import PackingTable
from cloud.fleet.overview import TableFilter, TableRow, tables_of
from cloud.fleet.service import create_table, issue_claim, new_claim_code, table_named
from cloud.main.command_line import organisation_id, say, with_basics
from cloud.main.opening import Basics

table_app = typer.Typer(no_args_is_help=True, help="Packing tables.")

T = TypeVar("T")
Name = Annotated[str, typer.Argument(help="name of the table")]


@table_app.command("create")
def create_command(name: Name) -> None:
    """Add a packing table, or take the one of that name, and print a claim code for it as JSON.

    A device that stands at the table goes on until another one has used the code.
    """
    code = new_claim_code()

    def unit(session: Session) -> None:
        now = utc_now()
        table = table_named(session, name) or create_table(session, name, now)
        issue_claim(session, table.id, code, now)

    _write(unit)
    say(json.dumps({"table": name, "claim_code": code}))


@table_app.command("list")
def list_command(
    retired: Annotated[bool, typer.Option("--retired", help="those that are retired")] = False,
) -> None:
    """Print each table as one line of JSON."""

    def read(session: Session) -> list[TableRow]:
        return tables_of(session, TableFilter(state="retired" if retired else ""), utc_now())

    for row in _read(read):
        say(json.dumps(_in_words(row)))


@table_app.command("rename")
def rename_command(
    name: Name, new_name: Annotated[str, typer.Argument(help="its new name")]
) -> None:
    """Call a table otherwise."""
    _change(name, lambda session, table: rename_table(session, table.id, new_name))


@table_app.command("disable")
def disable_command(name: Name) -> None:
    """Put a table's device out, and let none in, until it is enabled again."""
    _change(name, lambda session, table: disable_table(session, table.id, utc_now()))


@table_app.command("enable")
def enable_command(name: Name) -> None:
    """Let a table's device in again."""
    _change(name, lambda session, table: enable_table(session, table.id))


@table_app.command("retire")
def retire_command(
    name: Name,
    yes: Annotated[bool, typer.Option("--yes", help="do not ask")] = False,
) -> None:
    """Take a table out of use for good: its device is revoked, its proofs stay in the log."""
    if not yes:
        typer.confirm(f"Retire {name}? This cannot be undone", abort=True, err=True)
    _change(name, lambda session, table: retire_table(session, table.id, utc_now()))


def _change(name: str, change: Callable[[Session, PackingTable], object]) -> None:
    def unit(session: Session) -> int:
        table = table_named(session, name)
        if table is None:
            raise UnknownTable(f"there is no table named {name!r}")
        change(session, table)
        return table.id

    table_id = _write(unit)
    say(json.dumps({"table": table_id}))


def _write(unit: Callable[[Session], T]) -> T:
    return with_basics(lambda made: made.database.write(unit, scoped(organisation_id(made))))


def _read(read: Callable[[Session], T]) -> T:
    def work(made: Basics) -> T:
        with made.database.read(scoped(organisation_id(made))) as session:
            return read(session)

    return with_basics(work)


def _in_words(row: TableRow) -> dict[str, object]:
    """One table for scripts; times in UTC."""
    device = row.device
    return {
        "table": row.table.name,
        "id": row.table.id,
        "state": row.state.value,
        "device": device.device_id if device else None,
        "software": device.software if device else None,
        "last_seen_at": _time(device.last_seen_at) if device else None,
        "waiting_proofs": device.waiting_proofs if device else 0,
        "waiting_since": _time(device.waiting_since) if device else None,
    }


def _time(at: datetime | None) -> str | None:
    return at.isoformat(timespec="seconds") if at else None
