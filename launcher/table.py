"""The table: its settings, its program, and hands that type at it."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from launcher.errors import LauncherError, ProgramFailed
from launcher.folder import TABLE_RESERVE_BYTES, Folder, write_private
from launcher.light import Light, Lights
from launcher.programs import Program, installed, run_command

TABLE_NAME = "Table 1"

SCAN_END = "\r"
F1, F2, F4, ESCAPE = "\x1bOP", "\x1bOQ", "\x1bOS", "\x1b"
"""What a terminal sends for the keys."""

_READY_S = 60.0
_LAST_WORDS_S = 5.0


@dataclass(frozen=True, slots=True)
class CameraChoice:
    """Which camera the table uses; ``demo`` is the first webcam, or else a simulated one."""

    kind: str = "demo"
    pictures: Path | None = None

    def settings(self) -> dict[str, object]:
        """In the table's own names."""
        if self.pictures is not None:
            return {"kind": "folder", "folder": str(self.pictures.resolve())}
        return {"kind": self.kind}


Settings = Mapping[str, Mapping[str, object]]


class Table:
    """One packing table as a process of its own; keys and light are ours."""

    def __init__(
        self,
        folder: Folder,
        *,
        broker_port: int,
        camera: CameraChoice,
        settings: Settings | None = None,
        on_light: Callable[[Light], None] = lambda _light: None,
    ) -> None:
        """``settings``: by section and name, besides those that the folder needs."""
        self.lights = Lights(on_light)
        self._folder = folder
        self._settings = _settings(folder, broker_port, camera, settings or {})
        self.program = Program(
            "the table",
            [installed("packwitness-edge"), "--config", str(folder.table_settings), "run"],
            log=folder.logs / "table.log",
            environment={},
            piped=True,
        )

    def write_settings(self) -> None:
        """Write the settings file, which the enrolment reads too."""
        write_private(self._folder.table_settings, _toml(self._settings))

    def start(self) -> None:
        """Start it, and wait until the light says something.

        Raises:
            LauncherError: it ended, or stayed dark.
        """
        place = self.lights.count
        self.program.start()
        self.lights.follow(self.program.output)
        try:
            self.lights.wait_for(
                lambda _light: True,
                since=place,
                deadline_s=_READY_S,
                what="the table's first sign",
                log=self.program.log,
            )
        except LauncherError:
            if self.program.has_ended_within(_LAST_WORDS_S):
                raise self.program.ended() from None
            raise

    def type(self, keys: str) -> None:
        """Press keys.

        Raises:
            ProgramFailed: the table is gone.
        """
        self.pass_on(keys.encode())

    def pass_on(self, data: bytes) -> None:
        """Give bytes of a terminal to the table, as they are.

        Raises:
            ProgramFailed: the table is gone.
        """
        try:
            self.program.input.write(data)
            self.program.input.flush()
        except (BrokenPipeError, ValueError):
            raise ProgramFailed(f"the table takes no keys: it ended ({self.program.log})") from None

    def fate(self, code: str) -> str:
        """What became of the newest proof of a code, as `packwitness-edge spool list` says it.

        Raises:
            ProgramFailed: the command failed.
        """
        config = str(self._folder.table_settings)
        command = [installed("packwitness-edge"), "--config", config, "spool", "list"]
        lines = run_command([*command, "--code", code, "--limit", "1"], {}).splitlines()
        return lines[0] if lines else f"nothing of {code}"

    def camera_in_use(self) -> str:
        """Which camera it chose and why, in its own words."""
        for line in self.program.said().splitlines():
            if "camera chosen" in line:
                return line.partition("choice=")[2]
        return "camera unknown"


def _settings(
    folder: Folder, broker_port: int, camera: CameraChoice, more: Settings
) -> dict[str, dict[str, object]]:
    settings: dict[str, dict[str, object]] = {
        "spool": {"directory": str(folder.spool.resolve()), "reserve_bytes": TABLE_RESERVE_BYTES},
        "camera": camera.settings(),
        "packing": {"send_delay_s": 0},
        # Through the relay, whose port is another one at each start.
        "uplink": {"host": "127.0.0.1", "port": broker_port, "reconnect_longest_s": 2},
        "enrolment": {"credentials_file": str(folder.credentials.resolve())},
        "clock": {"trust": "always"},
    }
    for section, part in more.items():
        settings.setdefault(section, {}).update(part)
    return settings


def _toml(settings: Settings) -> str:
    """TOML of plain values: its strings, numbers and booleans are written as JSON's are."""
    return "\n".join(
        line
        for section, part in settings.items()
        for line in (
            f"[{section}]",
            *(f"{name} = {json.dumps(value)}" for name, value in part.items()),
            "",
        )
    )
