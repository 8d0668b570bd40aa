"""Runs inside the virtual table: sets the cloud up beside a sandbox, and prints a claim code."""

import sys
from pathlib import Path

from launcher.cloud import Cloud
from launcher.folder import Folder
from launcher.marketplace import Marketplace
from launcher.ports import HOST, Ports

BROKER_PORT = 18830
SENDS_PER_SECOND = 20.0


def main(root: str, web_port: str, sandbox_port: str) -> None:
    """``root`` is the folder of the cloud's data."""
    folder = Folder(Path(root))
    folder.prepare()
    ports = Ports(web=int(web_port), broker=BROKER_PORT, sandbox=int(sandbox_port))
    cloud = Cloud(folder, ports, {})
    marketplace = Marketplace(f"http://{HOST}:{sandbox_port}")
    cloud.create_owner()
    cloud.connect_shop(marketplace, SENDS_PER_SECOND)
    sys.stdout.write(f"{cloud.claim()}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
