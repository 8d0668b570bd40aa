"""Puts the product on a virtual table: cloud and sandbox, and the table from its package."""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from tests.support.virtual_table.machine import CACHE, Machine, copy_sparse

ROOT = Path(__file__).parents[3]
INSIDE = Path(__file__).parent / "inside"
SANDBOX_URL = "http://127.0.0.1:8790"
CLOUD_URL = "http://127.0.0.1:8080"
CLOUD_DATA = "/var/lib/packwitness-cloud/cloud"

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


def wheel() -> Path:
    """The product as one wheel, built from this checkout."""
    folder = CACHE / "product"
    shutil.rmtree(folder, ignore_errors=True)
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-index", "--no-deps"]
    options = ["--no-build-isolation", "-w", str(folder), str(ROOT)]
    subprocess.run([*command, *options], check=True)
    (built,) = folder.glob("packwitness-*.whl")
    return built


def installed_disk() -> Path:
    """A disk with the product installed and set up; made once for a state of product and image."""
    built = wheel()
    parts = [built, *sorted(INSIDE.glob("*.py")), Path(__file__)]
    made_from = hashlib.sha256(b"".join(part.read_bytes() for part in parts))
    made_from.update(str((CACHE / "image").resolve()).encode())
    disk = CACHE / f"installed-{made_from.hexdigest()[:16]}.cow"
    if not disk.exists():
        for old in CACHE.glob("installed-*"):
            old.unlink()
        _make(built, disk)
    return disk


def _make(built: Path, disk: Path) -> None:
    with Machine(CACHE / "installing") as machine:
        machine.disk.unlink(missing_ok=True)
        machine.boot()
        install_cloud(machine, built)
        machine.power_off()
        copy_sparse(machine.disk, disk)
        machine.disk.unlink()


def install_cloud(machine: Machine, built: Path) -> None:
    """The cloud and a sandbox, both started at boot; leaves a claim code in /root/claim."""
    machine.put(built, f"/opt/{built.name}")
    for script in INSIDE.glob("*.py"):
        machine.put(script, f"/opt/inside/{script.name}")
    machine.run(f"/opt/cloud/bin/pip install -q --no-index --no-deps /opt/{built.name}")
    units = "/etc/systemd/system"
    for name in ("packwitness-cloud-.service.d/10-common.conf", "packwitness-cloud-serve.service"):
        machine.put(ROOT / "systemd" / name, f"{units}/{name}")
    machine.run(
        f"""
mkdir -p {units}/packwitness-cloud-serve.service.d
cat > {units}/packwitness-sandbox.service <<'END'
{_SANDBOX_UNIT}
END
cat > {units}/packwitness-cloud-serve.service.d/virtual-table.conf <<'END'
{_CLOUD_DROP_IN}
END
useradd --system --home-dir /var/lib/packwitness-cloud --shell /usr/sbin/nologin packwitness-cloud
systemctl daemon-reload
systemctl enable -q --now packwitness-sandbox
timeout 30 sh -c 'until ss -lnt | grep -q :8790; do :; done'
mkdir -p /var/lib/packwitness-cloud
/opt/cloud/bin/python /opt/inside/set_up_cloud.py /var/lib/packwitness-cloud 8080 8790 > /root/claim
chown -R packwitness-cloud: /var/lib/packwitness-cloud
systemctl enable -q --now packwitness-cloud-serve
timeout 60 sh -c 'until ss -lnt | grep -q :8080; do :; done'
"""
    )
