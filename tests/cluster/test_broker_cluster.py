"""Three RabbitMQ nodes as the broker, one killed at a time (issue 3; `make test-cluster`)."""

import threading

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from tests.database_rows import only_postgres
from tests.support.cluster_plant import ClusterPlant
from tests.support.rabbit_cluster import RabbitNode
from tests.support.waiting import eventually
from wire.topics import Address, Up

pytestmark = [only_postgres, pytest.mark.cluster, pytest.mark.timeout(600)]


def lose(plant: ClusterPlant, lost: RabbitNode) -> None:
    """Kill a node between two proofs, pack on without it, and let it come back."""
    packing = threading.Thread(target=plant.pack, args=(3,))
    packed = sum(len(station.packed) for station in plant.stations)
    packing.start()
    eventually(lambda: sum(len(station.packed) for station in plant.stations) >= packed + 2)
    lost.kill()
    packing.join()
    plant.pack(1)  # the light says "saved" as ever
    plant.require_each_once()
    lost.start()
    lost.wait_ready()


def test_each_proof_arrives_once_though_nodes_of_the_broker_are_killed(
    plant: ClusterPlant,
) -> None:
    """First the node that a table is connected to, then the one of a link."""
    plant.pack(1)
    told = plant.stations[0].credentials.broker
    assert {node.port for node in told.nodes} == {node.port for node in plant.nodes}
    lose(plant, plant.node_of((told.host, told.port)))
    before = plant.node_of_link(0)
    lose(plant, before)
    assert plant.node_of_link(0) is not before
    plant.pack(1)
    plant.require_each_once()
    for link in plant.links:
        assert not [line for line in link.log() if "lacks something" in line["text"]]


class Client:
    """Connects as a device, and hears what the broker thinks of it."""

    def __init__(self, node: RabbitNode, user: str, password: str, client_id: str = "") -> None:
        self.reasons: list[str] = []
        self.granted: list[bool] = []
        self.acknowledged: list[bool] = []
        self._ended = threading.Event()
        self._client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=client_id or user,
            protocol=paho.MQTTv5,
            reconnect_on_failure=False,
        )
        self._client.username_pw_set(user, password)
        self._client.on_connect = lambda _c, _u, _f, reason, _p: self.reasons.append(str(reason))
        self._client.on_subscribe = lambda _c, _u, _m, reasons, _p: self.granted.append(
            not reasons[0].is_failure
        )
        self._client.on_publish = lambda _c, _u, _m, reason, _p: self.acknowledged.append(
            not reason.is_failure
        )
        self._client.on_disconnect = lambda *_: self._ended.set()
        self._client.connect(node.host, node.port)
        self._client.loop_start()
        eventually(lambda: self.reasons)

    def may_publish(self, topic: str) -> bool:
        self.acknowledged.clear()
        self._client.publish(topic, b"x", qos=1)
        return self._outcome(self.acknowledged)

    def may_subscribe(self, topic: str) -> bool:
        self.granted.clear()
        self._client.subscribe(topic, qos=1)
        return self._outcome(self.granted)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _outcome(self, told: list[bool]) -> bool:
        """What the broker answered; the end of the connection is a no."""
        eventually(lambda: told or self._ended.is_set())
        return bool(told) and told[0]


def test_the_cluster_keeps_tables_apart_by_asking_us(plant: ClusterPlant) -> None:
    """Users, client ids and topics: nothing is set up at the broker for any table."""
    given, other = plant.enrol("Played"), plant.stations[0].credentials
    own, theirs = Address(given.partition, given.device_id), other.address
    password = given.password.get_secret_value()

    def tried(node: RabbitNode, password: str, client_id: str = "") -> str:
        client = Client(node, given.device_id, password, client_id)
        client.close()
        return client.reasons[0]

    assert [tried(node, password) for node in plant.nodes] == ["Success"] * 3
    assert tried(plant.nodes[0], "wrong") == "Bad user name or password"
    assert tried(plant.nodes[0], password, other.device_id) == "Bad user name or password"

    def allowed(what: str, topic: str) -> bool:
        client = Client(plant.nodes[1], given.device_id, password)
        try:
            ask = client.may_publish if what == "publish" else client.may_subscribe
            return ask(topic)
        finally:
            client.close()

    assert allowed("publish", own.up(Up.HEALTH))
    assert allowed("subscribe", own.down_filter)
    assert not allowed("publish", theirs.up(Up.HEALTH))
    assert not allowed("subscribe", theirs.down_filter)
    assert not allowed("subscribe", "packwitness/v1/#")
    assert not allowed("publish", own.down_filter.replace("#", "answer"))
    plant.enrol("Played")  # another machine takes the place
    assert tried(plant.nodes[2], password) == "Bad user name or password"
