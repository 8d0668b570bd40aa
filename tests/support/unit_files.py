"""The units in systemd/, read as systemd does: a drop-in counts as if it stood in the unit."""

import configparser
import shlex
import sys
from pathlib import Path

UNITS = Path(__file__).parents[2] / "systemd"
COMMON = UNITS / "packwitness-cloud-.service.d" / "10-common.conf"
_INSTALLED = "/opt/packwitness/bin/"


def read_unit(name: str) -> configparser.ConfigParser:
    """A unit of the cloud with its drop-in."""
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]  # names keep their capitals
    read = unit.read([UNITS / name, *([COMMON] if name.startswith("packwitness-cloud-") else [])])
    assert read
    return unit


def command_of(name: str) -> list[str]:
    """What the unit starts, from where it is installed here."""
    program, *words = shlex.split(read_unit(name)["Service"]["ExecStart"])
    assert program.startswith(_INSTALLED)
    return [str(Path(sys.executable).with_name(program.removeprefix(_INSTALLED))), *words]


def environment_of(name: str) -> dict[str, str]:
    """The variables that it sets."""
    given = shlex.split(read_unit(name)["Service"]["Environment"])
    return dict(one.split("=", 1) for one in given)
