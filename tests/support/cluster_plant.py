"""Everything around a cluster of brokers: roles of the cloud, tables as they are installed."""

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from edge.uplink.enrolment import enroll
from launcher.marketplace import Marketplace
from sandbox.testing import RunningSandbox
from tests.support.cloud_roles import CloudRoles, RoleProcess
from tests.support.packing_station import Station, describe_shop, station
from tests.support.rabbit_cluster import RabbitNode
from wire.enrolment import EnrolmentAnswer

LINKS = 2
TABLES = 2
# Waits of the product are tens of seconds; they are only shorter here.
_QUICK = ("uplink.answer_timeout_s=3", "uplink.reconnect_longest_s=2")


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
            for one in self.stations:
                one.pack(self.marketplace)

    def require_each_once(self) -> None:
        for one in self.stations:
            one.require_each_once(self.marketplace)


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
        shop = describe_shop(sandbox, folder / "shop.json")
        done = roles.cloud.run("shop", "connect", str(shop))
        assert done.returncode == 0, done.stderr
        door = {"PACKWITNESS_CLOUD_BROKER__DOOR_PORT": "0"}  # one process has the port
        roles.start("web", "sync", "dispatch")
        links = [roles.start("link", environment=door) for _ in range(LINKS)]
        plant = ClusterPlant(nodes, roles, links, marketplace, [])
        for number in range(1, TABLES + 1):
            name = f"table-{number}"
            made = station(folder / name, plant.claim(name), roles.cloud.url, _QUICK)
            plant.stations.append(stack.enter_context(made))
        yield plant
