"""The units of the cloud: systemd takes them, they are hardened, and they fit the program."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cloud.main.commands import app
from cloud.main.roles import Role
from cloud.main.settings import CloudSettings
from tests.support.unit_files import COMMON, UNITS, command_of, environment_of, read_unit

SERVICES = sorted(path.name for path in UNITS.glob("packwitness-cloud-*.service"))
TEMPLATES = [name for name in SERVICES if "@" in name]
TARGET = "packwitness-cloud.target"
MOST_EXPOSED = 2.0
"""Of 10, in systemd's own measure; a plain service has 9.6."""

needs_systemd = pytest.mark.skipif(
    not shutil.which("systemd-analyze"), reason="systemd is missing: apt install systemd"
)


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A folder of units as they would be installed, templates with an instance."""
    shutil.copytree(UNITS, tmp_path, dirs_exist_ok=True)
    for name in SERVICES:
        text = (tmp_path / name).read_text()
        # the program is not installed where the tests run
        text = text.replace(read_unit(name)["Service"]["ExecStart"], "/bin/true")
        (tmp_path / name).write_text(text)
        (tmp_path / instance(name)).write_text(text)
    return tmp_path


def instance(name: str) -> str:
    return name.replace("@.", "@1.")


def analyze(installed: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["systemd-analyze", *words],
        env={**os.environ, "SYSTEMD_UNIT_PATH": f"{installed}:"},
        capture_output=True,
        text=True,
        check=False,
    )


@needs_systemd
@pytest.mark.parametrize("name", [*SERVICES, TARGET])
def test_systemd_understands_the_unit(installed: Path, name: str) -> None:
    unit = str(installed / instance(name))
    done = analyze(installed, "verify", "--man=no", "--recursive-errors=no", unit)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@needs_systemd
def test_systemd_reads_what_the_units_have_in_common(installed: Path) -> None:
    common = installed / COMMON.relative_to(UNITS)
    common.write_text(common.read_text() + "NoSuchSetting=1\n")
    unit = str(installed / instance(TEMPLATES[0]))
    done = analyze(installed, "verify", "--man=no", "--recursive-errors=no", unit)
    assert "NoSuchSetting" in done.stderr


@needs_systemd
@pytest.mark.parametrize("name", SERVICES)
def test_the_unit_is_hardened(installed: Path, name: str) -> None:
    unit = str(installed / instance(name))
    options = ["--offline=true", f"--threshold={MOST_EXPOSED * 10:.0f}", "--no-pager"]
    done = analyze(installed, "security", *options, unit)
    assert done.returncode == 0, done.stdout


def test_there_is_a_template_for_each_role() -> None:
    assert sorted(f"packwitness-cloud-{role}@.service" for role in Role) == TEMPLATES
    for role in Role:
        assert command_of(f"packwitness-cloud-{role}@.service")[1:] == ["run", role]


@pytest.mark.parametrize("name", SERVICES)
def test_what_a_unit_starts_is_a_command_of_ours(name: str) -> None:
    done = CliRunner().invoke(app, [*command_of(name)[1:], "--help"])
    assert done.exit_code == 0, done.output
    assert set(environment_of(name)) == {"PYTHONUTF8"}


@pytest.mark.parametrize("name", TEMPLATES)
def test_the_target_holds_the_roles(name: str) -> None:
    unit = read_unit(name)
    assert unit["Unit"]["PartOf"] == TARGET
    assert unit["Install"]["WantedBy"] == TARGET


def test_what_the_cloud_writes_lies_in_its_state_directory() -> None:
    service = read_unit(SERVICES[0])["Service"]
    assert CloudSettings().data_dir == Path("/var/lib") / service["StateDirectory"]
    assert service["ProtectSystem"] == "strict"
