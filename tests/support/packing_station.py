"""A table as it is installed, enrolled by its own command, and what its buyers must have."""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from edge.uplink.credentials import Credentials, load_credentials
from launcher.evidence import PRESET, photos_of, photos_seen, require_exactly
from launcher.marketplace import Marketplace, PlantedOrder
from sandbox.testing import RunningSandbox
from tests.support.table_process import TableProcess, proofs, write_table
from tests.support.waiting import eventually

LONG_S = 120.0
_EDGE = str(Path(sys.executable).with_name("packwitness-edge"))


@dataclass
class Station:
    """A table that packs; its orders are kept to be compared with what buyers got."""

    folder: Path
    table: TableProcess
    packed: list[PlantedOrder] = field(default_factory=list)

    @property
    def credentials(self) -> Credentials:
        return load_credentials(self.folder / "credentials.json")

    def pack(self, marketplace: Marketplace) -> None:
        """Scan, two photos, F4; the light answers each."""
        order = marketplace.plant_order("PACK")
        self.packed.append(order)
        self.table.enter_and_see(order.number, "Order open")
        self.table.enter_and_see("p", "1 photo")
        self.table.enter_and_see("p", "2 photos")
        self.table.enter_and_see("s", "Saved, go on")

    def require_each_once(self, marketplace: Marketplace) -> None:
        """Every proof is receipted, and every buyer has the text and each photo once."""
        eventually(self._all_receipted, LONG_S)
        for order in self.packed:
            self._require(marketplace, order)

    def _all_receipted(self) -> bool:
        closed = proofs(self.folder)
        return len(closed) == len(self.packed) and all(one.receipted for one in closed)

    def _require(self, marketplace: Marketplace, order: PlantedOrder) -> None:
        photos = photos_of(self.folder / "spool", order.number)
        assert len(photos) == 2

        def has_all() -> bool:
            return len(photos_seen(marketplace.chat(order.buyer_id), photos)) >= len(photos)

        eventually(has_all, LONG_S)
        require_exactly(marketplace.chat(order.buyer_id), order.number, photos)


@contextmanager
def station(
    folder: Path, claim: str, cloud_url: str, changes: Sequence[str] = ()
) -> Iterator[Station]:
    """Enrol a table and run it; ``changes`` are settings as `--set` takes them."""
    folder.mkdir()
    settings = write_table(folder)
    subprocess.run(
        [_EDGE, "--config", str(settings), "enroll", "--server", cloud_url],
        input=f"{claim}\n",
        text=True,
        check=True,
        capture_output=True,
    )
    words = [word for one in changes for word in ("--set", one)]
    with TableProcess(settings, *words) as table:
        table.see("Ready")
        yield Station(folder, table)


def describe_shop(sandbox: RunningSandbox, file: Path) -> Path:
    """The sandbox's shop, for `packwitness-cloud shop connect`."""
    description = {
        "channel": "shopee",
        "country": "MY",
        "shop_id": str(sandbox.shop_id),
        "name": "Demo Shop",
        "app_id": str(sandbox.partner_id),
        "app_secret": sandbox.partner_key,
        "access_token": sandbox.access_token,
        "refresh_token": sandbox.refresh_token,
        "access_life_s": 14400,
        "refresh_life_s": 2592000,
        "base_url": sandbox.base_url,
        "preset": PRESET,
        "sending_enabled": True,
        "sends_per_second": 20,
    }
    file.touch(mode=0o600)
    file.write_text(json.dumps(description))
    return file
