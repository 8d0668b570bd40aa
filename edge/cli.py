"""The command ``packwitness-edge``."""

import argparse
import getpass
import logging
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from edge import fault_points, logs
from edge.clock import ToldClock
from edge.errors import SettingsError, TableError
from edge.service.user import become_owner
from edge.settings import TableSettings
from edge.settings.machine import ClockTrust
from edge.settings_loading import DEFAULT_FILE, Loaded, load

Command = Callable[[argparse.Namespace, Loaded], int]

OK, FAILED = 0, 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    The exit code is 0 (done), 1 (failed), 2 (wrong settings or usage) or 100 (the machine has to be
    started again).
    """
    options = _parser().parse_args(arguments)
    try:
        loaded = load(options.config, options.set)
    except SettingsError as error:
        _complain(str(error))
        return error.exit_code
    command: Command = options.command
    if command not in AS_CALLER:
        become_owner(loaded.settings.spool.directory)
    try:
        return command(options, loaded)
    except TableError as error:
        _complain(str(error))
        return error.exit_code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="packwitness-edge", description="The daemon of a packing table, and its tools."
    )
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help=f"settings in TOML (default: {DEFAULT_FILE})"
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="SECTION.NAME=VALUE",
        help="one setting; may be repeated",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add(commands, "run", "run this table", _run)
    enroll = _add(commands, "enroll", "get this table's credentials with a claim code", _enroll)
    enroll.add_argument("--server", metavar="URL", help="cloud, instead of enrolment.server_url")
    _add(commands, "renew", "change this table's password, and hear where its broker is", _renew)
    doctor = _add(commands, "doctor", "check this table and say what to do", _doctor)
    doctor.add_argument("--json", action="store_true", help="say it for programs")
    _add(commands, "settings", "show every setting and where its value comes from", _settings)
    card = _add(commands, "sign-card", "write the card that explains the light", _sign_card)
    card.add_argument("--out", type=Path, required=True, metavar="FILE", help="HTML file to write")
    sheet = _add(commands, "code-sheet", "write barcodes for actions, modes, badges", _code_sheet)
    sheet.add_argument("--out", type=Path, required=True, metavar="FILE", help="HTML file to write")
    sheet.add_argument("--badge", action="append", default=[], metavar="NAME", help="of a packer")
    scan = _add(commands, "scan-test", "show what scanners and pedals send", _scan_test)
    scan.add_argument("--count", type=int, metavar="N", help="end after N scans or presses")
    _add(commands, "recover", "what systemd runs when the daemon does not stay up", _recover)
    _add_light(commands)
    _add_spool(commands)
    _add_camera(commands)
    return parser


def _add(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    text: str,
    command: Command,
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=text, description=text)
    parser.set_defaults(command=command)
    return parser


def _add_light(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("light", help="try this table's light")
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    _add(actions, "test", "show every sign, one after the other", _light_test)
    _add(actions, "neutral", "switch the light off, where a killed daemon left it on", _neutral)


def _add_spool(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("spool", help="what lies on this table's disk")
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    listing = _add(actions, "list", "list the proofs on this table's disk", _spool_list)
    listing.add_argument("--code", help="only this order or tracking number")
    listing.add_argument("--limit", type=int, default=50, help="newest so many (default 50)")
    _add(actions, "adopt", "take over the spool of another table", _spool_adopt)


def _add_camera(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("camera", help="calibrate the camera, or look through it")
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    words = "find packing area, focus and exposure, and keep them"
    calibrate = _add(actions, "calibrate", words, _camera_calibrate)
    calibrate.add_argument(
        "--focus", choices=["far", "near"], help="which focus (default: camera.focus)"
    )
    calibrate.add_argument(
        "--area", metavar="LEFT,TOP,WIDTH,HEIGHT", help="packing area in percent of the picture"
    )
    calibrate.add_argument(
        "--find-area", action="store_true", help="find it by what is laid onto the table"
    )
    calibrate.add_argument(
        "--automatic-light", action="store_true", help="do not fix exposure and colours"
    )
    calibrate.add_argument("--yes", action="store_true", help="do not ask; all lies there already")
    shot = _add(actions, "shot", "take one picture to look at", _camera_shot)
    shot.add_argument("file", type=Path, metavar="FILE", help="JPEG file to write")


def table_clock(settings: TableSettings) -> ToldClock:
    """The clock as the settings trust it."""
    from edge.system_clock import SystemClock  # noqa: PLC0415 - commands load what they use

    return SystemClock(always_synced=settings.clock.trust is ClockTrust.ALWAYS)


def _run(_options: argparse.Namespace, loaded: Loaded) -> int:
    from edge.daemon import run  # noqa: PLC0415 - the other commands need no camera

    log = loaded.settings.log
    try:
        logs.set_up(log.level, log.file)
    except OSError as error:
        raise TableError(f"log.file {log.file}: {error.strerror}") from error
    fault_points.arm(os.environ)
    _take_over_given(loaded)
    try:
        run(loaded.settings, table_clock(loaded.settings))
    except TableError as error:
        logging.getLogger(__name__).critical("table ends", extra={"reason": str(error)})
        raise
    return OK


def _take_over_given(loaded: Loaded) -> None:
    from edge.given_credentials import take_over_given  # noqa: PLC0415 - commands load what they use
    from edge.uplink.errors import CredentialsError  # noqa: PLC0415 - as above

    try:
        take_over_given(loaded.settings.enrolment.credentials_file, os.environ)
    except CredentialsError as error:
        raise TableError(str(error)) from error


def _enroll(options: argparse.Namespace, loaded: Loaded) -> int:
    from edge.enrolling import enrol_table  # noqa: PLC0415 - brings the HTTP library

    server = options.server or loaded.settings.enrolment.server_url
    if not server:
        raise TableError("where is the cloud? give --server, or set enrolment.server_url")
    claim_code = getpass.getpass("claim code: ") if sys.stdin.isatty() else sys.stdin.readline()
    clock = table_clock(loaded.settings)
    credentials = enrol_table(loaded.settings, server, claim_code.strip(), clock)
    _say(f"this is {credentials.table_name} now (device {credentials.device_id})")
    return OK


def _doctor(options: argparse.Namespace, loaded: Loaded) -> int:
    from edge.doctor import report  # noqa: PLC0415 - commands load what they use
    from edge.doctor.examination import examine  # noqa: PLC0415 - loads camera and uplink

    findings = []
    for finding in examine(loaded.settings, table_clock(loaded.settings)):
        findings.append(finding)
        for line in () if options.json else report.lines(finding):
            _say(line)
    if options.json:
        _say(report.as_json(findings))
    return OK if all(finding.ok for finding in findings) else FAILED


def _scan_test(options: argparse.Namespace, loaded: Loaded) -> int:
    from edge.scan_testing import scan_test  # noqa: PLC0415 - commands load what they use

    def say(text: str) -> None:
        _say(text)
        sys.stdout.flush()  # it is watched while it is written, also through a pipe

    scan_test(loaded.settings, table_clock(loaded.settings), say, options.count)
    return OK


def _renew(_options: argparse.Namespace, loaded: Loaded) -> int:
    from edge.enrolling import renew_table  # noqa: PLC0415 - brings the HTTP library
    from edge.uplink.errors import UplinkError  # noqa: PLC0415 - commands load what they use

    try:
        who = renew_table(loaded.settings, table_clock(loaded.settings), change_password=True)
    except UplinkError as error:
        raise TableError(str(error)) from error
    _say(f"{who.table_name} has a new password; a daemon that runs goes on with it by itself")
    return OK


def _settings(_options: argparse.Namespace, loaded: Loaded) -> int:
    for line in loaded.lines():
        _say(f"{line.name} = {line.value}")
        _say(f"    {line.description}  [{line.origin}]")
    return OK


def _sign_card(options: argparse.Namespace, _loaded: Loaded) -> int:
    from edge.indicator.card import sign_card  # noqa: PLC0415 - commands load what they use

    return _write(options.out, sign_card())


def _code_sheet(options: argparse.Namespace, loaded: Loaded) -> int:
    from edge.camera.barcode import NotPrintable  # noqa: PLC0415 - as above
    from edge.code_sheet import code_sheet  # noqa: PLC0415 - as above
    from edge.settings.handed_on import code_rules  # noqa: PLC0415 - as above

    try:
        page = code_sheet(code_rules(loaded.settings), options.badge)
    except NotPrintable as error:
        raise TableError(str(error)) from error
    return _write(options.out, page)


def _write(path: Path, page: str) -> int:
    try:
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        raise TableError(f"{path}: {error.strerror}") from error
    _say(f"written: {path}")
    return OK


def _recover(_options: argparse.Namespace, loaded: Loaded) -> int:
    from edge.service.recovery import recover  # noqa: PLC0415 - commands load what they use

    logs.set_up(loaded.settings.log.level, None)
    return recover(loaded.settings, table_clock(loaded.settings))


def _light_test(_options: argparse.Namespace, loaded: Loaded) -> int:
    from edge.light_commands import walk_through  # noqa: PLC0415 - commands load what they use

    _say("Enter shows the next sign, q ends.")

    def ask(line: str) -> bool:
        _say(line)
        sys.stdout.flush()
        answer = sys.stdin.readline()
        return bool(answer) and answer.strip().lower() != "q"

    shown = walk_through(loaded.settings, table_clock(loaded.settings), ask)
    _say(f"{shown} signs were shown")
    return OK


def _neutral(_options: argparse.Namespace, loaded: Loaded) -> int:
    from edge.light_commands import make_neutral  # noqa: PLC0415 - commands load what they use

    make_neutral(loaded.settings, table_clock(loaded.settings))
    return OK


def _spool_list(options: argparse.Namespace, loaded: Loaded) -> int:
    from edge.spool_commands import list_lines  # noqa: PLC0415 - commands load what they use

    for line in list_lines(loaded.settings, limit=options.limit, code=options.code):
        _say(line)
    return OK


def _spool_adopt(_options: argparse.Namespace, loaded: Loaded) -> int:
    from edge.spool_commands import adopt  # noqa: PLC0415 - commands load what they use

    _say(adopt(loaded.settings, table_clock(loaded.settings)))
    return OK


def _camera_calibrate(options: argparse.Namespace, loaded: Loaded) -> int:
    from edge.camera.calibration.procedure import Technician  # noqa: PLC0415 - as above
    from edge.camera.calibration.record import Focus  # noqa: PLC0415 - as above
    from edge.camera_commands import Request, calibrate_table  # noqa: PLC0415 - as above

    def ask(text: str) -> None:
        _say(text + ("." if options.yes else ", then press Enter."))
        if not options.yes:
            sys.stdin.readline()

    settings = loaded.settings
    request = Request(
        Focus(options.focus) if options.focus else settings.camera.focus,
        options.area,
        options.find_area,
        not options.automatic_light,
    )
    technician = Technician(_say, ask)
    for line in calibrate_table(settings, table_clock(settings), request, technician):
        _say(line)
    return OK


def _camera_shot(options: argparse.Namespace, loaded: Loaded) -> int:
    from edge.camera_commands import take_shot  # noqa: PLC0415 - as above

    for line in take_shot(loaded.settings, table_clock(loaded.settings), options.file):
        _say(line)
    return OK


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


def _complain(text: str) -> None:
    for line in text.splitlines():
        sys.stderr.write(f"packwitness-edge: {line}\n")


AS_CALLER: frozenset[Command] = frozenset({_settings, _sign_card, _code_sheet, _camera_shot})
"""Commands that root runs as root: they write nothing of the table's, or where the caller says."""


if __name__ == "__main__":
    sys.exit(main())
