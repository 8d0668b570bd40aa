"""Versions of what a table stands on, for whoever is asked for help."""

import platform
import re
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from edge.doctor.finding import Finding, fine, wrong
from edge.doctor.table import Table
from edge.version import software_version

SUBJECT = "versions"
_MODEL = Path("/proc/device-tree/model")

LIBRARIES = (
    ("OpenCV", "cv2", ("opencv", "opencv-python"), (4, 6)),
    ("picamera2", "picamera2", ("picamera2",), (0, 3, 12)),
    ("evdev", "evdev", ("evdev", "evdev-binary"), (1, 6)),
    ("gpiozero", "gpiozero", ("gpiozero",), (2, 0)),
    ("lgpio", "lgpio", ("lgpio",), (0, 2)),
)
"""Name, module, names of distributions, and the oldest version that our drivers work with."""


def check(_table: Table) -> Iterator[Finding]:
    """The program, the machine, and each library that drives a device. Nothing is loaded."""
    yield fine(SUBJECT, f"{software_version()}, Python {platform.python_version()}")
    yield fine(SUBJECT, f"{_machine()}, {_system()}, kernel {platform.release()}")
    found = [(name, _found(module, names), oldest) for name, module, names, oldest in LIBRARIES]
    too_old = [one for one in found if _is_older(one[1], one[2])]
    yield fine(SUBJECT, ", ".join(f"{name} {text}" for name, text, _ in found))
    for name, text, oldest in too_old:
        wanted = ".".join(map(str, oldest))
        to_do = "update the system: sudo apt update && sudo apt full-upgrade"
        yield wrong(SUBJECT, f"{name} {text} is older than {wanted}", to_do=to_do)


def _found(module: str, distributions: tuple[str, ...]) -> str:
    if find_spec(module) is None:
        return "not installed"
    for name in distributions:
        try:
            return version(name)
        except PackageNotFoundError:
            continue
    return "of unknown version"  # Debian packs some modules without a word about them


def _is_older(text: str, oldest: tuple[int, ...]) -> bool:
    upstream = text.partition("+")[0]
    numbers = tuple(int(one) for one in re.findall(r"\d+", upstream)[: len(oldest)])
    return bool(numbers) and numbers < oldest


def _machine() -> str:
    try:
        return _MODEL.read_text(encoding="utf-8").rstrip("\0\n")
    except (OSError, UnicodeDecodeError):
        return platform.machine()


def _system() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return platform.system()
