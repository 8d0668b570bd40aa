"""What the doctor says of the way to the cloud: through real proxies, to a real broker with TLS."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from edge.doctor.finding import Finding
from edge.doctor.subjects import cloud
from edge.doctor.table import Table
from edge.settings import TableSettings
from tests.fixtures_mosquitto import MakeMosquitto
from tests.fixtures_proxy import MakeProxy
from tests.support.certificates import Authority
from tests.support.manual_clock import ManualClock
from tests.support.mosquitto import Mosquitto, free_port
from tests.support.tinyproxy import PASSWORD
from tests.support.uplink_table import DEVICE, credentials
from wire.enrolment import BrokerNode


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "authority.pem")


@pytest.fixture
def broker(make_mosquitto: MakeMosquitto, authority: Authority, tmp_path: Path) -> Mosquitto:
    yesterday = datetime.now(UTC) - timedelta(days=1)
    return make_mosquitto(outside=authority.certificate(tmp_path, yesterday, "localhost"))


def looked(
    broker: Mosquitto, uplink: dict[str, Any], told: dict[str, Any] | None = None
) -> list[Finding]:
    told = told or {}
    port = told.pop("port", broker.tls_port)
    who = credentials(port, broker.users[DEVICE], host="localhost", tls=True, **told)
    settings = TableSettings.model_validate({"uplink": uplink})
    table = Table(settings, ManualClock(), who, credentials_problem="", daemon_runs=False)
    return list(cloud.check(table))


def trusting(authority: Authority, **more: Any) -> dict[str, Any]:
    return {"ca_file": authority.file, **more}


def test_an_open_way(broker: Mosquitto, authority: Authority) -> None:
    [found] = looked(broker, trusting(authority))
    assert (found.subject, found.ok) == ("broker", True)


def test_a_blocked_way_is_no_fault_where_the_other_is_open(
    broker: Mosquitto, authority: Authority
) -> None:
    web = (BrokerNode(host="localhost", port=broker.websockets_port),)
    told = {"port": free_port(), "websockets": web}
    closed, found = looked(broker, trusting(authority), told)
    assert closed.ok
    assert found.ok
    assert "another way is open" in closed.text
    assert "over WebSocket answers" in found.text


def test_no_way_at_all(broker: Mosquitto, authority: Authority) -> None:
    [found] = looked(broker, trusting(authority), {"port": free_port()})
    assert not found.ok
    assert "Connection refused" in found.text
    assert "firewall" in found.to_do


def test_an_unknown_authority(broker: Mosquitto) -> None:
    [found] = looked(broker, {})
    assert not found.ok
    assert "name the authority that signed it in uplink.ca_file" in found.text


def test_a_proxy_that_asks(broker: Mosquitto, authority: Authority, make_proxy: MakeProxy) -> None:
    proxy = make_proxy(ports=(broker.tls_port,), asks=True)
    [found] = looked(broker, trusting(authority, proxy=proxy.url))
    assert not found.ok
    assert "asks for credentials (407)" in found.text
    assert "uplink.proxy" in found.to_do


def test_a_proxy_that_opens(broker: Mosquitto, authority: Authority, make_proxy: MakeProxy) -> None:
    proxy = make_proxy(ports=(broker.tls_port,))
    [found] = looked(broker, trusting(authority, proxy=proxy.url))
    assert found.ok
    assert proxy.asked > 0


def test_credentials_of_a_proxy_that_anybody_may_read(
    broker: Mosquitto, authority: Authority, tmp_path: Path
) -> None:
    file = tmp_path / "proxy"
    file.write_text(f"packing:{PASSWORD}")
    file.chmod(0o644)
    uplink = trusting(authority, proxy="http://127.0.0.1:1", proxy_credentials_file=file)
    [found] = looked(broker, uplink)
    assert (found.subject, found.ok) == ("proxy", False)
    assert PASSWORD not in f"{found}"


@pytest.mark.parametrize(
    "text", ["proxy.example.com:3128", "https://proxy:3128", "http://proxy", "http://a:b@proxy:1"]
)
def test_an_address_that_is_no_proxys_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(ValueError, match=r"uplink\.proxy") as refused:
        TableSettings.model_validate({"uplink": {"proxy": text}})
    assert "a:b" not in str(refused.value.errors()[0]["msg"])  # type: ignore[attr-defined]  # pydantic's
