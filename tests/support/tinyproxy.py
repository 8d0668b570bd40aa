"""A real HTTP proxy for tests, as a warehouse may have between its tables and the internet."""

import shutil
import subprocess
from pathlib import Path

from tests.support.mosquitto import free_port
from tests.support.waiting import eventually

USER, PASSWORD = "packing", "between-2-halls"


class Tinyproxy:
    """Opens ways to ``ports`` alone; with ``asks`` only for who says USER and PASSWORD."""

    host = "127.0.0.1"

    def __init__(self, directory: Path, *, ports: tuple[int, ...], asks: bool = False) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.url = f"http://{self.host}:{self.port}"
        self._log = directory / "log"
        self._settings = directory / "tinyproxy.conf"
        self._process: subprocess.Popen[bytes] | None = None
        lines = [f"Port {self.port}", f"Listen {self.host}", "Timeout 60", "MaxClients 50"]
        lines += ["LogLevel Info", f'LogFile "{self._log}"', f"Allow {self.host}"]
        lines += [f"ConnectPort {port}" for port in ports]
        lines += [f"BasicAuth {USER} {PASSWORD}"] if asks else []
        self._settings.write_text("\n".join(lines) + "\n")

    def start(self) -> None:
        """Start it and wait until it listens."""
        program = shutil.which("tinyproxy", path="/usr/bin:/usr/sbin:/usr/local/bin")
        assert program is not None, "these tests need tinyproxy: apt install tinyproxy-bin"
        self._process = subprocess.Popen(
            [program, "-d", "-c", str(self._settings)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        eventually(lambda: "Accepting connections" in self._said())

    def stop(self) -> None:
        """End it; does nothing if it does not run."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
            self._process = None

    @property
    def asked(self) -> int:
        """How often it was asked for a way."""
        return self._said().count("CONNECT ")

    def _said(self) -> str:
        return self._log.read_text(errors="replace") if self._log.exists() else ""
