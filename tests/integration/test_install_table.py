"""`make install-table`: what it gives to apt, and where it refuses. Nothing is installed here."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.support.deb import ROOT, own_architecture

APT = """\
#!/bin/sh
echo "$@" >"$SAID"
for last; do :; done
dpkg-deb --field "$last" Package Architecture >>"$SAID"
"""


def _is_raspberry_pi() -> bool:
    model = Path("/proc/device-tree/model")
    return model.exists() and "Raspberry Pi" in model.read_text()


def _run(**environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["scripts/install-table"],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.skipif(_is_raspberry_pi(), reason="it would install")
def test_a_machine_that_is_no_raspberry_pi_is_not_taken_unasked() -> None:
    refused = _run(ANYWHERE="", PATH="/usr/bin:/bin")
    assert refused.returncode == 1
    assert "ANYWHERE=1" in refused.stderr


def test_apt_gets_the_package_of_this_checkout(tmp_path: Path) -> None:
    for name, text in (("apt-get", APT), ("sudo", '#!/bin/sh\nexec "$@"\n')):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    said = tmp_path / "said"
    path = f"{tmp_path}:{os.environ['PATH']}"
    installed = _run(ANYWHERE="1", PATH=path, SAID=str(said))
    assert installed.returncode == 0, installed.stderr
    asked, *fields = said.read_text().splitlines()
    assert asked.startswith("install --yes --reinstall --allow-downgrades /")
    assert fields == ["Package: packwitness-edge", f"Architecture: {own_architecture()}"]
