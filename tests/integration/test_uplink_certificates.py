"""Certificates that do not hold: said once with what to do; their renewal is noticed."""

import shutil
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.fixtures_mosquitto import MakeMosquitto
from tests.support.certificates import Authority
from tests.support.mosquitto import Mosquitto, ServerTls
from tests.support.uplink_table import DEVICE, QUICK, UplinkTable, credentials

YESTERDAY, LONG_AGO = -timedelta(days=1), -timedelta(days=40)


@dataclass(frozen=True)
class Fault:
    """A certificate, and what a table says of it."""

    begins_in: timedelta
    name: str
    said: str
    to_do: str


EXPIRED = Fault(LONG_AGO, "localhost", "certificate has expired", "renew it on the server")
OF_ANOTHER = Fault(
    YESTERDAY, "broker.example", "Hostname mismatch", "give the server one for this name"
)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "authority.pem")


def made(authority: Authority, folder: Path, begins_in: timedelta, name: str) -> ServerTls:
    folder.mkdir()
    return authority.certificate(folder, datetime.now(UTC) + begins_in, name)


def renew(broker: Mosquitto, old: ServerTls, new: ServerTls) -> None:
    """As people do it: other files in the same places, then a restart."""
    shutil.copy(new.certificate, old.certificate)
    shutil.copy(new.key, old.key)
    broker.restart()


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # paho leaves a failed handshake's socket
@pytest.mark.parametrize("fault", [EXPIRED, OF_ANOTHER], ids=lambda it: it.said)
def test_a_certificate_that_does_not_hold_is_named_and_its_renewal_is_noticed(
    make_mosquitto: MakeMosquitto,
    authority: Authority,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    fault: Fault,
) -> None:
    old = made(authority, tmp_path / "old", fault.begins_in, fault.name)
    new = made(authority, tmp_path / "new", YESTERDAY, "localhost")
    broker = make_mosquitto(tls=old)
    who = credentials(broker.port, broker.users[DEVICE], host="localhost", tls=True)
    with UplinkTable(who, replace(QUICK, ca_file=authority.file)) as table:
        table.wait_for(lambda t: t.uplink._connections >= 4)
        assert table.events == []
        assert caplog.text.count("no connection") == 1
        assert caplog.text.count(fault.said) == caplog.text.count(fault.to_do) == 1
        renew(broker, old, new)
        table.wait_for(lambda t: t.events)


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # paho leaves a failed handshake's socket
def test_an_authority_that_is_not_trusted_is_named(
    make_mosquitto: MakeMosquitto,
    authority: Authority,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    broker = make_mosquitto(tls=made(authority, tmp_path / "tls", YESTERDAY, "localhost"))
    who = credentials(broker.port, broker.users[DEVICE], host="localhost", tls=True)
    with UplinkTable(who) as table:
        table.wait_for(lambda t: t.uplink._connections >= 3)
    assert caplog.text.count("name the authority that signed it in uplink.ca_file") == 1
