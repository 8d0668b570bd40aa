"""The unit of a table: systemd takes it, and it fits the daemon's own paths."""

import configparser
import shutil
import subprocess
from pathlib import Path

import pytest

from edge.settings import TableSettings

UNIT = Path(__file__).parents[2] / "systemd" / "packwitness-edge.service"


def _unit() -> configparser.ConfigParser:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]  # names keep their capitals
    unit.read(UNIT)
    return unit


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
def test_systemd_understands_the_unit(tmp_path: Path) -> None:
    copy = tmp_path / UNIT.name
    text = UNIT.read_text()
    # the program is not installed where the tests run
    copy.write_text(text.replace(_unit()["Service"]["ExecStart"], "/bin/true"))
    command = ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", str(copy)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_what_the_daemon_writes_lies_in_its_state_directory() -> None:
    state = Path("/var/lib") / _unit()["Service"]["StateDirectory"]
    settings = TableSettings()
    assert settings.spool.directory.is_relative_to(state)
    assert settings.enrolment.credentials_file.is_relative_to(state)


def test_a_table_starts_without_network() -> None:
    assert "network" not in " ".join(_unit()["Unit"].values())
