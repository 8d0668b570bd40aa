"""Everything around a cluster of brokers: roles of the cloud, tables as they are installed."""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from edge.uplink.credentials import Credentials, load_credentials
from edge.uplink.enrolment import enroll
from launcher.evidence import PRESET, photos_of, require_exactly
from launcher.marketplace import Marketplace, PlantedOrder
from sandbox.testing import RunningSandbox
from tests.support.cloud_roles import CloudRoles, RoleProcess
from tests.support.rabbit_cluster import RabbitNode
from tests.support.table_process import TableProcess, proofs, write_table
from tests.support.waiting import eventually
from wire.enrolment import EnrolmentAnswer

LINKS = 2
TABLES = 2
LONG_S = 120.0
_EDGE = str(Path(sys.executable).with_name("packwitness-edge"))
# Waits of the product are tens of seconds; they are only shorter here.
_QUICK = ("uplink.answer_timeout_s=3", "uplink.reconnect_longest_s=2")


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
        order = marketplace.plant_order("CLUS")
        self.packed.append(order)
        self.table.enter_and_see(order.number, "Order open")
        self.table.enter_and_see("p", "1 photo")
        self.table.enter_and_see("p", "2 photos")
        self.table.enter_and_see("s", "Saved, go on")

    def all_receipted(self) -> bool:
        """The table may let go of everything that it closed."""
        closed = proofs(self.folder)
        return len(closed) == len(self.packed) and all(one.receipted for one in closed)


@dataclass
class ClusterPlant:
    """Everything that runs."""

    nodes: list[RabbitNode]
    roles: CloudRoles
    links: list[RoleProcess]
    marketplace: Marketplace
    stations: list[Station]

    def node_of(self, address: tuple[str, int]) -> RabbitNode:
        return next(node for node in self.nodes if (node.host, node.port) == address)

    def node_of_link(self, number: int) -> RabbitNode:
        """The node that a link is connected to, by its own log."""
        lines = self.links[number].log()
        connected = [line for line in lines if line["text"] == "connected to the broker"]
        return self.node_of((connected[-1]["host"], connected[-1]["port"]))

    def enrol(self, name: str) -> EnrolmentAnswer:
        """Credentials of one more table, for a test to play it."""
        return enroll(self.roles.cloud.url, self.claim(name), hardware="test")

    def claim(self, name: str) -> str:
        return str(json.loads(self.roles.cloud.run("table", "create", name).stdout)["claim_code"])

    def pack(self, count: int) -> None:
        """Each table packs as many orders, in turn."""
        for _ in range(count):
            for station in self.stations:
                station.pack(self.marketplace)

    def require_each_once(self) -> None:
        """Every buyer has the text and each photo once, and every proof is receipted."""
        for station in self.stations:
            eventually(station.all_receipted, LONG_S)
            for order in station.packed:
                self._require(station, order)

    def _require(self, station: Station, order: PlantedOrder) -> None:
        photos = photos_of(station.folder / "spool", order.number)
        assert len(photos) == 2

        def has_all() -> bool:
            return len(self.marketplace.chat(order.buyer_id).photos) >= len(photos)

        eventually(has_all, LONG_S)
        require_exactly(self.marketplace.chat(order.buyer_id), order.number, photos)


def _broker_settings(nodes: Sequence[RabbitNode], door_port: int) -> dict[str, str]:
    """A cluster by settings alone."""
    return {
        "PACKWITNESS_CLOUD_BROKER__EMBEDDED": "false",
        "PACKWITNESS_CLOUD_BROKER__HOST": nodes[0].host,
        "PACKWITNESS_CLOUD_BROKER__PORT": str(nodes[0].port),
        "PACKWITNESS_CLOUD_BROKER__FURTHER": json.dumps([node.address for node in nodes[1:]]),
        "PACKWITNESS_CLOUD_BROKER__DOOR_PORT": str(door_port),
    }


@contextmanager
def cluster_plant(
    folder: Path,
    database_address: str,
    sandbox: RunningSandbox,
    nodes: list[RabbitNode],
    door_port: int,
) -> Iterator[ClusterPlant]:
    """Web with sync and dispatch, two links, and two tables that are enrolled and run."""
    settings = _broker_settings(nodes, door_port)
    with ExitStack() as stack:
        roles = stack.enter_context(CloudRoles(folder, database_address, settings))
        marketplace = Marketplace(sandbox.base_url)
        stack.callback(marketplace.close)
        roles.init()
        _connect_shop(roles, sandbox, folder / "shop.json")
        door = {"PACKWITNESS_CLOUD_BROKER__DOOR_PORT": "0"}  # one process has the port
        roles.start("web", "sync", "dispatch")
        links = [roles.start("link", environment=door) for _ in range(LINKS)]
        plant = ClusterPlant(nodes, roles, links, marketplace, [])
        for number in range(1, TABLES + 1):
            plant.stations.append(_station(plant, folder / f"table-{number}", stack))
        yield plant


def _station(plant: ClusterPlant, folder: Path, stack: ExitStack) -> Station:
    folder.mkdir()
    settings = write_table(folder)
    claim = plant.claim(folder.name)
    subprocess.run(
        [_EDGE, "--config", str(settings), "enroll", "--server", plant.roles.cloud.url],
        input=f"{claim}\n",
        text=True,
        check=True,
        capture_output=True,
    )
    changes = [word for one in _QUICK for word in ("--set", one)]
    table = stack.enter_context(TableProcess(settings, *changes))
    table.see("Ready")
    return Station(folder, table)


def _connect_shop(roles: CloudRoles, sandbox: RunningSandbox, file: Path) -> None:
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
    done = roles.cloud.run("shop", "connect", str(file))
    assert done.returncode == 0, done.stderr
