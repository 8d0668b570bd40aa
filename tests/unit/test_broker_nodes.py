"""Addresses of a cluster of brokers: how they are written, told to tables, and tried in turn."""

import pytest

from cloud.link.settings import LinkSettings
from cloud.main.broker_access import access_of_many
from cloud.main.broker_settings import BrokerSettings
from edge.settings import TableSettings
from edge.settings.handed_on import with_overrides
from edge.uplink.comeback import Comeback
from edge.uplink.credentials import Credentials
from edge.uplink.errors import LinkLost
from edge.uplink.settings import UplinkSettings
from edge.uplink.ways import ways_to
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


TLS = {"certificate_file": "a.pem", "key_file": "a.key", "tls_port": 8883}


@pytest.mark.parametrize(
    ("settings", "first", "second"),
    [
        ({}, ("127.0.0.1", 18830, "tcp", False), []),
        (TLS, ("127.0.0.1", 8883, "tcp", True), []),
        (
            TLS | {"outside_host": "10.0.0.5", "websockets_port": 443},
            ("10.0.0.5", 8883, "tcp", True),
            [("10.0.0.5", 443)],
        ),
        (
            TLS | {"outside_host": "0.0.0.0", "websockets_port": 443, "tables_host": "m.example"},  # noqa: S104 - as many do
            ("m.example", 8883, "tcp", True),
            [("m.example", 443)],
        ),
        (
            {"tables_host": "m.example", "tables_port": 443, "tables_tls": True}
            | {"tables_transport": "websockets"},
            ("m.example", 443, "websockets", True),
            [],
        ),
        (
            {"embedded": False, "tls": True, "tables_websockets": ["w.example:443"]},
            ("127.0.0.1", 18830, "tcp", True),
            [("w.example", 443)],
        ),
    ],
)
def test_tables_are_told_of_tls_and_of_a_second_way(
    settings: dict[str, object], first: tuple[object, ...], second: list[tuple[str, int]]
) -> None:
    told = access_of_many(BrokerSettings.model_validate({"password": "x"} | settings)).for_tables()
    assert (told.host, told.port, told.transport, told.tls) == first
    assert [(node.host, node.port) for node in told.websockets] == second


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"tls_port": 8883}, "needs certificate_file and key_file"),
        (TLS | {"embedded": False}, "is of the embedded broker"),
        (TLS | {"tls_port": 0, "websockets_port": 443}, "set tls_port too"),
        ({"tls": True}, "the embedded broker speaks TLS at tls_port"),
        ({"tables_websockets": ["nowhere"]}, "is no address"),
    ],
)
def test_settings_of_the_broker_that_do_not_fit_are_named(
    settings: dict[str, object], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        BrokerSettings.model_validate(settings)


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
        ({"websockets": ("w:443",)}, ["a", "b", "c", "w"]),
        ({"host": "x", "websockets": ("w:443",)}, ["x", "w"]),
    ],
)
def test_settings_of_a_table_replace_what_it_was_told(
    uplink: dict[str, object], hosts: list[str]
) -> None:
    settings = TableSettings.model_validate({"uplink": uplink})
    ways = ways_to(with_overrides(credentials(), settings).broker)
    assert [way.host for way in ways] == hosts


def test_nodes_that_fail_in_turn_are_each_said_once() -> None:
    comeback = Comeback(UplinkSettings(), lambda: 0.5, addresses=2)
    texts = ["a is away", "b is away"] * 3
    said = [comeback.after(LinkLost(text), None).news for text in texts]
    assert said == ["a is away", "b is away", None, None, None, None]
