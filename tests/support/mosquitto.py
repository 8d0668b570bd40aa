"""A real mosquitto for tests: own port, own users, our access rules."""

import base64
import getpass
import hashlib
import secrets
import shutil
import signal
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.support.waiting import eventually

CLOUD = "cloud"


@dataclass(frozen=True)
class Limits:
    """Limits of the broker; None leaves mosquitto's own."""

    max_packet_size: int | None = None
    """Bytes; announced in CONNACK, and clients beyond it are disconnected."""
    receive_maximum: int | None = None
    """Announced in CONNACK (mosquitto's ``max_inflight_messages``)."""
    message_size_limit: int | None = None
    """Bytes of payload; not announced: larger messages get PUBACK 0x95."""
    max_qos: int | None = None
    queued_messages: int = 0
    """For one subscriber; what comes beyond is dropped. 0 is no limit."""


@dataclass(frozen=True)
class ServerTls:
    """Certificate and key of the listener, PEM."""

    certificate: Path
    key: Path


class Mosquitto:
    """A broker process. ``users`` maps names to passwords: ``cloud`` may read and write everything
    of ours, every other user only below ``packwitness/v1/<any partition>/<user>/``.
    """

    host = "127.0.0.1"

    def __init__(
        self,
        directory: Path,
        *,
        limits: Limits | None = None,
        tls: ServerTls | None = None,
        outside: ServerTls | None = None,
    ) -> None:
        """``tls``: on the listener itself; ``outside``: on two more, as tables elsewhere use."""
        self.directory = directory
        self.limits = limits or Limits()
        self.tables_may: tuple[str, ...] = ("write up", "read down")
        """What the access list gives every table; takes effect by ``reload``."""
        self.port = free_port()
        self.tls_port = free_port()
        """MQTT over TLS, where there is an outside."""
        self.websockets_port = free_port()
        """MQTT over WebSocket and TLS, where there is an outside."""
        self.users: dict[str, str] = {}
        self._tls = tls
        self._outside = outside
        self._process: subprocess.Popen[bytes] | None = None
        directory.mkdir(parents=True, exist_ok=True)
        for name in (CLOUD, *(f"table-{number:02d}" for number in range(1, 17))):
            self.users[name] = secrets.token_hex(8)
        self._write_files()

    def start(self) -> None:
        """Start it and wait until it accepts connections; does nothing if it runs."""
        if self._process is not None:
            return
        program = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin")
        assert program is not None, "these tests need mosquitto: apt install mosquitto"
        with (self.directory / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [program, "-c", str(self.directory / "mosquitto.conf")], stdout=log, stderr=log
            )
        eventually(self._accepts)

    def stop(self, *, kill: bool = False) -> None:
        """End it, politely or by SIGKILL; does nothing if it does not run."""
        if self._process is None:
            return
        if kill:
            self._process.kill()
        else:
            self._process.terminate()
        self._process.wait(10)
        self._process = None

    def restart(self, *, kill: bool = False) -> None:
        """End it and start it again on the same port."""
        self.stop(kill=kill)
        self.start()

    def add_user(self, name: str, password: str) -> None:
        """Let one more user in; returns when the running broker has read it."""
        self.users[name] = password
        self.reload()

    def reload(self) -> None:
        """Have the running broker read users, access and certificate anew."""
        self._write_files()
        if self._process is None:
            return
        before = self.log().count("Reloading config")
        self._process.send_signal(signal.SIGHUP)
        eventually(lambda: self.log().count("Reloading config") > before)

    def log(self) -> str:
        """What the broker logged so far."""
        return (self.directory / "log").read_text(errors="replace")

    def _accepts(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, f"mosquitto ended: {self.log()[-2000:]}"
        outside = (self.tls_port, self.websockets_port) if self._outside else ()
        try:
            for port in (self.port, *outside):
                socket.create_connection((self.host, port), timeout=1).close()
        except OSError:
            return False
        return True

    def _write_files(self) -> None:
        passwords = "".join(f"{name}:{_hash(word)}\n" for name, word in self.users.items())
        (self.directory / "passwords").write_text(passwords)
        access = [right.split() for right in self.tables_may]
        (self.directory / "acl").write_text(
            f"user {CLOUD}\n"
            "topic readwrite packwitness/v1/#\n"
            + "".join(f"pattern {kind} packwitness/v1/+/%u/{way}/#\n" for kind, way in access)
        )
        for name in ("passwords", "acl"):
            (self.directory / name).chmod(0o600)
        (self.directory / "mosquitto.conf").write_text("\n".join(self._settings()) + "\n")

    def _settings(self) -> list[str]:
        lines = [
            f"user {getpass.getuser()}",  # as root it would drop to a user that cannot read these
            "per_listener_settings false",
            "allow_anonymous false",
            f"password_file {self.directory / 'passwords'}",
            f"acl_file {self.directory / 'acl'}",
            "persistence false",
            "log_type all",
            f"max_queued_messages {self.limits.queued_messages}",
            f"listener {self.port} {self.host}",
        ]
        if self._tls is not None:
            lines += [f"certfile {self._tls.certificate}", f"keyfile {self._tls.key}"]
        if self._outside is not None:
            files = [f"certfile {self._outside.certificate}", f"keyfile {self._outside.key}"]
            lines += [f"listener {self.tls_port} {self.host}", *files]
            lines += [f"listener {self.websockets_port} {self.host}", "protocol websockets", *files]
        options = {
            "max_packet_size": self.limits.max_packet_size,
            "max_inflight_messages": self.limits.receive_maximum,
            "message_size_limit": self.limits.message_size_limit,
            "max_qos": self.limits.max_qos,
        }
        return lines + [f"{name} {value}" for name, value in options.items() if value is not None]


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _hash(password: str) -> str:
    """The hash in mosquitto's format, with few iterations: these passwords live for one test."""
    salt = secrets.token_bytes(12)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, 101)
    return f"$7$101${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"
