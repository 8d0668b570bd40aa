"""From a table to a real broker with TLS: by MQTT, by WebSocket, and through a real HTTP proxy."""

import socket
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from edge.uplink.settings import UplinkSettings
from tests.fixtures_mosquitto import MakeMosquitto
from tests.fixtures_proxy import MakeProxy
from tests.support.certificates import Authority
from tests.support.fake_cloud import FakeCloud
from tests.support.mosquitto import Mosquitto, free_port
from tests.support.tinyproxy import PASSWORD, USER, Tinyproxy
from tests.support.uplink_table import DEVICE, QUICK, UplinkTable, credentials, jpeg
from wire.enrolment import BrokerNode

YESTERDAY, LONG_AGO, TOMORROW = (timedelta(days=days) for days in (-1, -40, 1))
LEFT_SOCKET = pytest.mark.filterwarnings("ignore::ResourceWarning")
"""paho leaves the socket of a failed handshake to the garbage collector."""


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "authority.pem")


@pytest.fixture
def trusting(authority: Authority) -> UplinkSettings:
    return replace(QUICK, ca_file=authority.file)


@pytest.fixture
def broker(make_mosquitto: MakeMosquitto, authority: Authority, tmp_path: Path) -> Mosquitto:
    """Its certificate holds for localhost."""
    made = authority.certificate(tmp_path, datetime.now(UTC) + YESTERDAY, "localhost")
    return make_mosquitto(outside=made)


def table_at(broker: Mosquitto, settings: UplinkSettings, **told: Any) -> UplinkTable:
    """Told of the TLS port, unless ``told`` says otherwise."""
    port = told.pop("port", broker.tls_port)
    who = credentials(port, broker.users[DEVICE], host="localhost", tls=True, **told)
    return UplinkTable(who, settings)


def sends(table: UplinkTable, cloud: FakeCloud, number: int = 1) -> None:
    """A photo larger than any buffer in between arrives whole."""
    photo = table.queue.take_photo(number, 300_000)
    table.wait_receipted(table.queue.close_proof(number, photo))
    assert cloud.photos[photo] == jpeg(number, 300_000)


def websocket_at(broker: Mosquitto) -> dict[str, Any]:
    return {"port": broker.websockets_port, "transport": "websockets"}


def test_over_websocket_and_tls(broker: Mosquitto, trusting: UplinkSettings) -> None:
    """Of the whole way: a slice is larger than a frame's short form."""
    with FakeCloud(broker) as cloud, table_at(broker, trusting, **websocket_at(broker)) as table:
        sends(table, cloud)


def test_where_the_port_of_mqtt_is_blocked_websocket_is_found(
    broker: Mosquitto, trusting: UplinkSettings
) -> None:
    """And kept: after the next break it comes first."""
    fallback = (BrokerNode(host="localhost", port=broker.websockets_port),)
    with (
        FakeCloud(broker) as cloud,
        table_at(broker, trusting, port=free_port(), websockets=fallback) as table,
    ):
        sends(table, cloud)
        before = table.uplink._connections
        broker.restart()
        sends(table, cloud, 2)
        assert table.uplink._turns._order[0].transport == "websockets"
        assert before == 2


@pytest.mark.parametrize("transport", ["tcp", "websockets"])
@pytest.mark.parametrize("asks", [False, True])
def test_through_a_proxy(
    *,
    broker: Mosquitto,
    trusting: UplinkSettings,
    make_proxy: MakeProxy,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    transport: str,
    asks: bool,
) -> None:
    proxy = make_proxy(ports=(broker.tls_port, broker.websockets_port), asks=asks)
    settings = behind(proxy, trusting, _password_file(tmp_path) if asks else None)
    told = websocket_at(broker) if transport == "websockets" else {}
    with FakeCloud(broker) as cloud, table_at(broker, settings, **told) as table:
        sends(table, cloud)
    assert proxy.asked > 0
    assert PASSWORD not in caplog.text


@dataclass(frozen=True)
class ProxyFault:
    """What is wrong with the way through the proxy, and what a table says."""

    name: str
    said: str


PROXY_FAULTS = [
    ProxyFault("down", "Connection refused"),
    ProxyFault("asks", "asks for credentials (407): set uplink.proxy_credentials_file"),
    ProxyFault("refuses", "refuses the credentials in uplink.proxy_credentials_file (401)"),
    ProxyFault("forbids", "(403): have CONNECT to it allowed"),
    ProxyFault("silent", "does not answer (timed out)"),
    ProxyFault("no proxy", "is it an HTTP proxy?"),
    ProxyFault("no file", "uplink.proxy_credentials_file"),
]


@pytest.mark.parametrize("fault", PROXY_FAULTS, ids=lambda it: it.name)
def test_each_trouble_with_a_proxy_has_its_own_words_said_once(
    *,
    broker: Mosquitto,
    trusting: UplinkSettings,
    make_proxy: MakeProxy,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    silent: "Listener",
    fault: ProxyFault,
) -> None:
    file = _password_file(tmp_path, PASSWORD if fault.name != "refuses" else "wrong-word")
    if fault.name == "silent":
        settings = replace(trusting, proxy_url=silent.url, connect_timeout_s=0.1)
    elif fault.name == "no proxy":
        settings = replace(trusting, proxy_url=f"http://127.0.0.1:{broker.port}")
    else:
        ports = (broker.tls_port,) if fault.name != "forbids" else (1,)
        proxy = make_proxy(ports=ports, asks=fault.name in {"asks", "refuses"})
        given = {"refuses": file, "no file": tmp_path / "absent"}.get(fault.name)
        settings = behind(proxy, trusting, given)
        if fault.name == "down":
            proxy.stop()
    with table_at(broker, settings) as table:
        table.wait_for(lambda t: t.uplink._connections >= 3)
    assert caplog.text.count(fault.said) == 1
    assert [fault.said in one for one in table.troubles] == [True]
    assert PASSWORD not in caplog.text
    assert "wrong-word" not in caplog.text
    assert table.events == []


def test_credentials_of_the_proxy_that_are_put_right_are_noticed(
    broker: Mosquitto, trusting: UplinkSettings, make_proxy: MakeProxy, tmp_path: Path
) -> None:
    """Without a restart: the file is read at each try."""
    proxy = make_proxy(ports=(broker.tls_port,), asks=True)
    file = _password_file(tmp_path, "older-word")
    with table_at(broker, behind(proxy, trusting, file)) as table:
        table.wait_for(lambda t: t.uplink._connections >= 2)
        _password_file(tmp_path)
        table.wait_for(lambda t: t.events)


def test_credentials_that_everybody_may_read_are_not_used(
    broker: Mosquitto,
    trusting: UplinkSettings,
    make_proxy: MakeProxy,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    proxy = make_proxy(ports=(broker.tls_port,), asks=True)
    file = _password_file(tmp_path)
    file.chmod(0o644)
    with table_at(broker, behind(proxy, trusting, file)) as table:
        table.wait_for(lambda t: t.uplink._connections >= 2)
    assert "others may read it" in caplog.text
    assert proxy.asked == 0


@dataclass(frozen=True)
class CertificateFault:
    """A certificate, and what a table says of it."""

    begins_in: timedelta
    name: str
    said: str
    trusted: bool = True


CERTIFICATE_FAULTS = [
    CertificateFault(LONG_AGO, "localhost", "has expired; renew it on the server"),
    CertificateFault(YESTERDAY, "broker.example", "give the server one for this name"),
    CertificateFault(YESTERDAY, "localhost", "name the authority that signed it", trusted=False),
    CertificateFault(TOMORROW, "localhost", "not valid yet; is the clock of this table set?"),
]


@LEFT_SOCKET
@pytest.mark.parametrize("fault", CERTIFICATE_FAULTS, ids=lambda it: it.said)
@pytest.mark.parametrize("transport", ["tcp", "websockets"])
def test_a_certificate_that_does_not_hold_is_named_also_behind_a_proxy(
    *,
    make_mosquitto: MakeMosquitto,
    authority: Authority,
    make_proxy: MakeProxy,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    fault: CertificateFault,
    transport: str,
) -> None:
    begins = datetime.now(UTC) + fault.begins_in
    broker = make_mosquitto(outside=authority.certificate(tmp_path, begins, fault.name))
    proxy = make_proxy(ports=(broker.tls_port, broker.websockets_port))
    settings = replace(QUICK, ca_file=authority.file if fault.trusted else None)
    told = websocket_at(broker) if transport == "websockets" else {}
    with table_at(broker, behind(proxy, settings), **told) as table:
        table.wait_for(lambda t: t.uplink._connections >= 3)
    assert table.events == []
    assert caplog.text.count(fault.said) == 1
    assert "revoked" not in caplog.text


@LEFT_SOCKET
def test_what_speaks_no_websocket_is_said(
    broker: Mosquitto, trusting: UplinkSettings, caplog: pytest.LogCaptureFixture
) -> None:
    with table_at(broker, trusting, transport="websockets") as table:
        table.wait_for(lambda t: t.uplink._connections >= 2)
    assert "what answers there speaks no MQTT over WebSocket" in caplog.text


# --- proxies -----------------------------------------------------------------------------------


class Listener:
    """Takes connections and says nothing."""

    def __init__(self, sock: socket.socket) -> None:
        self.url = f"http://127.0.0.1:{sock.getsockname()[1]}"


@pytest.fixture
def silent() -> Iterator[Listener]:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        yield Listener(sock)


def behind(
    proxy: Tinyproxy, settings: UplinkSettings, credentials_file: Path | None = None
) -> UplinkSettings:
    return replace(settings, proxy_url=proxy.url, proxy_credentials_file=credentials_file)


def _password_file(folder: Path, password: str = PASSWORD) -> Path:
    file = folder / "proxy-credentials"
    file.write_text(f"{USER}:{password}\n")
    file.chmod(0o600)
    return file
