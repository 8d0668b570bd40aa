"""`make run` and `make demo` as people start them: from a shell, at a terminal, ended by keys."""

import os
import re
import signal
import socket
import subprocess
import sys
import termios
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from launcher.cloud import Cloud
from launcher.marketplace import Marketplace
from launcher.ports import HOST, Ports, free_ports
from tests.support.waiting import eventually
from tests.support.whole import fast_plan, pack, require_chat, running, wait_sent_sign

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(240)]

PROJECT = Path(__file__).parents[2]
READY_S = 120.0
ENDED_S = 60.0


def command(action: str, data: Path, *more: str) -> list[str]:
    return [sys.executable, "-m", "launcher", action, "--data", str(data), "--pace", "0", *more]


def environment(ports: Ports) -> dict[str, str]:
    return {
        **os.environ,
        "PACKWITNESS_WEB_PORT": str(ports.web),
        "PACKWITNESS_BROKER_PORT": str(ports.broker),
        "PACKWITNESS_SANDBOX_PORT": str(ports.sandbox),
        "PACKWITNESS_CAMERA": "simulated",
        "TERM": "xterm",
    }


def processes_of(data: Path) -> list[str]:
    """Command lines of all processes that work with a folder, the launcher's among them."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            surroundings = (process / "environ").read_bytes().decode("utf-8", "replace")
            is_dead = "State:\tZ" in (process / "status").read_text()
        except OSError:
            continue  # it has just ended, or is not ours
        if str(data) in words + surroundings and not is_dead:
            found.append(words)
    return found


class Terminal:
    """A terminal whose other end is a program: what it shows is kept, keys can be pressed."""

    def __init__(self) -> None:
        self.keys, self.line = os.openpty()
        termios.tcsetwinsize(self.line, (40, 100))
        self._shown = b""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self.keys, 4096)
            except OSError:  # closed
                return
            if not data:
                return
            self._shown += data

    @property
    def shown(self) -> str:
        return self._shown.decode("utf-8", "replace")

    def press(self, keys: str) -> None:
        os.write(self.keys, keys.encode())

    def wait_for(self, text: str, deadline_s: float = READY_S) -> None:
        try:
            eventually(lambda: text in self.shown, deadline_s)
        except AssertionError:
            raise AssertionError(f"{text!r} was not shown:\n{self.shown}") from None

    def wait_for_new(self, keys: str, text: str) -> None:
        """Press keys, and wait for a text that comes after them."""
        place = len(self.shown)
        self.press(keys)
        eventually(lambda: text in self.shown[place:], READY_S)

    def modes(self) -> list[Any]:
        return termios.tcgetattr(self.line)

    def close(self) -> None:
        os.close(self.line)
        os.close(self.keys)
        self._reader.join(5)


@pytest.fixture
def screen() -> Iterator[Terminal]:
    made = Terminal()
    yield made
    made.close()


def test_at_a_terminal_it_packs_then_hands_over_and_ctrl_c_ends_all(
    tmp_path: Path, screen: Terminal
) -> None:
    """The shell stays in front of its terminal, as `make` does; it must not feel the Ctrl-C."""
    modes = screen.modes()
    script = f"{' '.join(command('run', tmp_path))}; echo EXIT $?"
    shell = subprocess.Popen(
        ["setsid", "--ctty", "--wait", "sh", "-c", script],
        stdin=screen.line,
        stdout=screen.line,
        stderr=screen.line,
        cwd=PROJECT,
        env=environment(free_ports()),
    )
    try:
        screen.wait_for("scan or key >")
        assert screen.shown.count("once each") == 2
        code = re.search(r"\d{6}PACK\w{4}", screen.shown)
        assert code is not None
        screen.wait_for_new(f"{code[0]}\r", "Order open")
        screen.wait_for_new("\x1bOP", "1 photo")
        screen.wait_for_new("s\r", "Saved, go on")
        screen.wait_for_new("4006381333931\r", "this is a goods barcode")
        screen.press("\x03")
        screen.wait_for("EXIT 0", ENDED_S)
    finally:
        shell.kill() if shell.poll() is None else None
        shell.wait(ENDED_S)
    assert screen.modes() == modes
    assert processes_of(tmp_path) == []


def test_the_next_run_goes_on_with_the_data_of_the_first(tmp_path: Path) -> None:
    """Also on other ports: the shop is told of the marketplace's new address."""
    plan = fast_plan(tmp_path)
    with running(plan) as first:
        assert first.password is not None
        before = first.marketplace.plant_order("TEST")
        pack(first, before.number, photos=1)
        wait_sent_sign(first, before.number, 0)
        credentials = plan.folder.credentials.read_text()
    with running(replace(plan, ports=free_ports())) as second:
        assert second.password is None
        assert plan.folder.credentials.read_text() == credentials
        require_chat(second, before)
        after = second.marketplace.plant_order("TEST")
        pack(second, after.number, photos=2)
        wait_sent_sign(second, after.number, 0)
        require_chat(second, after)
        assert second.marketplace.sent_in_all()["image"] == 3


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_no_process_is_left_when_the_launcher_is_ended(
    tmp_path: Path, number: signal.Signals
) -> None:
    """Even by kill -9: then the kernel tells the programs."""
    run = subprocess.Popen(
        command("run", tmp_path),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=PROJECT,
        env=environment(free_ports()),
    )
    assert run.stdout is not None
    with run.stdout as shown:
        for line in shown:
            if "F1" in line:
                break
        assert len(processes_of(tmp_path)) >= 5
        run.send_signal(number)
        shown.read()
    assert run.wait(ENDED_S) == (0 if number is signal.SIGTERM else -number)
    eventually(lambda: not processes_of(tmp_path), ENDED_S)


def test_the_demo_succeeds_and_ends_with_its_figures(tmp_path: Path) -> None:
    done = subprocess.run(
        command("demo", tmp_path),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        cwd=PROJECT,
        timeout=READY_S,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(
        r"press to saved \d+ ms \(median of 6\), send to sent \d+\.\d\d s, "
        r"6 photos of \d+ bytes in all",
        done.stdout.splitlines()[-1],
    )
    assert "\x1b" not in done.stdout
    assert processes_of(tmp_path) == []


def test_a_taken_port_is_said_in_one_line(tmp_path: Path) -> None:
    ports = free_ports()
    with socket.create_server((HOST, ports.web)):
        said = refused(tmp_path, ports)
    assert f"port {ports.web}" in said
    assert "PACKWITNESS_WEB_PORT=" in said


def test_a_second_run_in_the_same_folder_is_refused_in_one_line(tmp_path: Path) -> None:
    plan = fast_plan(tmp_path)
    with plan.folder.held():
        assert "in use by another" in refused(tmp_path, plan.ports)


def refused(data: Path, ports: Ports) -> str:
    done = subprocess.run(
        command("run", data),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        cwd=PROJECT,
        env=environment(ports),
        timeout=READY_S,
        check=False,
    )
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    return done.stderr


def test_a_forgotten_password_is_replaced(tmp_path: Path) -> None:
    plan = fast_plan(tmp_path)
    plan.folder.prepare()
    old = Cloud(plan.folder, plan.ports, {}).create_owner()
    done = subprocess.run(
        command("password", tmp_path),
        capture_output=True,
        text=True,
        cwd=PROJECT,
        timeout=READY_S,
        check=True,
    )
    new = re.search(r"password (\S+)", done.stdout)
    assert new is not None
    assert old is not None
    assert new[1] != old


def test_the_marketplace_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="the marketplace does not answer"):
        Marketplace(f"http://{HOST}:{free_ports().web}").sent_in_all()
