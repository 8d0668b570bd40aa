"""Addresses of a cluster of brokers: how they are written, told to tables, and tried in turn."""

import pytest

from cloud.link.settings import LinkSettings
from cloud.main.broker_access import access_of_many
from cloud.main.settings import BrokerSettings
from edge.settings import TableSettings
from edge.settings.handed_on import with_overrides
from edge.uplink.comeback import Comeback
from edge.uplink.credentials import Credentials
from edge.uplink.errors import LinkLost
from edge.uplink.settings import UplinkSettings
from wire.enrolment import BrokerAddress, BrokerNode

A, B, C = (BrokerNode(host=host, port=1883) for host in ("a", "b", "c"))
ADDRESS = BrokerAddress(host="a", port=1883, tls=True, further=(B, C))


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [("mqtt.example.com:8883", "mqtt.example.com", 8883), ("[::1]:1883", "::1", 1883)],
)
def test_an_address_is_host_and_port(text: str, host: str, port: int) -> None:
    assert BrokerNode.of(text) == BrokerNode(host=host, port=port)


@pytest.mark.parametrize(
    "text", ["", "a", "a:", ":1", "a:0", "a:65536", "a:b", "::1:1883", "a b:1", "a:١"]
)
def test_what_is_no_address_is_named(text: str) -> None:
    with pytest.raises(ValueError, match="is no address; it looks like"):
        BrokerNode.of(text)


@pytest.mark.parametrize(("number", "order"), [(0, (A, B, C)), (1, (B, C, A)), (5, (C, A, B))])
def test_tables_begin_at_different_nodes(number: int, order: tuple[BrokerNode, ...]) -> None:
    turned = ADDRESS.beginning_at(number)
    assert turned.nodes == order
    assert turned.tls


def test_an_older_cloud_tells_of_one_node() -> None:
    told = BrokerAddress.model_validate({"host": "a", "port": 1883})
    assert told.beginning_at(7).nodes == (A,)


def test_the_link_tries_the_nodes_in_turn() -> None:
    settings = LinkSettings("a", 1883, "cloud", "secret", further=(B, C))
    hosts = [settings.at_node(number).host for number in range(4)]
    assert hosts == ["a", "b", "c", "a"]
    assert settings.at_node(1).at_node(7).host == "b"


def test_tables_are_told_of_the_nodes_that_they_can_reach() -> None:
    def told(**settings: object) -> BrokerAddress:
        given = {"embedded": False, "host": "in", "password": "x", "further": ["in2:1"]}
        return access_of_many(BrokerSettings.model_validate(given | settings)).for_tables()

    assert [node.host for node in told().nodes] == ["in", "in2"]
    assert [node.host for node in told(tables_host="out").nodes] == ["out"]
    both = told(tables_host="out", tables_further=["out2:2"])
    assert [(node.host, node.port) for node in both.nodes] == [("out", 18830), ("out2", 2)]


def credentials() -> Credentials:
    return Credentials.model_validate(
        {
            "device_id": "table-01",
            "partition": 7,
            "table_name": "Table 1",
            "password": "secret",
            "broker": ADDRESS,
        }
    )


@pytest.mark.parametrize(
    ("uplink", "hosts"),
    [
        ({}, ["a", "b", "c"]),
        ({"host": "x"}, ["x"]),
        ({"host": "x", "further": ("y:1",)}, ["x", "y"]),
        ({"further": ()}, ["a"]),
    ],
)
def test_settings_of_a_table_replace_what_it_was_told(
    uplink: dict[str, object], hosts: list[str]
) -> None:
    settings = TableSettings.model_validate({"uplink": uplink})
    nodes = with_overrides(credentials(), settings).broker.nodes
    assert [node.host for node in nodes] == hosts


def test_nodes_that_fail_in_turn_are_each_said_once() -> None:
    comeback = Comeback(UplinkSettings(), lambda: 0.5, addresses=2)
    texts = ["a is away", "b is away"] * 3
    said = [comeback.after(LinkLost(text), None).news for text in texts]
    assert said == ["a is away", "b is away", None, None, None, None]
