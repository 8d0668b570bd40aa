"""Puts the product on a virtual table: cloud and sandbox, and the table from its package."""

import fcntl
import hashlib
import logging
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.virtual_table.light import BLUE, BUZZER, GREEN, RED
from tests.support.virtual_table.uml_machine import CACHE, Machine, copy_sparse

log = logging.getLogger(__name__)

ROOT = Path(__file__).parents[3]
INSIDE = Path(__file__).parent / "inside"
SANDBOX_URL = "http://127.0.0.1:8790"
CLOUD_URL = "http://127.0.0.1:8080"
CLOUD_DATA = "/var/lib/packwitness-cloud/cloud"
INSTALL_LIMIT_S = 600.0
SETTINGS_FILE = "/etc/packwitness/table.toml"
BROKER_PORT = 18830
SPOOL = "/var/lib/packwitness/spool"

VIVID = "/dev/v4l/by-path/platform-vivid.0-video-index0"
WEBCAM = f"""
kind = "opencv"
device = "{VIVID}"
width = 1280
height = 720
"""
PI_CAMERA = """
kind = "picamera2"
full_resolution = false
width = 480
height = 360
"""


def table_settings(camera: str = WEBCAM) -> str:
    """The settings of the virtual table, with one of its cameras."""
    return f"""
[camera]
{camera}
[input]
kinds = ["evdev"]

[indicator]
kind = "rgb"
pins = {{ red = {RED}, green = {GREEN}, blue = {BLUE}, buzzer = {BUZZER} }}
"""


_UNITS = "/etc/systemd/system"
_SANDBOX_UNIT = """
[Unit]
Description=The marketplace of the virtual table

[Service]
ExecStart=/opt/cloud/bin/packwitness-sandbox shopee --port 8790 --data /var/lib/sandbox
StateDirectory=sandbox
Restart=always

[Install]
WantedBy=multi-user.target
"""
_CLOUD_DROP_IN = f"""
[Service]
ExecStart=
ExecStart=/opt/cloud/bin/packwitness-cloud serve
Environment=PACKWITNESS_CLOUD_DATA_DIR={CLOUD_DATA}
"""
# A unit that sees its own /proc must be told again which Raspberry Pi this is.
_TABLE_DROP_IN = """
[Service]
BindReadOnlyPaths=/run/cpuinfo:/proc/cpuinfo
"""


def installed_disk() -> Path:
    """A disk with the product installed and set up; made once for a state of product and image."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "installing.turn").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)  # another run may be about to make the same
        return _installed_disk()


@contextmanager
def _step(words: str) -> Iterator[None]:
    """Says how long it took."""
    began = time.monotonic()
    yield
    log.info("%s: %.0f s", words, time.monotonic() - began)


def _installed_disk() -> Path:
    with _step("building the product"):
        wheel, package = _built()
    parts = [wheel, package, Path(__file__), *sorted(INSIDE.glob("*.py"))]
    made_from = hashlib.sha256(b"".join(part.read_bytes() for part in parts))
    made_from.update(str((CACHE / "image").resolve()).encode())
    disk = CACHE / f"installed-{made_from.hexdigest()[:16]}.cow"
    if not disk.exists():
        # The newest one stays: another run may be copying it.
        for old in sorted(CACHE.glob("installed-*"), key=os.path.getmtime)[:-1]:
            old.unlink()
        _make(wheel, package, disk)
    return disk


def _built() -> tuple[Path, Path]:
    """The wheel of all programs, and the package of a table, from this checkout.

    Their date is none, so that a commit elsewhere costs no installation.
    """
    folder = CACHE / "product"
    shutil.rmtree(folder, ignore_errors=True)
    undated = {**os.environ, "SOURCE_DATE_EPOCH": "0"}
    for command in (
        ["-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        ["scripts/build_deb.py", "amd64", "--out", str(folder)],
    ):
        subprocess.run(
            [sys.executable, *command], cwd=ROOT, check=True, capture_output=True, env=undated
        )
    (wheel,) = folder.glob("*.whl")
    (package,) = folder.glob("*.deb")
    return wheel, package


def _make(wheel: Path, package: Path, disk: Path) -> None:
    with Machine(CACHE / "installing") as machine:
        machine.disk.unlink(missing_ok=True)
        with _step("booting the bare image"):
            machine.boot()
        with _step("installing the cloud"):
            install_cloud(machine, wheel)
        with _step("installing and enrolling the table"):
            install_table(machine, package)
        machine.power_off()
        copy_sparse(machine.disk, disk)
        machine.disk.unlink()


def install_cloud(machine: Machine, wheel: Path) -> None:
    """The cloud and a sandbox, both started at boot; leaves a claim code in /root/claim."""
    machine.put(wheel, f"/opt/{wheel.name}")
    for script in INSIDE.glob("*.py"):
        machine.put(script, f"/opt/inside/{script.name}")
    for name in ("packwitness-cloud-.service.d/10-common.conf", "packwitness-cloud-serve.service"):
        machine.put(ROOT / "systemd" / name, f"{_UNITS}/{name}")
    machine.write(f"{_UNITS}/packwitness-sandbox.service", _SANDBOX_UNIT)
    machine.write(f"{_UNITS}/packwitness-cloud-serve.service.d/20-here.conf", _CLOUD_DROP_IN)
    machine.run(
        f"""
/opt/cloud/bin/pip install -q --no-index --no-deps /opt/{wheel.name}
useradd --system --home-dir /var/lib/packwitness-cloud --shell /usr/sbin/nologin packwitness-cloud
mkdir -p /var/lib/packwitness-cloud /var/lib/sandbox
# The marketplace loses nothing when the table's power is cut: it stands elsewhere.
chattr +S /var/lib/sandbox
systemctl daemon-reload
systemctl enable -q --now packwitness-sandbox
timeout 60 sh -c 'until ss -lnt | grep -q :8790; do sleep 0.2; done'
/opt/cloud/bin/python /opt/inside/set_up_cloud.py /var/lib/packwitness-cloud 8080 8790 > /root/claim
chown -R packwitness-cloud: /var/lib/packwitness-cloud
systemctl enable -q --now packwitness-cloud-serve
timeout 120 sh -c 'until ss -lnt | grep -q :8080; do sleep 0.2; done'
""",
        limit_s=INSTALL_LIMIT_S,
    )


def install_table(machine: Machine, package: Path) -> None:
    """From its package, as people do; enrolled with the claim code."""
    machine.put(package, f"/opt/{package.name}")
    machine.write(f"{_UNITS}/packwitness-edge.service.d/here.conf", _TABLE_DROP_IN)
    command = f"apt-get install -y -q --no-install-recommends /opt/{package.name}"
    machine.run(command, limit_s=INSTALL_LIMIT_S)
    machine.write(SETTINGS_FILE, table_settings())
    enrol = f"/usr/bin/packwitness-edge enroll --server {CLOUD_URL}"
    machine.run(
        f"""
runuser -u packwitness -- {enrol} < /root/claim
systemctl restart packwitness-edge
"""
    )
