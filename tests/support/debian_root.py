"""A small Debian in memory, entered by chroot: the package of a table is installed there for real.

Without a network: its packages lie in /stick, as on a stick that somebody brings to a warehouse.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOTS = ROOT / ".cache" / "package-roots"
ENVIRONMENT = {
    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
    "LC_ALL": "C.UTF-8",
    "DEBIAN_FRONTEND": "noninteractive",
}


class DebianRoot:
    """One root. Nothing of systemd runs in it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def command(self, *arguments: str, user: str = "root") -> list[str]:
        return [
            "chroot",
            f"--userspec={user}:{user}",
            f"--groups={user}",
            str(self.path),
            *arguments,
        ]

    def run(self, *arguments: str, user: str = "root") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*arguments, user=user),
            env=ENVIRONMENT,
            capture_output=True,
            text=True,
            check=False,
        )

    def do(self, *arguments: str, user: str = "root") -> str:
        """What the command said; it must succeed."""
        done = self.run(*arguments, user=user)
        assert done.returncode == 0, f"{arguments}:\n{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    def bring(self, deb: Path) -> str:
        """Onto the stick; its path there."""
        shutil.copy(deb, self.path / "stick")
        return f"/stick/{deb.name}"

    def install(self, *debs: str) -> str:
        """With apt, as at a table."""
        options = ("--yes", "--quiet", "--no-install-recommends", "--allow-downgrades")
        return self.do("apt-get", "install", *options, *debs)


@contextmanager
def debian_root(release: str, folder: Path) -> Iterator[DebianRoot]:
    archive = ROOTS / f"{release}.tar"
    assert archive.exists(), "type: make test-package"
    path = folder / "root"
    path.mkdir()
    # In memory: a package manager flushes after each file.
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "root", path], check=True)
    try:
        subprocess.run(["tar", "-C", path, "--numeric-owner", "-xpf", archive], check=True)
        subprocess.run(["mount", "-t", "proc", "proc", path / "proc"], check=True)
        yield DebianRoot(path)
    finally:
        subprocess.run(["umount", "--recursive", path], check=True)


def why_not() -> str | None:
    """None where this process may make roots and enter them."""
    return None if os.geteuid() == 0 else "needs root: sudo make test-package"
