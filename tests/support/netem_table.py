"""A table, a broker and a cloud in a network that loses and delays: ``python -m`` this FOLDER.

To be run in a network namespace of its own, which it makes bad.
"""

import subprocess
import sys
from pathlib import Path

from edge.uplink.settings import UplinkSettings
from tests.support.fake_cloud import FakeCloud
from tests.support.mosquitto import Mosquitto
from tests.support.uplink_table import DEVICE, UplinkTable, credentials
from tests.support.waiting import eventually

LOOPBACK = ("ip", "link", "set", "lo", "up")
NETEM = ("netem", "delay", "2000ms", "loss", "30%")
BAD_NETWORK = ("tc", "qdisc", "add", "dev", "lo", "root", *NETEM)
_PATIENCE_S = 240.0


def main(folder: Path) -> None:
    subprocess.run(LOOPBACK, check=True)
    broker = Mosquitto(folder)
    broker.start()
    try:
        with FakeCloud(broker) as cloud:
            table = UplinkTable(credentials(broker.port, broker.users[DEVICE]), UplinkSettings())
            subprocess.run(BAD_NETWORK, check=True)
            proof = table.queue.close_proof(1, table.queue.take_photo(1))
            with table:
                eventually(lambda: (proof, 1) in table.queue.receipted_proofs, _PATIENCE_S)
            assert list(cloud.proofs) == [(proof, 1)]
    finally:
        broker.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
