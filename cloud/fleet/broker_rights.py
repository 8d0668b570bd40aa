"""What a user may do at a broker of one's own that asks us (RabbitMQ's HTTP backend). Pure.

The same rights as in the embedded broker's access list: the cloud reads and writes everything of
ours, a device writes below its own ``up`` and reads its own ``down``. RabbitMQ speaks AMQP inside:
levels of a topic are divided by dots, ``+`` is ``*``, a subscription is a queue named after the
client id, and all of MQTT goes through one exchange (measured with 4.0.5).
"""

from dataclasses import dataclass

EXCHANGE = "amq.topic"
_QUEUE = "mqtt-subscription-"
_ROOT = ["packwitness", "v1"]


@dataclass(frozen=True, slots=True)
class Asked:
    """One question of the broker about a user that it has let in."""

    username: str
    resource: str
    """``exchange``, ``queue`` or ``topic``."""
    name: str
    """Of the exchange or queue."""
    permission: str
    """``configure``, ``write`` or ``read``."""
    routing_key: str = ""
    """Of a topic: the topic or filter, in AMQP's form."""


def may_connect_as(username: str, client_id: str, cloud_user: str) -> bool:
    """Whether a user may take this client id: nobody may end the session of another by its id.

    Connections that name no client id are not MQTT's, and not for us.
    """
    if username == cloud_user:
        return client_id == username or client_id.startswith(f"{username}-")
    return bool(username) and client_id == username


def may(asked: Asked, cloud_user: str) -> bool:
    """Whether the user has this right."""
    is_cloud = asked.username == cloud_user
    match asked.resource:
        case "exchange":
            return asked.name == EXCHANGE and asked.permission in {"read", "write"}
        case "queue":
            rest = asked.name.removeprefix(_QUEUE)
            owner = f"{asked.username}-" if is_cloud else f"{asked.username}qos"
            return rest != asked.name and rest.startswith((owner, f"{asked.username}qos"))
        case "topic":
            return asked.name == EXCHANGE and _may_topic(asked, is_cloud=is_cloud)
        case _:
            return False


def _may_topic(asked: Asked, *, is_cloud: bool) -> bool:
    levels = asked.routing_key.split(".")
    if levels[:2] != _ROOT or asked.permission not in {"read", "write"}:
        return False
    if is_cloud:
        return True
    way = {"write": "up", "read": "down"}[asked.permission]
    return len(levels) > 5 and levels[3:5] == [asked.username, way]  # ours: root, partition, device
