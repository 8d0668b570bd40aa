"""The Debian package of a table, built as `make deb` does, without the time that packing takes."""

import subprocess
import sys
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]


def build_deb(out: Path, architecture: str) -> Path:
    command = [sys.executable, "scripts/build_deb.py", "--compression", "none", "--out"]
    built = subprocess.run(
        [*command, out, architecture], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stderr
    return Path(built.stdout.strip())


@cache
def own_architecture() -> str:
    command = ["dpkg", "--print-architecture"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def unpack(deb: Path, folder: Path) -> Path:
    """Files, and what belongs to the packager in DEBIAN."""
    subprocess.run(["dpkg-deb", "--raw-extract", deb, folder], check=True)
    return folder


def with_version(deb: Path, version: str, folder: Path) -> Path:
    """The same package as if it were another version of the program."""
    tree = unpack(deb, folder / f"tree-{version}")
    control = tree / "DEBIAN" / "control"
    lines = control.read_text().splitlines(keepends=True)
    changed = [f"Version: {version}\n" if one.startswith("Version:") else one for one in lines]
    control.write_text("".join(changed))
    made = folder / f"packwitness-edge_{version}_{own_architecture()}.deb"
    pack = ["dpkg-deb", "--root-owner-group", "-Znone", "--build"]
    subprocess.run([*pack, tree, made], check=True, stdout=subprocess.DEVNULL)
    return made
