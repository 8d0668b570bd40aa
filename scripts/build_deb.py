"""Builds the Debian package of a table: ``build_deb.py [--fetch-only] [ARCHITECTURE ...]``.

The package holds a ready virtual environment below /opt/packwitness, with the wheels of
locks/table.lock for each Python of the releases that are served (docs/decisions/0024). It is built
on any machine with dpkg-deb; nothing is compiled and nothing of another architecture is run. The
same commit gives the same bytes.
"""

import argparse
import gzip
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from email.utils import formatdate
from pathlib import Path

ROOT = Path(__file__).parents[1]
CACHE = ROOT / ".cache" / "deb"
LOCK = ROOT / "locks" / "table.lock"
RECIPE = ROOT / "systemd" / "debian"

PYTHONS = ("3.11", "3.13")  # of bookworm and trixie
MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}
GLIBCS = ("manylinux_2_17", "manylinux2014", "manylinux_2_28", "manylinux_2_31", "manylinux_2_34")
FROM_APT = ("numpy", "opencv-python", "pillow")
"""In the lock for other machines; on a table they are the distribution's (decision 0002)."""
OF_A_TABLE = ("edge", "wire")
"""What of the project a table needs; the cloud stays out."""

PREFIX = Path("opt/packwitness")
PACKAGES = PREFIX / "lib" / "python3" / "site-packages"
PLACES = {
    "sysusers.d": "usr/lib/sysusers.d",
    "tmpfiles.d": "usr/lib/tmpfiles.d",
    "udev/rules.d": "usr/lib/udev/rules.d",
    "udev/hwdb.d": "usr/lib/udev/hwdb.d",
    "modules-load.d": "usr/lib/modules-load.d",
    "journald.conf.d": "usr/lib/systemd/journald.conf.d",
    "system.conf.d": "usr/lib/systemd/system.conf.d",
    "bin": "usr/lib/packwitness",
    "variants": "usr/share/packwitness",
}
"""Folders of systemd/ and where their files go. A folder of another name stops the build."""

DOCUMENTS = ("for-it.md", "for-packers.md", "settings.md", "table-service.md")

COMMAND = """\
#!/opt/packwitness/bin/python3 -sP
import sys

from edge.cli import main

sys.exit(main())
"""
ENVIRONMENT = "home = /usr/bin\ninclude-system-site-packages = true\n"


def main() -> None:
    """Build the packages of these architectures into dist/ and print their names."""
    parser = argparse.ArgumentParser(description="Build the Debian package of a table.")
    parser.add_argument(
        "architectures", nargs="*", default=sorted(MACHINES), metavar="ARCHITECTURE"
    )
    parser.add_argument("--fetch-only", action="store_true", help="bring the wheels, build nothing")
    parser.add_argument("--out", type=Path, default=ROOT / "dist", metavar="FOLDER")
    parser.add_argument("--compression", choices=("xz", "none"), default="xz")
    options = parser.parse_args()
    for architecture in options.architectures:
        if architecture not in MACHINES:
            sys.exit(f"build_deb: {architecture}: known are {', '.join(sorted(MACHINES))}")
        wheels = fetch(architecture)
        if not options.fetch_only:
            sys.stdout.write(f"{build(architecture, wheels, options.out, options.compression)}\n")


def fetch(architecture: str) -> list[Path]:
    """The locked wheels for every Python, from the cache or by pip, which checks their hashes."""
    wanted = _without(LOCK.read_text(encoding="utf-8"), FROM_APT)
    made_for = hashlib.sha256((wanted + repr((PYTHONS, GLIBCS))).encode()).hexdigest()[:16]
    folder = CACHE / f"wheels-{made_for}-{architecture}"
    if not folder.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        new = CACHE / f"{folder.name}.new.{os.getpid()}"
        lock = CACHE / f"{new.name}.lock"
        lock.write_text(wanted, encoding="utf-8")
        for python in PYTHONS:
            _download(lock, new, architecture, python)
        lock.unlink()
        if folder.exists():  # another build was faster
            shutil.rmtree(new)
        else:
            new.rename(folder)
    return sorted(folder.glob("*.whl"))


def _without(lock: str, names: tuple[str, ...]) -> str:
    entries = re.split(r"^(?=[^ #])", lock, flags=re.MULTILINE)
    return "".join(one for one in entries if re.split(r"[=\[ ]", one)[0] not in names)


def _download(lock: Path, folder: Path, architecture: str, python: str) -> None:
    short = python.replace(".", "")
    platforms = (f"--platform={glibc}_{MACHINES[architecture]}" for glibc in GLIBCS)
    abis = (f"--abi={abi}" for abi in (f"cp{short}", "abi3", "none"))
    pip = [sys.executable, "-m", "pip", "download", "-qq", "--no-input", "--no-deps"]
    strict = ["--require-hashes", "--only-binary=:all:", "--implementation=cp"]
    where = [f"--python-version={python}", f"--dest={folder}", f"--requirement={lock}"]
    subprocess.run([*pip, *strict, *platforms, *abis, *where], check=True)


def build(architecture: str, wheels: list[Path], out: Path, compression: str) -> Path:
    """Put the tree together and pack it."""
    out.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("SOURCE_DATE_EPOCH", _epoch())
    work = CACHE / f"build-{architecture}-{os.getpid()}"
    shutil.rmtree(work, ignore_errors=True)
    tree = work / "tree"
    try:
        for wheel in wheels:
            _unpack(wheel, tree / PACKAGES)
        _unpack(_own_wheel(work), tree / PACKAGES, only=OF_A_TABLE)
        _lay_environment(tree)
        units = _lay_system_files(tree)
        _lay_documents(tree, wheels)
        _put_in_order(tree)
        _lay_control(tree, architecture, units)
        name = f"packwitness-edge_{debian_version()}_{architecture}.deb"
        pack = ["dpkg-deb", "--root-owner-group", f"-Z{compression}", "--build"]
        subprocess.run([*pack, tree, out / name], check=True, stdout=subprocess.DEVNULL)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return out / name


def debian_version() -> str:
    """The version of pyproject.toml; what comes before a release sorts before it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return re.sub(r"\.?(a|b|rc|dev)(?=\d)", r"~\1", project["version"])


def _epoch() -> str:
    command = ["git", "-c", "safe.directory=*", "log", "-1", "--format=%ct"]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return found.stdout.strip() or "0"


def _own_wheel(work: Path) -> Path:
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "hatchling",
        "build",
        "-t",
        "wheel",
        "-d",
        work,
    ]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = work.glob("*.whl")
    return wheel


def _unpack(wheel: Path, into: Path, only: tuple[str, ...] = ()) -> None:
    """Lay a wheel into the folder that all Pythons share.

    Compiled modules carry the Python they are for in their names. Anything else that two wheels
    have must be the same, except for what describes a wheel.
    """
    with zipfile.ZipFile(wheel) as archive:
        for name in (info.filename for info in archive.infolist() if not info.is_dir()):
            top = name.split("/")[0]
            if top.endswith(".data"):
                sys.exit(f"build_deb: {wheel.name} installs {name} outside of its packages")
            if name.endswith((".dist-info/RECORD", ".pyi")):
                continue  # dpkg keeps its own; types are for those who write programs
            if not only or top in only or top.endswith(".dist-info"):
                _lay(into / name, archive.read(name), wheel)


def _lay(file: Path, content: bytes, wheel: Path) -> None:
    describes_wheel = any(part.endswith(".dist-info") for part in file.parts)
    if file.exists() and not describes_wheel and file.read_bytes() != content:
        sys.exit(f"build_deb: {file.name} of {wheel.name} differs between two Pythons")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)


def _lay_environment(tree: Path) -> None:
    """A virtual environment that finds its packages under whichever Python the system has."""
    prefix = tree / PREFIX
    (prefix / "bin").mkdir(parents=True)
    (prefix / "pyvenv.cfg").write_text(ENVIRONMENT, encoding="utf-8")
    (prefix / "bin" / "python3").symlink_to("/usr/bin/python3")
    command = prefix / "bin" / "packwitness-edge"
    command.write_text(COMMAND, encoding="utf-8")
    command.chmod(0o755)
    for python in PYTHONS:
        (prefix / "lib" / f"python{python}").symlink_to("python3")
    (tree / "usr" / "bin").mkdir(parents=True)
    (tree / "usr" / "bin" / command.name).symlink_to(f"/{command.relative_to(tree)}")
    _copy(RECIPE / "table.toml", tree / "etc" / "packwitness" / "table.toml")


def _lay_system_files(tree: Path) -> list[Path]:
    """Units, rules and drop-ins of systemd/; returns the units."""
    systemd = ROOT / "systemd"
    for name in sorted({_place_of(file.relative_to(systemd)) for file in _table_files(systemd)}):
        for file in sorted((systemd / name).iterdir()):
            _copy(file, tree / PLACES[name] / file.name)
    units = sorted(path for path in systemd.iterdir() if _is_unit(path))
    for unit in units:
        for file in [unit, *sorted(systemd.glob(f"{unit.name}.d/*.conf"))]:
            _copy(file, tree / "usr/lib/systemd/system" / file.relative_to(systemd))
    return units


def _table_files(systemd: Path) -> Iterator[Path]:
    for file in sorted(systemd.rglob("*")):
        parts = file.relative_to(systemd).parts
        is_elsewhere = parts[0] == RECIPE.name or parts[0].startswith("packwitness-")
        if file.is_file() and len(parts) > 1 and not is_elsewhere:
            yield file


def _place_of(file: Path) -> str:
    folder = file.parent.as_posix()
    if folder not in PLACES:
        sys.exit(f"build_deb: systemd/{folder}: where does it go? Name it in PLACES")
    return folder


def _is_unit(path: Path) -> bool:
    kinds = {".service", ".target", ".timer", ".path", ".socket", ".slice"}
    return path.suffix in kinds and not path.name.startswith("packwitness-cloud")


def _is_enabled(unit: Path) -> bool:
    return "[Install]" in unit.read_text(encoding="utf-8").splitlines()


def _lay_documents(tree: Path, wheels: list[Path]) -> None:
    folder = tree / "usr/share/doc/packwitness-edge"
    _copy(RECIPE / "copyright", folder / "copyright")
    _copy(ROOT / "CHANGELOG.md", folder / "CHANGELOG.md")
    for name in DOCUMENTS:
        _copy(ROOT / "docs" / name, folder / name)
    listing = "".join(f"{wheel.name}\n" for wheel in wheels)
    (folder / "wheels").write_text(listing, encoding="utf-8")
    with gzip.GzipFile(folder / "changelog.gz", "wb", mtime=0) as file:
        file.write(_changelog().encode())
    _copy(RECIPE / "lintian-overrides", tree / "usr/share/lintian/overrides/packwitness-edge")


def _changelog() -> str:
    """In Debian's form; what changed stands in CHANGELOG.md."""
    when = formatdate(int(os.environ["SOURCE_DATE_EPOCH"]))
    head = f"packwitness-edge ({debian_version()}) stable; urgency=medium"
    return f"{head}\n\n  * See CHANGELOG.md.\n\n -- Packwitness <packwitness@localhost>  {when}\n"


def _copy(file: Path, to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    to.write_bytes(file.read_bytes())
    to.chmod(0o755 if os.access(file, os.X_OK) else 0o644)


def _put_in_order(tree: Path) -> None:
    """The same modes everywhere, whatever the umask of who builds and of who made the wheels."""
    tree.chmod(0o755)
    for path in tree.rglob("*"):
        if path.is_symlink():
            continue
        path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)


def _lay_control(tree: Path, architecture: str, units: list[Path]) -> None:
    files = sorted(path for path in tree.rglob("*") if path.is_file() and not path.is_symlink())
    size = sum(-(-path.stat().st_size // 1024) for path in files)
    words = {
        "@VERSION@": debian_version(),
        "@ARCHITECTURE@": architecture,
        "@SIZE_KIB@": str(size),
        "@UNITS@": " ".join(unit.name for unit in units),
        "@ENABLED_UNITS@": " ".join(unit.name for unit in units if _is_enabled(unit)),
    }
    control = tree / "DEBIAN"
    control.mkdir(mode=0o755)
    for name, mode in (
        ("control", 0o644),
        ("postinst", 0o755),
        ("prerm", 0o755),
        ("postrm", 0o755),
    ):
        text = (RECIPE / name).read_text(encoding="utf-8")
        for word, value in words.items():
            text = text.replace(word, value)
        (control / name).write_text(text, encoding="utf-8")
        (control / name).chmod(mode)
    etc = [path for path in files if path.is_relative_to(tree / "etc")]
    (control / "conffiles").write_text("".join(f"/{path.relative_to(tree)}\n" for path in etc))
    sums = (
        f"{hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()}  "
        f"{path.relative_to(tree)}\n"
        for path in files
    )
    (control / "md5sums").write_text("".join(sums), encoding="utf-8")


if __name__ == "__main__":
    main()
