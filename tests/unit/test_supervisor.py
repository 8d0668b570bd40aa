"""sd_notify without a library: what systemd hears, and that nothing can hold up the table."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.service.supervisor import Supervisor


@pytest.fixture
def ear(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.settimeout(20)
        yield listening


def test_all_messages_reach_it(ear: socket.socket) -> None:
    supervisor = Supervisor({"NOTIFY_SOCKET": ear.getsockname()})
    supervisor.ready()
    supervisor.status("camera thread\nhung")
    supervisor.feed()
    supervisor.stopping()
    heard = [ear.recv(1000).decode() for _ in range(4)]
    assert heard == ["READY=1", "STATUS=camera thread hung", "WATCHDOG=1", "STOPPING=1"]


def test_an_abstract_address_is_understood() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        name = f"packwitness-test-{os.getpid()}"
        listening.bind("\0" + name)
        listening.settimeout(20)
        Supervisor({"NOTIFY_SOCKET": "@" + name}).ready()
        assert listening.recv(100) == b"READY=1"


def test_without_a_supervisor_nothing_is_said(caplog: pytest.LogCaptureFixture) -> None:
    Supervisor({}).ready()
    assert not caplog.records


def test_one_that_does_not_listen_is_logged_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    supervisor = Supervisor({"NOTIFY_SOCKET": str(tmp_path / "gone")})
    supervisor.ready()
    supervisor.feed()
    assert len(caplog.records) == 1


def test_one_that_is_stuck_does_not_hold_up_the_table(ear: socket.socket) -> None:
    supervisor = Supervisor({"NOTIFY_SOCKET": ear.getsockname()})
    for _ in range(5000):  # more than a socket holds; nobody reads
        supervisor.feed()
    assert ear.recv(100) == b"WATCHDOG=1"


@pytest.mark.parametrize(
    ("environment", "watchdog_s"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "20000000"}, 20.0),
        ({"WATCHDOG_USEC": "20000000", "WATCHDOG_PID": str(os.getpid())}, 20.0),
        ({"WATCHDOG_USEC": "20000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_the_watchdog_is_this_process_s(
    environment: dict[str, str], watchdog_s: float | None
) -> None:
    assert Supervisor(environment).watchdog_s == watchdog_s
