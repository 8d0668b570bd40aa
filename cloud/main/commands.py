"""The command line: ``packwitness-cloud serve | init | check | owner | table | shop`` and more."""

import json
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import select
from sqlalchemy.orm import Session

from cloud.accounts.codes import forget_codes_of
from cloud.accounts.models import Organisation
from cloud.accounts.passwords import hash_password, new_password
from cloud.accounts.service import create_organisation, set_password
from cloud.database.base import utc_now
from cloud.database.scope import system
from cloud.main.checking import Report, check
from cloud.main.command_line import (
    one_line_errors,
    organisation_id,
    say,
    say_aside,
    settings_in_force,
    take_config_file,
    with_basics,
)
from cloud.main.connecting import connect, push_addresses, read_connection
from cloud.main.opening import Basics, PhotoHome, basics
from cloud.main.organisation_commands import organisation_app
from cloud.main.process import data_folder_locked, ends_on_signals, log_to_stderr
from cloud.main.progress import Progress
from cloud.main.resealing import Resealed, reseal_all
from cloud.main.roles import Role
from cloud.main.settings_loading import DEFAULT_FILE, FILE_VARIABLE
from cloud.main.table_commands import table_app

app = typer.Typer(add_completion=False, no_args_is_help=True, help="The Packwitness cloud.")
shop_app = typer.Typer(no_args_is_help=True, help="Shops on marketplaces.")
owner_app = typer.Typer(no_args_is_help=True, help="The owner's account.")
app.add_typer(owner_app, name="owner")
app.add_typer(organisation_app, name="organisation")
app.add_typer(table_app, name="table")
app.add_typer(shop_app, name="shop")

Email = Annotated[str, typer.Option("--owner", help="e-mail address of the owner")]


@app.callback()
def options(
    config: Annotated[
        Path | None,
        typer.Option(envvar=FILE_VARIABLE, help=f"settings in TOML (default: {DEFAULT_FILE})"),
    ] = None,
) -> None:
    """Take what stands before the command."""
    take_config_file(config)


@app.command("serve")
def serve_command() -> None:
    """Run everything in one process: broker, link, dispatcher, order sync, pages."""
    from cloud.main.running import serve  # noqa: PLC0415 - commands load what they use

    settings = settings_in_force()
    log_to_stderr(settings.log_level)
    with one_line_errors(), ends_on_signals(), data_folder_locked(settings.data_dir):
        with basics(settings) as made:
            created = _ensure_owner(made, "owner@localhost", "")
        if created is not None:
            say(
                f"created the owner account {created['email']}, password {created['password']}"
                " (said this once)"
            )
        url = settings.web.own_url
        serve(settings, lambda: say(f"packwitness-cloud ready on {url}"))


@app.command("run")
def run_command(
    roles: Annotated[
        list[Role], typer.Argument(help="one role or several; any number of processes may have it")
    ],
) -> None:
    """Run some roles in a process of their own, on PostgreSQL.

    web: pages and enrolment. link: hears the tables. dispatch: sends. sync: reads orders. broker:
    the embedded broker, once, where no other one is used.
    """
    from cloud.main.running import run  # noqa: PLC0415 - commands load what they use

    settings = settings_in_force()
    names = ", ".join(dict.fromkeys(roles))
    log_to_stderr(settings.log_level, names)
    shared = data_folder_locked(settings.data_dir, shared=True)
    with one_line_errors(), ends_on_signals(), shared:
        run(settings, frozenset(roles), lambda: say(f"packwitness-cloud ready as {names}"))


@app.command("init")
def init_command(
    owner: Email = "owner@localhost",
    organisation: Annotated[str, typer.Option(help="name of the business")] = "",
) -> None:
    """Create the database, the organisation and its owner; prints JSON with the password once."""
    created = with_basics(lambda made: _ensure_owner(made, owner, organisation))
    say(json.dumps(created or {"exists": True}))


@owner_app.command("reset-password")
def owner_reset_password(email: Annotated[str, typer.Argument()] = "owner@localhost") -> None:
    """Give a forgotten account a new password, printed as JSON; its browsers are signed out."""
    password = new_password()
    password_hash = hash_password(password)

    def unit(session: Session) -> None:
        set_password(session, email, password_hash)

    with_basics(lambda made: made.database.write(unit, system("a forgotten password")))
    say(json.dumps({"email": email, "password": password}))


@owner_app.command("reset-code")
def owner_reset_code(email: Annotated[str, typer.Argument()] = "owner@localhost") -> None:
    """For an owner who is alone, and lost phone and backup codes: no code is asked for any more."""

    def unit(session: Session) -> None:
        forget_codes_of(session, email)

    with_basics(lambda made: made.database.write(unit, system("a lost phone")))
    say(json.dumps({"email": email, "code": "off"}))


@shop_app.command("connect")
def shop_connect(
    description: Annotated[
        Path,
        typer.Argument(
            help="JSON file, readable by its owner alone: channel, country, shop_id, name, app_id, "
            "app_secret, access_token, refresh_token, access_life_s, refresh_life_s; and if wanted "
            "base_url, push_key, preset, sending_enabled, sends_per_second, kept_free_for_people"
        ),
    ],
) -> None:
    """Connect a shop whose tokens were obtained elsewhere, or give a connected one new tokens."""
    with one_line_errors():
        connection = read_connection(description)
    with_basics(lambda made: connect(made, connection, organisation_id(made)))
    say(json.dumps({"shop": connection.shop_id, "channel": connection.channel}))


@shop_app.command("push-addresses")
def shop_push_addresses() -> None:
    """Say where each app's pushes come in: to be registered at its marketplace, word for word."""
    found = with_basics(lambda made: push_addresses(made, organisation_id(made)))
    for one in found:
        say(json.dumps(one))


@app.command("check")
def check_command(
    quick: Annotated[
        bool, typer.Option("--quick", help="compare sizes alone, without reading every photo")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="one JSON object a line, the sums in the last")
    ] = False,
) -> None:
    """Audit the database against the photo store; also beside a running cloud. Changes nothing.

    Ends with 0 when all is well, 1 when something is wrong, 2 when it could not be checked.
    """
    settings = settings_in_force()
    log_to_stderr("WARNING")
    with one_line_errors():
        report, progress = Report(say, as_json=as_json), Progress(say_aside)
        is_well = check(settings, report, progress, quick=quick)
    raise typer.Exit(0 if is_well else 1)


@app.command("move-database")
def move_database_command(
    to: Annotated[
        str,
        typer.Option(
            help="postgresql+psycopg://user@host/name; keep its password in ~/.pgpass, not here"
        ),
    ],
) -> None:
    """Copy the SQLite database into an empty one on PostgreSQL, and verify it.

    The cloud must be stopped. All or nothing: interrupted or refused, the other database stays
    empty. The file is not changed.
    """
    from cloud.main.moving import move_database  # noqa: PLC0415 - commands load what they use

    settings = settings_in_force()
    log_to_stderr("WARNING")
    with one_line_errors():
        moved = move_database(settings, to, Progress(say_aside))
    for table, rows in moved.rows_of.items():
        say(f"{table}: {rows}")
    say(
        f"moved and verified {moved.rows} rows. Set database to the new address before the next "
        "start, and never start from the old file again: it would send what waits in it once more"
    )


@app.command("move-photos")
def move_photos_command(
    to: Annotated[PhotoHome, typer.Option(help="bucket: that of [s3]; folder: that in data_dir")],
) -> None:
    """Copy photos between data folder and bucket; what is missing there, verified. Deletes nothing.

    Works beside a running cloud and can be repeated: the last time while the cloud stands still.
    Ends with 0 when all are there, 1 when damaged ones are not, 2 when it could not go on.
    """
    from cloud.main.moving import in_words, move_photos  # noqa: PLC0415 - see above

    settings = settings_in_force()
    log_to_stderr("WARNING")
    with one_line_errors():
        done = move_photos(settings, to, say, Progress(say_aside))
    say(in_words(done))
    raise typer.Exit(1 if done.damaged else 0)


@app.command("backup")
def backup_command(
    folder: Annotated[Path, typer.Argument(help="a folder of its own; an older backup goes on")],
) -> None:
    """Back up SQLite database, photos and keys; also beside a running cloud.

    Ends with 0 when all is there, 1 when damaged photos are not, 2 when it could not go on.
    """
    from cloud.main.backup import back_up  # noqa: PLC0415 - commands load what they use
    from cloud.main.moving import in_words  # noqa: PLC0415 - see above

    settings = settings_in_force()
    log_to_stderr("WARNING")
    with one_line_errors():
        done = back_up(settings, folder, say, Progress(say_aside))
    photos = "photos are in the bucket, not here" if done is None else in_words(done)
    say(f"backed up the database and keys; {photos}")
    raise typer.Exit(1 if done is not None and done.damaged else 0)


@app.command("restored")
def restored_command(
    lost_at: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%dT%H:%M%z", "%Y-%m-%dT%H:%M:%S%z"],
            help="when the lost cloud stopped, as 2026-11-22T14:00+08:00 (default: now)",
        ),
    ] = None,
) -> None:
    """Go on from a backup that was put back: what may have been sent since waits for a person.

    Type it once, while no cloud runs on this database, before the first start. Proofs that tables
    closed before the lost cloud stopped, and that are not in the backup, wait for a person too.
    """
    from cloud.main.restoring import restored  # noqa: PLC0415 - commands load what they use

    settings = settings_in_force()
    log_to_stderr("WARNING")
    with one_line_errors():
        count = restored(settings, lost_at)
    say(f"{count} that were under way wait for a person in the log. The cloud may be started")


@app.command("rotate-key")
def rotate_key_command() -> None:
    """Add a key to the key file, and seal all tokens and keys of apps with it.

    Works beside a running cloud on this machine; elsewhere put the new key file in place before
    its processes need it. Older keys stay in the file, because backups need them. Safe to repeat.
    """

    def rotate(made: Basics) -> Resealed:
        made.box.add_key()
        return reseal_all(made.database, made.box)

    done = with_basics(rotate)
    say(f"{done.values} values are sealed under a new key; {done.damaged} rows do not open")
    raise typer.Exit(1 if done.damaged else 0)


@app.command("settings")
def settings_command() -> None:
    """Print the settings in force as JSON; secrets are hidden."""
    say(settings_in_force().model_dump_json(indent=2))


def main() -> None:
    """Entry point of ``packwitness-cloud``."""
    app()


# --- what the commands do -----------------------------------------------------------------------


def _ensure_owner(made: Basics, email: str, organisation: str) -> dict[str, str] | None:
    """Create organisation and owner when there is none; the password is known only here."""
    with made.database.read(system("is there an organisation")) as session:
        if session.scalar(select(Organisation.id).limit(1)) is not None:
            return None
    password = new_password()
    password_hash = hash_password(password)

    def unit(session: Session) -> None:
        create_organisation(session, organisation or "My business", email, password_hash, utc_now())

    made.database.write(unit, system("the first organisation"))
    return {"email": email, "password": password}
