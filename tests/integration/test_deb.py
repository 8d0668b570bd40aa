"""The Debian package of a table: what is in it, for both architectures and both Pythons.

How it installs, upgrades and goes away in a real Debian: tests/package.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.deb import ROOT, build_deb, own_architecture, unpack

MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}
SITE = "opt/packwitness/lib/python3/site-packages"

pytestmark = pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="needs dpkg-deb")


@pytest.fixture(scope="module", params=sorted(MACHINES))
def deb(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    architecture: str = request.param
    return build_deb(tmp_path_factory.mktemp("built"), architecture)


@pytest.fixture(scope="module")
def tree(deb: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return unpack(deb, tmp_path_factory.mktemp("unpacked") / "tree")


def _architecture(deb: Path) -> str:
    return deb.stem.rsplit("_", 1)[1]


def test_compiled_modules_are_there_for_both_releases(deb: Path, tree: Path) -> None:
    found = {path.name for path in (tree / SITE).rglob("*.so")}
    machine = MACHINES[_architecture(deb)]
    for python in ("311", "313"):
        assert f"_pydantic_core.cpython-{python}-{machine}-linux-gnu.so" in found
    others = {one for one in found if re.search(r"-(x86_64|aarch64)-", one) and machine not in one}
    assert not others


def test_whatever_python_the_release_has_finds_the_same_folder(tree: Path) -> None:
    for python in ("python3.11", "python3.13"):
        assert (tree / "opt/packwitness/lib" / python).readlink() == Path("python3")
    assert (
        "include-system-site-packages = true" in (tree / SITE / "../../../pyvenv.cfg").read_text()
    )


def test_what_the_distribution_drives_is_not_inside(tree: Path) -> None:
    names = {path.name for path in (tree / SITE).iterdir()}
    assert {"edge", "wire", "paho", "httpx", "pydantic", "prompt_toolkit"} <= names
    assert not names & {"numpy", "cv2", "PIL", "evdev", "gpiozero", "picamera2"}
    assert not names & {"cloud", "sandbox", "launcher"}


def test_every_file_of_the_table_in_systemd_is_packed(tree: Path) -> None:
    systemd = ROOT / "systemd"
    packed = {path.name for path in tree.rglob("*")}
    for file in systemd.rglob("*"):
        top = file.relative_to(systemd).parts[0]
        if file.is_file() and top not in {"debian", "README.md"}:
            assert (file.name in packed) is not top.startswith("packwitness-cloud"), file


def test_units_run_what_the_package_installs(tree: Path) -> None:
    for unit in (tree / "usr/lib/systemd/system").glob("*.service"):
        for program in re.findall(r"^Exec\w+=[-+!@:]*(/\S+)", unit.read_text(), re.MULTILINE):
            if program.startswith(("/opt/packwitness", "/usr/lib/packwitness")):
                assert (tree / program.lstrip("/")).exists(), f"{unit.name}: {program}"


def test_settings_are_the_owners(tree: Path) -> None:
    assert (tree / "DEBIAN/conffiles").read_text() == "/etc/packwitness/table.toml\n"


def test_maintainer_scripts_are_whole_and_readable_by_sh(tree: Path) -> None:
    for name in ("postinst", "prerm", "postrm"):
        script = tree / "DEBIAN" / name
        assert "packwitness-edge.service" in script.read_text()
        assert not re.search(r"@[A-Z_]+@", script.read_text())
        assert subprocess.run(["sh", "-n", script], check=False).returncode == 0


@pytest.mark.skipif(sys.version_info[:2] not in {(3, 11), (3, 13)}, reason="not packed for it")
def test_the_packed_program_runs_without_any_other_package(tmp_path: Path) -> None:
    """With nothing of this environment in sight: what it imports is in the package."""
    deb = build_deb(tmp_path, own_architecture())
    site = unpack(deb, tmp_path / "tree") / SITE
    code = (
        f"import sys; sys.path[:0] = [{str(site)!r}]; from edge.cli import main; main(['settings'])"
    )
    command = [sys.executable, "-I", "-S", "-c", code]
    run = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert run.returncode == 0, run.stderr
    assert "spool.directory" in run.stdout


def test_the_same_checkout_gives_the_same_package(deb: Path, tmp_path: Path) -> None:
    again = build_deb(tmp_path, _architecture(deb))
    assert again.read_bytes() == deb.read_bytes()
