"""The embedded broker with TLS for tables elsewhere: as MQTT, and over WebSocket."""

import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cloud.broker.configuration import Listener, Outside
from cloud.broker.errors import BrokerPortTaken
from cloud.broker.mosquitto import Mosquitto
from cloud.fleet.broker_password import broker_hash
from tests.support.certificates import Authority
from tests.support.mosquitto import free_port
from tests.support.uplink_table import DEVICE, QUICK, UplinkTable, credentials

WORD = "a-tables-own-word"


class Site:
    """A broker with two listeners outside, and who its tables trust."""

    def __init__(self, folder: Path) -> None:
        self.authority = Authority(folder / "authority.pem")
        made = self.authority.certificate(
            folder, datetime.now(UTC) - timedelta(days=1), "localhost"
        )
        self.tls, self.web = (
            Listener("127.0.0.1", free_port(), websockets=is_web) for is_web in (False, True)
        )
        self.broker = Mosquitto(
            folder / "with a space",
            host="127.0.0.1",
            port=free_port(),
            users=lambda: [(DEVICE, broker_hash(WORD))],
            outside=Outside((self.tls, self.web), made.certificate, made.key),
        )


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path)
    yield made
    made.broker.stop()


@pytest.mark.parametrize("is_web", [False, True])
def test_tables_connect_with_tls(site: Site, *, is_web: bool) -> None:
    site.broker.start()
    port = site.web.port if is_web else site.tls.port
    transport = "websockets" if is_web else "tcp"
    who = credentials(port, WORD, host="localhost", tls=True, transport=transport)
    with UplinkTable(who, replace(QUICK, ca_file=site.authority.file)) as table:
        table.wait_for(lambda t: t.events)
        assert table.uplink._ready_at is not None


@pytest.mark.parametrize("is_web", [False, True])
def test_a_taken_port_outside_is_named(site: Site, *, is_web: bool) -> None:
    port = site.web.port if is_web else site.tls.port
    setting = "websockets_port" if is_web else "tls_port"
    with (
        socket.create_server(("127.0.0.1", port)),
        pytest.raises(BrokerPortTaken, match=rf"broker\.{setting}"),
    ):
        site.broker.start()
