"""Runs mosquitto: starts it, restarts it when it dies, gives it new users, ends it."""

import getpass
import logging
import os
import resource
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

from cloud.broker.configuration import (
    ACCESS_LIST,
    BrokerLimits,
    Listener,
    Outside,
    configuration_text,
    password_text,
)
from cloud.broker.errors import BrokerDidNotStart, BrokerError, BrokerMissing, BrokerPortTaken

logger = logging.getLogger(__name__)

_START_DEADLINE_S = 10.0
_STOP_DEADLINE_S = 5.0
_KILLED_TRIES = 3
_RESTART_PAUSE_S = 1.0
_PROBE_PAUSE_S = 0.02

Users = Callable[[], Iterable[tuple[str, str]]]
"""Gives user names and password hashes, the cloud's own among them."""


class Mosquitto:
    """A mosquitto child that dies with this process and is restarted when it dies alone.

    One thread owns the child for the life of this object, because Linux sends the parent's death
    signal when the *thread* that started the child ends.
    """

    def __init__(
        self,
        directory: Path,
        *,
        host: str,
        port: int,
        users: Users,
        for_cloud: Listener | None = None,
        outside: Outside | None = None,
        limits: BrokerLimits | None = None,
    ) -> None:
        self._directory = directory
        self._host = host
        self._port = port
        self._users = users
        self._for_cloud = for_cloud
        self._outside = outside
        self._limits = limits or BrokerLimits()
        self._child: subprocess.Popen[str] | None = None
        self._stopping = threading.Event()
        self._started = threading.Event()
        self._start_error: Exception | None = None
        self._files = threading.Lock()
        self._thread = threading.Thread(target=self._own_child, name="broker", daemon=True)

    def start(self) -> None:
        """Write the files, start the child and wait until it accepts connections.

        Raises:
            BrokerMissing: mosquitto is not installed.
            BrokerPortTaken: the port is in use.
            BrokerDidNotStart: it ended or stayed silent; the text has its last words.
        """
        _refuse_taken_port(self._host, self._port, "port")
        if self._for_cloud is not None:
            _refuse_taken_port(self._for_cloud.host, self._for_cloud.port, "cloud_port")
        for one in self._outside.listeners if self._outside else ():
            _refuse_taken_port(
                one.host, one.port, "websockets_port" if one.websockets else "tls_port"
            )
        try:
            self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._write_files()
        except OSError as error:
            raise BrokerDidNotStart(f"{self._directory}: {error.strerror}") from error
        self._thread.start()
        self._started.wait()
        if self._start_error is not None:
            raise self._start_error

    def reload_users(self) -> None:
        """Read the users anew. Returns before mosquitto has done so; sessions of lost users end."""
        with self._files:
            self._write_passwords()
            if self._child is not None and self._child.poll() is None:
                self._child.send_signal(signal.SIGHUP)

    def alive(self) -> bool:
        """Whether the child runs now."""
        return self._child is not None and self._child.poll() is None

    def stop(self) -> None:
        """End the child, by force after 5 s. May be called twice."""
        self._stopping.set()
        if self._thread.is_alive():
            self._end_child()
            self._thread.join(_STOP_DEADLINE_S + 1)

    # --- the owning thread ----------------------------------------------------------------------

    def _own_child(self) -> None:
        try:
            self._spawn()
        except BrokerError as error:
            self._start_error = error
            return
        finally:
            self._started.set()
        while not self._stopping.is_set():
            self._follow_until_dead()
            if not self._stopping.wait(_RESTART_PAUSE_S):
                self._spawn_again()
        self._forget_child()

    def _spawn_again(self) -> None:
        try:
            self._spawn()
        except BrokerError as error:
            logger.error("the broker does not start: %s", error)  # noqa: TRY400  no bug of ours

    def _spawn(self) -> None:
        """Start the child; once more if somebody killed it before it listened."""
        for _ in range(_KILLED_TRIES):
            child = self._run_child()
            if self._wait_until_open(child):
                return
            logger.warning("the broker was killed while it started, and is started again")
        raise BrokerDidNotStart("mosquitto was killed each time it started")

    def _run_child(self) -> subprocess.Popen[str]:
        command = _command(self._directory / "mosquitto.conf")
        try:
            child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
                start_new_session=True,
            )
        except OSError as error:
            raise BrokerDidNotStart(f"{command[0]} cannot be run: {error.strerror}") from error
        self._child = child
        return child

    def _wait_until_open(self, child: subprocess.Popen[str]) -> bool:
        """False: a signal ended it, which says nothing of its configuration."""
        for _ in range(int(_START_DEADLINE_S / _PROBE_PAUSE_S)):
            status = child.poll()
            if status is not None and status < 0 and not self._stopping.is_set():
                self._forget_child()
                return False
            if status is not None:
                raise BrokerDidNotStart(f"mosquitto ended: {_last_words(child)}")
            if self._listens() or self._stopping.wait(_PROBE_PAUSE_S):
                return True
        self._forget_child()
        raise BrokerDidNotStart(f"mosquitto did not listen on {self._host}:{self._port}")

    def _listens(self) -> bool:
        outside = self._outside.listeners if self._outside else ()
        return all(
            _accepts(one.host, one.port) for one in (Listener(self._host, self._port), *outside)
        )

    def _follow_until_dead(self) -> None:
        child = self._child
        if child is None or child.stderr is None or child.stderr.closed:
            return
        with child.stderr as lines:
            for line in lines:
                logger.info("mosquitto: %s", line.rstrip())
        status = child.wait()
        if not self._stopping.is_set():
            logger.error("the broker ended and is started again", extra={"status": status})

    def _end_child(self) -> None:
        child = self._child
        if child is None or child.poll() is not None:
            return
        child.terminate()
        try:
            child.wait(_STOP_DEADLINE_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()

    def _forget_child(self) -> None:
        """End the child for good, also one that is still starting."""
        self._end_child()
        if self._child is not None and self._child.stderr is not None:
            self._child.stderr.close()

    # --- files ----------------------------------------------------------------------------------

    def _write_files(self) -> None:
        with self._files:
            _write_private(self._directory / "access.acl", ACCESS_LIST)
            self._write_passwords()
            _write_private(
                self._directory / "mosquitto.conf",
                configuration_text(
                    tables=Listener(self._host, self._port),
                    cloud=self._for_cloud,
                    outside=self._outside,
                    password_file=self._directory / "passwords",
                    access_file=self._directory / "access.acl",
                    limits=self._limits,
                    run_as=getpass.getuser() if os.geteuid() == 0 else None,
                ),
            )

    def _write_passwords(self) -> None:
        _write_private(self._directory / "passwords", password_text(self._users()))


def find_mosquitto() -> str:
    """Path of the program, also where Debian keeps it outside of an ordinary user's PATH.

    Raises:
        BrokerMissing: it is not installed.
    """
    found = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
    if found is None:
        raise BrokerMissing("mosquitto is not installed. Type: sudo apt-get install mosquitto")
    return found


def _command(configuration: Path) -> list[str]:
    """Mosquitto, told by the kernel to end when the thread that started it ends.

    Each table is an open file, and services begin with a limit of 1,024 of them: it gets as many as
    this process may ask for. This process keeps its own limit, which libraries rely on.
    """
    _, most_files = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = "unlimited" if most_files == resource.RLIM_INFINITY else str(most_files)
    limited = ["setpriv", "--pdeathsig", "TERM", "prlimit", f"--nofile={files}:"]
    return [*limited, find_mosquitto(), "-c", str(configuration)]


def _last_words(child: "subprocess.Popen[str]") -> str:
    if child.stderr is None:
        return "no word"
    with child.stderr as lines:
        said = lines.read().strip().splitlines()
    return "; ".join(said[-2:]) or "no word"


def _refuse_taken_port(host: str, port: int, setting: str) -> None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise BrokerPortTaken(
                f"the broker cannot have port {port} of {host} ({error.strerror}); "
                f"stop the program that uses it or set another broker.host or broker.{setting}"
            ) from None


def _accepts(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=1.0):
            return True
    except OSError:
        return False


def _write_private(path: Path, text: str) -> None:
    """Replace a file as a whole, readable by this user alone."""
    temporary = path.with_name(path.name + ".tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    temporary.replace(path)
