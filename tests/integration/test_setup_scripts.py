"""What a newcomer's machine is asked for and told: scripts/need-apt and scripts/isolated."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"
MAY_INSTALL = 'shift; exec "$@"'
MAY_NOT = "exit 1"


@dataclass
class Machine:
    """A PATH on which apt-get and its kin only write down what they were asked."""

    folder: Path

    def has(self, program: str, script: str) -> None:
        file = self.folder / program
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(0o755)

    def need(self, *packages: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [SCRIPTS / "need-apt", *packages],
            env={"PATH": f"{self.folder}", "TMPDIR": str(self.folder)},
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def asked(self) -> list[str]:
        log = self.folder / "asked"
        return log.read_text().splitlines() if log.exists() else []


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """An ordinary user's Debian without the packages, where sudo wants a password."""
    machine = Machine(tmp_path)
    for program in ("sh", "env", "grep", "mktemp", "rm", "tail", "cat", "true"):
        (tmp_path / program).symlink_to(f"/bin/{program}")
    machine.has("id", "echo 1000")
    machine.has("sudo", MAY_NOT)
    machine.has("dpkg-query", "exit 1")
    machine.has("apt-get", f'echo "$*" >>{tmp_path}/asked')
    return machine


def test_what_is_there_is_not_asked_for(machine: Machine) -> None:
    machine.has("dpkg-query", "echo install ok installed")
    machine.has("chromium", "")
    result = machine.need("python3-opencv", "chromium")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_without_permission_one_line_says_what_to_type(machine: Machine) -> None:
    machine.has("chromium", "")
    result = machine.need("one", "chromium", "two")
    assert result.returncode == 1
    assert result.stdout == ""
    assert result.stderr == "Type: sudo apt-get install --no-install-recommends one two\n"
    assert machine.asked == []


def test_where_sudo_asks_no_password_all_are_installed_at_once(machine: Machine) -> None:
    machine.has("sudo", MAY_INSTALL)
    result = machine.need("one", "two")
    assert result.returncode == 0, result.stderr
    assert result.stdout == "Installing with apt-get: one two\n"
    assert machine.asked == ["install -y -q --no-install-recommends one two"]


def test_root_installs_without_sudo(machine: Machine) -> None:
    machine.has("id", "echo 0")
    assert machine.need("one").returncode == 0
    assert machine.asked == ["install -y -q --no-install-recommends one"]


def test_package_lists_are_fetched_once_when_those_at_hand_do_not_do(machine: Machine) -> None:
    """A new machine has none."""
    asked = machine.folder / "asked"
    machine.has("sudo", MAY_INSTALL)
    machine.has("apt-get", f'echo "$1" >>{asked}\n[ "$1" = update ] || grep -q update {asked}')
    assert machine.need("one").returncode == 0
    assert machine.asked == ["install", "update", "install"]


def test_a_failed_installation_says_why_and_what_to_type(machine: Machine) -> None:
    machine.has("sudo", MAY_INSTALL)
    machine.has("apt-get", "echo 'E: no space left'; exit 100")
    result = machine.need("one")
    assert result.returncode == 1
    assert "E: no space left" in result.stderr
    assert result.stderr.endswith("Type: sudo apt-get install --no-install-recommends one\n")


def test_other_systems_are_told_the_names(machine: Machine) -> None:
    (machine.folder / "apt-get").unlink()
    result = machine.need("one", "two")
    assert result.returncode == 1
    assert result.stderr.startswith("Missing: one two ")
    assert result.stderr.count("\n") == 1


def isolated(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, SCRIPTS / "isolated", *command],
        env={**os.environ, "CI": "", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


LISTS_INTERFACES = "import socket; print([name for _, name in socket.if_nameindex()])"
REACHES_LOOPBACK = """
import socket
with socket.create_server(("127.0.0.1", 0)) as server:
    socket.create_connection(server.getsockname()).close()
print("reached")
"""
REACHES_OUT = """
import socket
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
    any_socket.connect(("192.0.2.1", 9))  # an address for documentation; nothing is sent
"""


@pytest.fixture(scope="module")
def namespaces() -> None:
    """Skips where the system permits none (inside a container without the right, for example)."""
    if isolated("true").stderr:
        pytest.skip("this system permits no network namespaces")


@pytest.mark.usefixtures("namespaces")
class TestIsolated:
    def test_loopback_works_and_nothing_else_is_reached(self) -> None:
        assert isolated(sys.executable, "-c", REACHES_LOOPBACK).stdout == "reached\n"
        assert "unreachable" in isolated(sys.executable, "-c", REACHES_OUT).stderr

    def test_the_user_keeps_id_and_files(self, tmp_path: Path) -> None:
        file = tmp_path / "made"
        assert isolated("id", "-u").stdout == f"{os.geteuid()}\n"
        assert isolated("touch", str(file)).returncode == 0
        assert file.stat().st_uid == os.geteuid()

    def test_the_commands_exit_code_is_passed_on(self) -> None:
        assert isolated("sh", "-c", "exit 7").returncode == 7

    def test_proxies_are_forgotten(self) -> None:
        assert "proxy" not in isolated("env", HTTPS_PROXY="http://192.0.2.1:3128").stdout.lower()

    def test_an_unknown_command_is_named(self) -> None:
        result = isolated("no-such-command")
        assert result.returncode == 1
        assert result.stderr == "isolated: there is no command no-such-command\n"
