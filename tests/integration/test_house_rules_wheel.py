"""The wheel works by itself, away from the checkout (design, section 3)."""

import os
import re
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("edge", "cloud", "wire", "sandbox", "launcher")
COMMANDS = sorted(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"])


def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}


def run(command: list[str | Path], *, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=cwd, env=environment(), capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    built = run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder], cwd=ROOT)
    assert built.returncode == 0, built.stderr
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of commands of an environment with the wheel, and the dependencies of this one."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder, with_pip=False)
    commands = folder / "bin"
    pip = [sys.executable, "-m", "pip", "--python", str(commands / "python"), "install", "-q"]
    done = run([*pip, "--no-index", "--no-deps", wheel], cwd=folder)
    assert done.returncode == 0, done.stderr
    # After the installation, or pip would see the editable project through it. Python does not read
    # the .pth files of a folder that is itself named by one, so the checkout stays out of sight.
    (site_packages,) = folder.glob("lib/python*/site-packages")
    (site_packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return commands


def test_the_wheel_holds_every_file_of_the_packages(wheel: Path) -> None:
    """Templates, static files, translations and migrations among them."""
    listing = run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z", "--", *PACKAGES], cwd=ROOT
    ).stdout
    tracked = {path for path in listing.split("\0") if (ROOT / path).is_file()}
    assert tracked
    assert tracked <= set(zipfile.ZipFile(wheel).namelist())


def test_the_wheel_is_used_and_not_the_checkout(installed: Path, tmp_path: Path) -> None:
    code = "import edge, cloud, wire, sandbox, launcher, httpx; print(cloud.__file__)"
    result = run([installed / "python", "-c", code], cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert Path(result.stdout.strip()).is_relative_to(installed.parent)


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_explains_itself(installed: Path, tmp_path: Path, command: str) -> None:
    result = run([installed / command, "--help"], cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert command in result.stdout


def test_the_stand_in_marketplace_serves_its_pages(installed: Path, tmp_path: Path) -> None:
    command: list[str | Path] = [installed / "packwitness-sandbox", "shopee", "--port", "0"]
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment(), stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            (address,) = re.findall(r"http://\S+", process.stdout.readline())
            page = httpx.get(address, follow_redirects=True)
            (style,) = re.findall(r'<link[^>]+href="([^"]+\.css)"', page.text)
            assert page.status_code == 200
            assert httpx.get(page.url.join(style)).status_code == 200
        finally:
            process.terminate()
