"""The files that mosquitto is started with."""

import base64
import hashlib
from pathlib import Path
from typing import Any

from cloud.broker.configuration import (
    ACCESS_LIST,
    CLOUD_USER,
    BrokerLimits,
    Listener,
    Outside,
    configuration_text,
    password_text,
)
from cloud.fleet.broker_password import ITERATIONS, broker_hash, new_device_password

TWO = ("18830 127.0.0.1", "18831 10.0.0.1")


def text(**changes: Any) -> str:
    return configuration_text(
        tables=Listener("127.0.0.1", 18830),
        password_file=Path("/data/a b/passwords"),
        access_file=Path("/data/a b/access.acl"),
        limits=BrokerLimits(max_packet_bytes=1000, max_queued_bytes=2000, max_inflight_messages=7),
        **changes,
    )


def test_nobody_enters_without_a_name_and_nothing_is_kept() -> None:
    lines = text().splitlines()
    assert lines[0] == "listener 18830 127.0.0.1"
    assert {
        "allow_anonymous false",
        "use_username_as_clientid true",
        "persistence false",
        "retain_available false",
    } <= set(lines)


def test_links_of_several_processes_connect_where_a_user_may_have_several_clients() -> None:
    lines = text(cloud=Listener("10.0.0.1", 18831)).splitlines()
    of_tables, of_cloud = (lines.index(f"listener {one}") for one in TWO)
    assert of_tables < lines.index("use_username_as_clientid true") < of_cloud
    assert lines.count("use_username_as_clientid true") == 1


def test_tables_outside_have_tls_and_their_user_name_for_client_id_on_each_listener() -> None:
    """So that nobody ends the session of another by its client id, whichever way is taken."""
    listeners = (Listener("0.0.0.0", 8883), Listener("0.0.0.0", 443, websockets=True))  # noqa: S104 - as many do
    outside = Outside(listeners, Path("/tls/a.pem"), Path("/tls/a.key"))
    blocks = text(outside=outside).split("listener ")[2:]
    assert [block.splitlines()[0] for block in blocks] == ["8883 0.0.0.0", "443 0.0.0.0"]
    for block in blocks:
        wanted = {"use_username_as_clientid true", "certfile /tls/a.pem", "keyfile /tls/a.key"}
        assert wanted <= set(block.splitlines())
    assert ["protocol websockets" in block for block in blocks] == [False, True]


def test_what_one_client_may_use_is_limited() -> None:
    assert {
        "max_packet_size 1000",
        "max_queued_bytes 2000",
        "max_queued_messages 0",
        "max_inflight_messages 7",
    } <= set(text().splitlines())


def test_paths_may_have_spaces() -> None:
    assert "password_file /data/a b/passwords" in text().splitlines()


def test_the_user_to_stay_is_named_only_for_root() -> None:
    assert not any(line.startswith("user ") for line in text().splitlines())
    assert text(run_as="packwitness").splitlines()[-1] == "user packwitness"


def test_a_device_writes_only_up_and_reads_only_down() -> None:
    rules = [line for line in ACCESS_LIST.splitlines() if line]
    assert rules == [
        f"user {CLOUD_USER}",
        "topic readwrite packwitness/v1/#",
        "pattern write packwitness/v1/+/%u/up/#",
        "pattern read packwitness/v1/+/%u/down/#",
    ]


def test_each_user_has_a_line() -> None:
    assert password_text([("a", "$7$x"), ("b", "$7$y")]) == "a:$7$x\nb:$7$y\n"
    assert password_text([]) == ""


def test_a_hash_has_mosquittos_format_and_a_salt_of_its_own() -> None:
    first, second = broker_hash("secret"), broker_hash("secret")
    assert first != second
    _, kind, iterations, salt, digest = first.split("$")
    assert (kind, iterations) == ("7", str(ITERATIONS))
    expected = hashlib.pbkdf2_hmac("sha512", b"secret", base64.b64decode(salt), ITERATIONS)
    assert base64.b64decode(digest) == expected


def test_device_passwords_are_long_and_differ() -> None:
    made = {new_device_password() for _ in range(100)}
    assert len(made) == 100
    assert all(len(password) == 43 for password in made)
