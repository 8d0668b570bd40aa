"""The command line of the launcher, and its environment for those who type `make`."""

import argparse
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from launcher.errors import LauncherError
from launcher.ports import WHAT, Ports, variable
from launcher.table import CameraChoice

_FOLDER, _CAMERA, _PICTURES = (
    "PACKWITNESS_RUN_DIR",
    "PACKWITNESS_CAMERA",
    "PACKWITNESS_PICTURES",
)

# A second F1 within 600 ms counts as a bounce.
_SHORTEST_PACE_S = 0.65
_DEMO_PACE_S = 0.7
_RUN_PACE_S = 1.1

_KINDS = {"auto": "demo", "simulated": "simulated"}
"""What people type, and the table's own name for it."""


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for."""

    action: str
    """``run``, ``demo`` or ``password``."""
    data: Path
    ports: Ports
    camera: CameraChoice
    pace_s: float
    """Between two presses of the part that packs by itself."""


def read_options(arguments: Sequence[str], environment: Mapping[str, str] = os.environ) -> Options:
    """Command line before environment before default.

    Raises:
        LauncherError: a value cannot be used; the text names it.
    """
    given = _parser(environment).parse_args(arguments)
    pictures = Path(given.pictures) if given.pictures else None
    if pictures is not None and not pictures.is_dir():
        raise LauncherError(f"{pictures} is no folder. Give one with pictures: {_PICTURES}=FOLDER")
    wish = given.camera or ("simulated" if given.action == "demo" else "auto")
    if wish not in _KINDS:
        raise LauncherError(f"{_CAMERA}: {wish} is unknown; use {' or '.join(_KINDS)}")
    return Options(
        action=given.action,
        data=Path(given.data),
        ports=Ports(**{name: _port(getattr(given, name), name) for name in WHAT}),
        camera=CameraChoice(_KINDS[wish], pictures),
        pace_s=given.pace or (_DEMO_PACE_S if given.action == "demo" else _RUN_PACE_S),
    )


def _parser(environment: Mapping[str, str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="launcher",
        description="Starts Packwitness whole: a packing table, its cloud, and a marketplace to "
        "try it with. `make run` and `make demo` call it.",
    )
    parser.add_argument(
        "action",
        choices=("run", "demo", "password"),
        help="run: pack in this terminal; demo: pack by itself and check; password: a new one for "
        "the owner",
    )
    parser.add_argument(
        "--data",
        default=environment.get(_FOLDER) or ".run",
        metavar="FOLDER",
        help=f"all data (environment {_FOLDER}; %(default)s)",
    )
    defaults = Ports()
    for name, purpose in WHAT.items():
        parser.add_argument(
            f"--{name}-port",
            dest=name,
            default=environment.get(variable(name)) or getattr(defaults, name),
            metavar="PORT",
            help=f"{purpose} (environment {variable(name)}; %(default)s); demo takes free ones",
        )
    parser.add_argument(
        "--camera",
        default=environment.get(_CAMERA),
        choices=tuple(_KINDS),
        help=f"auto: the first webcam, or else a simulated one (environment {_CAMERA})",
    )
    parser.add_argument(
        "--pictures",
        default=environment.get(_PICTURES),
        metavar="FOLDER",
        help=f"photos are taken from this folder (environment {_PICTURES})",
    )
    parser.add_argument(
        "--pace",
        type=_pace,
        metavar="SECONDS",
        help="between two presses, when it packs by itself "
        f"(run: {_RUN_PACE_S}, demo: {_DEMO_PACE_S})",
    )
    return parser


def _pace(text: str) -> float:
    """Raises ValueError, which argparse reports."""
    return max(_SHORTEST_PACE_S, float(text))


def _port(value: object, name: str) -> int:
    text = str(value)
    if not text.isdecimal() or not 1 <= int(text) <= 65_535:
        raise LauncherError(f"{variable(name)}: {text} is no port; a port is 1 to 65535")
    return int(text)
