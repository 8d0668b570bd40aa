"""What a broker of one's own is told when it asks who may do what."""

import pytest

from cloud.fleet.broker_password import broker_hash, is_password
from cloud.fleet.broker_rights import EXCHANGE, Asked, may, may_connect_as

CLOUD, DEVICE, OTHER = "cloud", "table-0123", "table-4567"


@pytest.mark.parametrize(
    ("username", "client_id", "allowed"),
    [
        (DEVICE, DEVICE, True),
        (DEVICE, OTHER, False),
        (DEVICE, "", False),
        ("", "", False),
        (CLOUD, CLOUD, True),
        (CLOUD, "cloud-0a1b", True),
        (CLOUD, DEVICE, False),
        (DEVICE, "cloud-0a1b", False),
    ],
)
def test_nobody_takes_the_client_id_of_another(
    username: str, client_id: str, allowed: bool
) -> None:
    """Two connections with one client id: the older one is ended."""
    assert may_connect_as(username, client_id, CLOUD) is allowed


@pytest.mark.parametrize(
    ("username", "permission", "routing_key", "allowed"),
    [
        (DEVICE, "write", f"packwitness.v1.07.{DEVICE}.up.photo.ab.0", True),
        (DEVICE, "read", f"packwitness.v1.07.{DEVICE}.down.#", True),
        (DEVICE, "write", f"packwitness.v1.07.{DEVICE}.down.answer", False),
        (DEVICE, "read", f"packwitness.v1.07.{DEVICE}.up.#", False),
        (DEVICE, "write", f"packwitness.v1.07.{OTHER}.up.health", False),
        (DEVICE, "read", f"packwitness.v1.07.{OTHER}.down.#", False),
        (DEVICE, "read", "packwitness.v1.07.*.down.#", False),
        (DEVICE, "read", "packwitness.v1.#", False),
        (DEVICE, "read", "#", False),
        (DEVICE, "write", f"other.v1.07.{DEVICE}.up.health", False),
        (DEVICE, "write", f"packwitness.v1.07.{DEVICE}.up", False),
        (DEVICE, "configure", f"packwitness.v1.07.{DEVICE}.up.health", False),
        (CLOUD, "read", "packwitness.v1.07.*.up.#", True),
        (CLOUD, "write", f"packwitness.v1.07.{DEVICE}.down.answer", True),
        (CLOUD, "read", "#", False),
        (CLOUD, "write", "other.v1.x", False),
    ],
)
def test_a_device_writes_its_own_up_and_reads_its_own_down(
    username: str, permission: str, routing_key: str, allowed: bool
) -> None:
    asked = Asked(username, "topic", EXCHANGE, permission, routing_key)
    assert may(asked, CLOUD) is allowed


@pytest.mark.parametrize(
    ("username", "resource", "name", "permission", "allowed"),
    [
        (DEVICE, "queue", f"mqtt-subscription-{DEVICE}qos1", "configure", True),
        (DEVICE, "queue", f"mqtt-subscription-{OTHER}qos1", "read", False),
        (DEVICE, "queue", "mqtt-subscription-cloud-0aqos1", "read", False),
        (DEVICE, "queue", f"{DEVICE}qos1", "read", False),
        (DEVICE, "exchange", EXCHANGE, "write", True),
        (DEVICE, "exchange", EXCHANGE, "configure", False),
        (DEVICE, "exchange", "amq.fanout", "write", False),
        (DEVICE, "user", EXCHANGE, "write", False),
        (CLOUD, "queue", "mqtt-subscription-cloud-0aqos1", "read", True),
        (CLOUD, "queue", "mqtt-subscription-cloudqos1", "read", True),
        (CLOUD, "queue", f"mqtt-subscription-{DEVICE}qos1", "read", False),
        ("", "queue", "mqtt-subscription-qos1", "configure", True),  # but "" never connects
    ],
)
def test_queues_belong_to_their_client_and_exchanges_are_only_used(
    username: str, resource: str, name: str, permission: str, allowed: bool
) -> None:
    assert may(Asked(username, resource, name, permission), CLOUD) is allowed


def test_a_password_is_known_by_its_hash() -> None:
    known = broker_hash("right")
    assert is_password("right", known)
    assert not is_password("wrong", known)
    assert not is_password("right", known.replace("$7$101$", "$7$102$"))
    assert not is_password("", "")
    assert not is_password("x", "$7$101$not base64$x")
