"""The daemon and its supervisor: ready, alive, ending; a hung loop, and what the next run says."""

import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.hanging_table import HANG
from tests.support.table_process import TableProcess, write_table

HANGING = "tests.support.hanging_table"


class Systemd:
    """Hears what a daemon says to systemd."""

    def __init__(self, listening: socket.socket) -> None:
        self._listening = listening
        self.environment = {
            "NOTIFY_SOCKET": listening.getsockname(),
            "WATCHDOG_USEC": "900000",
        }

    def hears(self, message: str) -> bool:
        """Wait until it comes."""
        while self._listening.recv(1000).decode() != message:
            pass
        return True

    def starves(self) -> bool:
        """Wait until the daemon has said nothing for longer than the watchdog waits."""
        self._listening.settimeout(2)
        try:
            while True:
                self._listening.recv(1000)
        except TimeoutError:
            return True


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[Systemd]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.settimeout(30)
        yield Systemd(listening)


def test_says_ready_alive_and_ending(tmp_path: Path, systemd: Systemd) -> None:
    with TableProcess(write_table(tmp_path), environment=systemd.environment) as table:
        assert systemd.hears("READY=1")
        assert systemd.hears("WATCHDOG=1")
        assert systemd.hears("WATCHDOG=1")
        assert table.stop() == 0
        assert systemd.hears("STOPPING=1")
    with TableProcess(tmp_path / "table.toml") as again:
        again.see("Ready")
        assert again.stop() == 0
        assert not [line for line in again.log if "restarted" in line]


def test_a_hung_loop_starves_the_watchdog_and_the_next_run_says_so(
    tmp_path: Path, systemd: Systemd
) -> None:
    settings = write_table(tmp_path)
    with TableProcess(settings, environment=systemd.environment, module=HANGING) as table:
        table.see("Ready")
        assert systemd.hears("WATCHDOG=1")
        table.enter(HANG)
        assert systemd.hears("STATUS=loop thread hung")
        assert systemd.starves()
        assert table.stop(signal.SIGABRT) == -signal.SIGABRT
        # where it hung is in the log
        assert any("Fatal Python error: Aborted" in line for line in table.log)
        assert any("_handle_or_hang" in line for line in table.log)
    with TableProcess(settings) as again:
        again.see_in_log("ERROR edge.service.remembering: restarted reason=loop thread hung")
        again.see("Ready")
        assert again.stop() == 0


def test_a_killed_table_says_so_when_it_is_back(tmp_path: Path) -> None:
    settings = write_table(tmp_path)
    with TableProcess(settings) as table:
        table.see("Ready")
        table.stop(signal.SIGKILL)
    with TableProcess(settings) as again:
        again.see_in_log("restarted reason=killed without a word")
        again.see("Ready")
        assert again.stop() == 0


def test_a_second_daemon_leaves_the_notes_of_the_first_alone(tmp_path: Path) -> None:
    settings = write_table(tmp_path)
    with TableProcess(settings) as table:
        table.see("Ready")
        with TableProcess(settings) as second:
            assert second.end() == 1
        assert table.stop() == 0
    with TableProcess(settings) as again:
        again.see("Ready")
        assert again.stop() == 0
        assert not [line for line in again.log if "restarted" in line]
