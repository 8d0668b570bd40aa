"""The files mosquitto is started with. Pure: settings in, text out.

Nothing is persisted: tables and cloud start clean and compare their state (architecture 6), so a
broker that forgot everything loses nothing. Queues are bounded by bytes, because what does not fit
is repeated by its table; mosquitto's own default of 1,000 messages would drop without need.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

CLOUD_USER = "cloud"

ACCESS_LIST = f"""\
user {CLOUD_USER}
topic readwrite packwitness/v1/#

pattern write packwitness/v1/+/%u/up/#
pattern read packwitness/v1/+/%u/down/#
"""


@dataclass(frozen=True, slots=True)
class BrokerLimits:
    """What one client may use of the broker."""

    max_packet_bytes: int = 1024 * 1024
    """A slice is 96 KiB; a client that sends more than this is disconnected."""
    max_queued_bytes: int = 64 * 1024 * 1024
    max_inflight_messages: int = 32


@dataclass(frozen=True, slots=True)
class Listener:
    """An address that the broker listens on."""

    host: str
    port: int
    websockets: bool = False


@dataclass(frozen=True, slots=True)
class Outside:
    """Where tables elsewhere connect, with TLS."""

    listeners: tuple[Listener, ...]
    certificate_file: Path
    """With its chain, PEM."""
    key_file: Path


def configuration_text(
    *,
    tables: Listener,
    cloud: Listener | None = None,
    outside: Outside | None = None,
    password_file: Path,
    access_file: Path,
    limits: BrokerLimits,
    run_as: str | None = None,
) -> str:
    """Text of mosquitto.conf. ``run_as``: the user to stay when started by root.

    Where ``tables`` connect, the user name is the client id, so that nobody can end the session of
    another by its client id. Links of several processes share a user name and so cannot connect
    there: they have ``cloud``, which tables need not reach.
    """
    lines = [
        f"listener {tables.port} {tables.host}",
        "use_username_as_clientid true",
        *(_outside_lines(outside) if outside else []),
        *([f"listener {cloud.port} {cloud.host}"] if cloud else []),
        "per_listener_settings false",
        "allow_anonymous false",
        f"password_file {password_file}",
        f"acl_file {access_file}",
        "persistence false",
        "retain_available false",
        f"max_packet_size {limits.max_packet_bytes}",
        f"max_inflight_messages {limits.max_inflight_messages}",
        "max_queued_messages 0",
        f"max_queued_bytes {limits.max_queued_bytes}",
        "sys_interval 0",
        "connection_messages false",
        "log_dest stderr",
        "log_type error",
        "log_type warning",
        "log_type notice",
        "log_timestamp false",
    ]
    if run_as:
        lines.append(f"user {run_as}")
    return "\n".join(lines) + "\n"


def _outside_lines(outside: Outside) -> Iterator[str]:
    for one in outside.listeners:
        yield f"listener {one.port} {one.host}"
        yield "use_username_as_clientid true"
        if one.websockets:
            yield "protocol websockets"
        yield f"certfile {outside.certificate_file}"
        yield f"keyfile {outside.key_file}"


def password_text(users: Iterable[tuple[str, str]]) -> str:
    """Text of the password file: user name and hash in mosquitto's format, a line each."""
    return "".join(f"{name}:{password_hash}\n" for name, password_hash in users)
